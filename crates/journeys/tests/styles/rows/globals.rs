//! Pages that have a `growsumo` of their own, and pages that remove ours.

use serde_json::json;

use super::{ADA, SIGN_UP, TAG, accepted, ada_data, failed, signup_by_ada, tagged};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [declared(), taken_away(), initialized()].into_iter().flatten().collect()
}

fn declared() -> Vec<Style> {
    let before = |script: &str| format!("<script>{script}</script>{TAG}<script>{SIGN_UP}signUp();</script>");
    vec![
        style("a page that declares growsumo with var")
            .page("/", before("var growsumo = { mine: true };"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("growsumo === window.partnerstack && growsumo.mine === undefined", true),
        style("a page that declares growsumo with let")
            .page("/", before("let growsumo = null;"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .act("say('same', growsumo === window.partnerstack)")
            .said("same", true),
        style("a page that declares growsumo with const keeps its own, and nothing is thrown")
            .page("/", format!("<script>const growsumo = {{ mine: true }};</script>{TAG}<script>say('own', growsumo);</script>"))
            .open("/?{ada}")
            .said("own", json!({ "mine": true }))
            .is("window.partnerstack.data", ada_data())
            .cookies(&ADA),
        style("a page that queues calls before the script is loaded")
            .page(
                "/",
                before(
                    "window.growsumo = { q: [], data: { plan: 'pro' } };
                     growsumo.createSignup = (...args) => growsumo.q.push(['createSignup', args]);
                     growsumo.data.customer_key = 'early-1';
                     growsumo.createSignup((result) => say('queued', result));",
                ),
            )
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": "early-1", "plan": "pro", "partner_key": "ada" }))
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .said("queued", accepted("early-1")),
    ]
}

fn taken_away() -> Vec<Style> {
    vec![
        style("a page that sets growsumo to null and deletes the cookies")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act(
                "growsumo = partnerstack = null;
                 for (const pair of document.cookie.split('; ')) {
                   document.cookie = pair.split('=')[0] + '=; path=/; domain=' + location.hostname + '; max-age=0';
                 }
                 history.pushState({}, '', '/next');
                 dispatchEvent(new Event('online'));
                 dispatchEvent(new PopStateEvent('popstate'));",
            )
            .settled()
            .cookies(&[]),
        style("a page that deletes the cookies while the address still names the click")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act(
                "growsumo = null;
                 for (const pair of document.cookie.split('; ')) {
                   document.cookie = pair.split('=')[0] + '=; path=/; domain=' + location.hostname + '; max-age=0';
                 }
                 history.replaceState({}, '', location.search + '#step-2');
                 dispatchEvent(new PopStateEvent('popstate'));",
            )
            .settled()
            .cookies(&[]),
        style("a page that reads the data right after _spk")
            .page("/", tagged(""))
            .open("/?{ada}")
            .act("growsumo._spk(); say('read', growsumo.data.partner_key)")
            .said("read", "ada"),
    ]
}

fn initialized() -> Vec<Style> {
    let bare =
        |script: &str| format!("<script src='{{relay}}/v1/'></script><script>{SIGN_UP}{script}</script>");
    vec![
        style("_initialize twice")
            .page(
                "/",
                bare(
                    "function partnerstackInit() { say('init', true); }
                     growsumo._initialize('{key}'); signUp(); growsumo._initialize('{key}');",
                ),
            )
            .open("/?{ada}")
            .said("init", true)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("createSignup before _initialize")
            .page("/", bare("signUp(); growsumo._initialize('{key}');"))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "not_initialized", "not initialized"))
            .taken("signup", signup_by_ada("customer-1")),
        style("createSignup without _initialize")
            .page("/", bare("signUp();"))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "not_initialized", "not initialized"))
            .settled()
            .requests(0..=0)
            .cookies(&[]),
    ]
}
