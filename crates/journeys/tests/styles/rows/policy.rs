//! Content security policies.

use serde_json::json;

use super::{ADA, INITIALIZE, SIGN_UP, accepted, ada_data, failed, signup_by_ada, snippet, tagged};
use crate::style::{Style, style};

/// The header.
const POLICY: &str = "content-security-policy";
/// Scripts of the page and of the relay, but no wasm.
const NO_WASM: (&str, &str) = (POLICY, "script-src 'unsafe-inline' {relay}");

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [without_wasm(), standing_in(), strict()].into_iter().flatten().collect()
}

fn without_wasm() -> Vec<Style> {
    vec![
        style("a policy that forbids wasm: one tag")
            .page_with("/", &[NO_WASM], tagged("signUp().then((result) => say('promised', result));"))
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .said("promised", accepted("customer-1"))
            .is("growsumo.data.partner_key", "ada"),
        style("a policy that forbids wasm: the official snippet, which signs up in the same tick")
            .page_with(
                "/",
                &[NO_WASM],
                format!(
                    "<script>{SIGN_UP} function growsumoInit() {{ signUp(); }} {}</script>",
                    snippet("{relay}/v1/", INITIALIZE)
                ),
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a policy that forbids wasm: consent is still asked for")
            .page_with(
                "/",
                &[NO_WASM],
                "<script src='{relay}/v1/' data-key='{key}' data-consent='required'></script>",
            )
            .open("/?{ada}")
            .is("growsumo.data.partner_key", "ada")
            .settled()
            .cookies(&[])
            .act("partnerstack.consent('granted')")
            .cookies(&ADA),
    ]
}

/// What the stub does before the second file is loaded.
fn standing_in() -> Vec<Style> {
    vec![
        style("a policy that forbids wasm: growsumoInit reads the partner of an earlier page")
            .page("/", super::TAG)
            .page_with(
                "/next",
                &[NO_WASM],
                format!(
                    "<script>function growsumoInit() {{ say('filled', growsumo.data.partner_key); }} {}</script>",
                    snippet("{relay}/v1/", INITIALIZE)
                ),
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .open("/next")
            .said("filled", "ada"),
        style("a policy that forbids wasm: growsumoInit reads a partner without the click of another")
            .page("/", super::TAG)
            .page_with(
                "/next",
                &[NO_WASM],
                format!(
                    "<script>function growsumoInit() {{ say('filled', [growsumo.data.partner_key, growsumo.data.xid]); }} {}</script>",
                    snippet("{relay}/v1/", INITIALIZE)
                ),
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .open("/next?gspk=YW55YQ")
            .said("filled", json!(["anya", null])),
        style("a policy that forbids wasm: a signup on a page that ends before the second file is loaded")
            .page_with(
                "/",
                &[NO_WASM],
                tagged(
                    "growsumo.data.customer_key = 'customer-1'; growsumo.createSignup(); location.href = '/next';",
                ),
            )
            .page("/next", super::TAG)
            .repeats()
            .open("/?{ada}")
            .is("location.pathname", "/next")
            .taken("signup", json!({ "customer_key": "customer-1", "partner_key": "ada", "xid": "abcDEF123456" })),
        style("a policy that forbids wasm: a signup on a page that ends leaves nothing without consent")
            .page_with(
                "/",
                &[NO_WASM],
                super::tagged_with(
                    "data-consent='required'",
                    "growsumo.data.customer_key = 'customer-1'; growsumo.createSignup(); location.href = '/next';",
                ),
            )
            .page("/next", "Thank you.")
            .open("/?{ada}")
            .is("location.pathname", "/next")
            .is(super::NOTHING_STORED, true),
    ]
}

fn strict() -> Vec<Style> {
    let with_nonce = format!(
        "<script nonce='{{nonce}}' src='{{relay}}/v1/' data-key='{{key}}'></script>
         <script nonce='{{nonce}}'>{SIGN_UP} signUp();</script>"
    );
    let row = |name: &str, policy: &'static str| {
        style(name)
            .page_with("/", &[(POLICY, policy)], with_nonce.clone())
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .cookies(&ADA)
            .is("growsumo.data.partner_key", "ada")
    };
    vec![
        style("a strict policy with a nonce, and the overlay")
            .page_with(
                "/",
                &[(POLICY, "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; connect-src {relay} {site}")],
                format!("{with_nonce}<body></body>"),
            )
            .open("/?headwater_debug=1&{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("document.querySelector('#headwater-debug').shadowRoot.textContent.includes('acknowledged')", true)
            .is("document.querySelector('#headwater-debug').shadowRoot.textContent.includes('partner ada')", true),
        row(
            "a strict policy with a nonce",
            "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; connect-src {relay} {site}",
        ),
        row(
            "a strict policy with a nonce, strict-dynamic and trusted types",
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
             connect-src {relay} {site}; require-trusted-types-for 'script'",
        ),
        row(
            "a strict policy with a nonce that forbids wasm",
            "default-src 'none'; script-src 'nonce-{nonce}'; connect-src {relay} {site}",
        ),
        row(
            "a strict policy with a nonce and trusted types that forbids wasm",
            "default-src 'none'; script-src 'nonce-{nonce}'; connect-src {relay} {site}; \
             require-trusted-types-for 'script'",
        ),
        style("a policy that forbids wasm, the second file and policies of ours: the signup fails")
            .page_with(
                "/",
                &[(POLICY, "script-src 'nonce-{nonce}'; require-trusted-types-for 'script'; trusted-types 'none'")],
                with_nonce.clone(),
            )
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "failed", "failed")),
        style("a policy that forbids wasm and the second file: the signup fails")
            .page_with("/", &[(POLICY, "script-src 'unsafe-inline' {relay}/v1/")], tagged("signUp();"))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "failed", "failed")),
        style("a policy that forbids the relay")
            .page_with("/", &[(POLICY, "connect-src {site}")], tagged("signUp();"))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "network", "kept, and tried again"))
            .is("growsumo.data.xid", ada_data()["xid"].clone())
            .cookies(&ADA),
    ]
}
