//! How the script is loaded into the page.

use serde_json::json;

use super::{ADA, INITIALIZE, SIGN_UP, TAG, accepted, ada_data, signup_by_ada, snippet, tagged};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [snippets(), late(), tags()].into_iter().flatten().collect()
}

/// A page with the snippet, and more code in front of it.
fn inline(address: &str, initialize: &str, more: &str) -> String {
    format!("<script>{SIGN_UP}{more}{}</script>", snippet(address, initialize))
}

fn snippets() -> Vec<Style> {
    vec![
        style("the official snippet, whose two handlers both fire")
            .page(
                "/",
                inline("{relay}/v1/", INITIALIZE, "var inits = 0; function growsumoInit() { inits++ || signUp(); }"),
            )
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            // Present browsers call only one of the two handlers.
            .act("document.querySelector('script[src]').onreadystatechange()")
            .is("inits", 2)
            .cookies(&ADA),
        style("an older snippet, which knows no growsumoInit")
            .page("/", inline("{relay}/growsumo.min.js", "growsumo._initialize('{key}');", ""))
            .open("/?{ada}")
            .is("growsumo.data", ada_data())
            .act("signUp()")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a shop plugin that signs up inside growsumoInit, in the tick of _initialize")
            .page(
                "/",
                inline(
                    "{relay}/v1/",
                    "growsumo._initialize('{key}'); say('filled', growsumo.data.partner_key); growsumoInit();",
                    "function growsumoInit() {
                       Object.assign(growsumo.data, { email: 'ada@buyer.example', customer_key: 17, amount: 4900, currency: 'USD' });
                       growsumo.createSignup();
                     }",
                ),
            )
            .open("/?{ada}")
            .said("filled", "ada")
            .taken("signup", json!({
                "customer_key": 17, "email": "ada@buyer.example", "amount": 4900, "currency": "USD",
                "partner_key": "ada", "xid": "abcDEF123456",
            })),
        style("a vendor's own link domain, where the script and the relay are the site's")
            .page("/", inline("{site}/pr/js", INITIALIZE, "function growsumoInit() { signUp(); }"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
    ]
}

fn late() -> Vec<Style> {
    vec![
        style("a tag manager that writes the snippet into the head as innerText")
            .page(
                "/",
                format!(
                    "<script>{SIGN_UP} function growsumoInit() {{ signUp(); }}</script>
                     <script type='text/plain' id='paste'>{}</script>
                     <script>
                       const element = document.createElement('script');
                       element.innerText = document.getElementById('paste').textContent;
                       document.head.appendChild(element);
                     </script>",
                    snippet("{relay}/v1/", INITIALIZE)
                ),
            )
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .cookies(&ADA),
        style("a page that imports the script, which has no element then")
            .page(
                "/",
                format!(
                    "<script>{SIGN_UP} import('{{relay}}/v1/').then(() => {{ growsumo._initialize('{{key}}'); signUp(); }}, threw);</script>"
                ),
            )
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a hook that injects the script long after the page was loaded, and again on the next mount")
            .page(
                "/",
                format!(
                    "<script>{SIGN_UP}
                     var mount = () => {{
                       const element = document.createElement('script');
                       element.src = '{{relay}}/partnerstack.min.js';
                       element.async = true;
                       element.onload = () => {{ partnerstack._initialize('{{key}}'); say('mounted', partnerstack.data); }};
                       document.body.appendChild(element);
                       return () => element.remove();
                     }};</script>"
                ),
            )
            .open("/?{ada}")
            .act("window.unmount = mount()")
            .said("mounted", ada_data())
            .act("unmount(); mount()")
            .said("mounted", ada_data())
            .act("signUp()")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
    ]
}

fn tags() -> Vec<Style> {
    vec![
        style("one tag, and a signup in the next script")
            .page("/", tagged("signUp();"))
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("one tag, with growsumoInit before it")
            .page("/", format!("<script>{SIGN_UP} function growsumoInit() {{ signUp(); }}</script>{TAG}"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("one tag, with growsumoInit further down")
            .page("/", format!("{TAG}<script>{SIGN_UP} function growsumoInit() {{ signUp(); }}</script>"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("one tag that is deferred, with growsumoInit and partnerstackInit after it")
            .page(
                "/",
                format!(
                    "<script src='{{relay}}/headwater.js' data-key='{{key}}' defer></script>
                     <script>{SIGN_UP}
                       function growsumoInit() {{ signUp(); }}
                       function partnerstackInit() {{ say('init', partnerstack.data); }}
                     </script>"
                ),
            )
            .open("/?{ada}")
            .said("init", ada_data())
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a script that is pinned to its hash")
            .page(
                "/",
                "<script crossorigin='anonymous' integrity='{integrity}' src='{relay}/headwater.js' data-key='{key}'></script>",
            )
            .open("/?{ada}")
            .cookies(&ADA),
        style("a script that is written into the page")
            .page("/", "<script>document.write('<script src=\"{relay}/v1/\" data-key=\"{key}\"><\\/script>');</script>")
            .open("/?{ada}")
            .cookies(&ADA),
        style("a script that arrives twice, from two paths")
            .page("/", format!("{TAG}<script src='{{relay}}/growsumo.min.js' data-key='{{key}}'></script><script>{SIGN_UP}signUp();</script>"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("growsumo === partnerstack", true)
            .cookies(&ADA),
        style("a tag and the snippet on one page")
            .page(
                "/",
                format!("{TAG}<script>{SIGN_UP} function growsumoInit() {{ signUp(); }} {}</script>", snippet("{relay}/v1/", INITIALIZE)),
            )
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            // Tag and snippet each call growsumoInit, so the callback runs twice for one signup.
            .said("called back", accepted("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a visit without a referral leaves no trace")
            .page("/", TAG)
            .open("/")
            .settled()
            .is("Boolean(growsumo.data.partner_key || growsumo.data.xid)", false)
            .is(super::NOTHING_STORED, true)
            .cookies(&[]),
    ]
}
