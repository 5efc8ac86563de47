//! Single-page apps, which rewrite the address.

use super::{ADA, BEA, SIGN_UP, accepted, ada_data, signup_by_ada, snippet, tagged, tagged_with};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [rewrites(), changes()].into_iter().flatten().collect()
}

fn rewrites() -> Vec<Style> {
    vec![
        style("a router that rewrites the address before _initialize")
            .page(
                "/",
                "<script src='{relay}/v1/'></script>
                 <script>history.replaceState({}, '', '/app'); growsumo._initialize('{key}');</script>",
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .is("growsumo.data", ada_data()),
        style("a router that rewrites the address before the script has arrived")
            .page(
                "/",
                format!(
                    "<script>{} history.replaceState({{}}, '', '/app');</script>",
                    snippet("{relay}/v1/", "growsumo._initialize('{key}');")
                ),
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .is("growsumo.data", ada_data()),
        style("a router that rewrites the address right after _initialize")
            .page("/", tagged("history.replaceState({}, '', '/app'); signUp();"))
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("an address that the site wants cleaned")
            .page("/", tagged_with("data-clean", ""))
            .open("/?keep=1&{ada}&also=2#part")
            .cookies(&ADA)
            .is("location.pathname + location.search + location.hash", "/?keep=1&also=2#part"),
        style("an address that the site wants cleaned, on a page with a base address")
            .page("/land", format!("<base href='/elsewhere/'>{}", tagged_with("data-clean", "")))
            .open("/land?keep=1&{ada}")
            .cookies(&ADA)
            .is("location.pathname + location.search", "/land?keep=1"),
        style("an address that nobody wants cleaned")
            .page("/", tagged("say('address', location.search);"))
            .open("/?{ada}")
            .said("address", "?{ada}"),
    ]
}

fn changes() -> Vec<Style> {
    vec![
        style("a new click on pushState")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act("history.pushState({}, '', '/next?{bea}')")
            .cookies(&BEA)
            .is("growsumo.data.ps_partner_key", "bea"),
        style("a new click on replaceState")
            .page("/", tagged(""))
            .open("/")
            .act("history.replaceState({}, '', '/next?{bea}')")
            .cookies(&BEA),
        style("a router that keeps its address in the hash")
            .page("/", format!("{}<script>{SIGN_UP}</script>", super::TAG))
            .open("/#/landing?{ada}")
            .cookies(&ADA)
            .act("location.hash = '#/pricing?{bea}'")
            .cookies(&BEA),
        style("a signup three routes later")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act("for (const route of ['/a', '/b', '/c']) history.pushState({ route }, '', route)")
            .act("signUp()")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("history.state.route", "/c"),
        style("a router's own pushState keeps its arguments, its result and its errors")
            .page(
                "/",
                tagged(
                    "say('result', [history.pushState({ a: 1 }, '', '/a') === undefined, history.state]);
                     try { history.pushState({}, '', 'https://elsewhere.example/'); } catch (error) { say('error', error.name); }",
                ),
            )
            .open("/")
            .said("result", serde_json::json!([true, { "a": 1 }]))
            .said("error", "SecurityError"),
    ]
}
