//! The table of rows, by topic.

mod arrival;
mod checkout;
mod confinement;
mod consent;
mod cookies;
mod credit;
mod crossings;
mod delivery;
mod embeds;
mod forms;
mod globals;
mod leaving;
mod parameters;
mod policy;
mod routers;
mod signup;

use serde_json::{Value, json};

use crate::style::Style;

/// Every row.
pub(crate) fn all() -> Vec<Style> {
    let rooms = [
        arrival::rows(),
        globals::rows(),
        signup::rows(),
        leaving::rows(),
        parameters::rows(),
        cookies::rows(),
        credit::rows(),
        routers::rows(),
        consent::rows(),
        delivery::rows(),
        confinement::rows(),
        policy::rows(),
        embeds::rows(),
        forms::rows(),
        crossings::rows(),
        checkout::rows(),
    ];
    rooms.into_iter().flatten().collect()
}

/// One script tag and no code, for rows that are not about how the script is loaded.
const TAG: &str = r#"<script src="{relay}/v1/" data-key="{key}"></script>"#;

/// The function that a signup form calls.
const SIGN_UP: &str = "
    var signUp = (customer = 'customer-1') => {
      growsumo.data.name = 'Ada Example';
      growsumo.data.email = 'ada@buyer.example';
      growsumo.data.customer_key = customer;
      return growsumo.createSignup((result) => say('called back', result));
    };";

/// A page with the tag, and then `signUp` and a script of its own.
fn tagged(script: &str) -> String {
    tagged_with("", script)
}

/// The same with more settings on the tag.
fn tagged_with(settings: &str, script: &str) -> String {
    format!(
        r#"<script src="{{relay}}/v1/" data-key="{{key}}" {settings}></script><script>{SIGN_UP}{script}</script>"#
    )
}

/// The snippet as vendors publish it, with this address of the script. Errors that the original swallows are reported.
fn snippet(address: &str, initialize: &str) -> String {
    format!(
        "(function () {{
           var element = document.createElement('script');
           element.src = '{address}';
           element.type = 'text/javascript';
           element.async = 'true';
           element.onload = element.onreadystatechange = function () {{
             var state = this.readyState;
             if (state && state != 'complete' && state != 'loaded') return;
             try {{ {initialize} }} catch (error) {{ threw(error); }}
           }};
           var first = document.getElementsByTagName('script')[0];
           first.parentNode.insertBefore(element, first);
         }})();"
    )
}

/// What newer snippets run when the script is loaded.
const INITIALIZE: &str =
    "growsumo._initialize('{key}'); if (typeof growsumoInit === 'function') growsumoInit();";

/// The cookies of somebody who came through ada's link.
const ADA: [(&str, &str); 5] = [
    ("growSumoPartnerKey", "ada"),
    ("ps_partner_key", "ada"),
    ("gsxid", "abcDEF123456"),
    ("ps_xid", "abcDEF123456"),
    ("pscd", "go.partner.example"),
];

/// The cookies of somebody who came through bea's link.
const BEA: [(&str, &str); 5] = [
    ("growSumoPartnerKey", "bea"),
    ("ps_partner_key", "bea"),
    ("gsxid", "bcdEFG12345678"),
    ("ps_xid", "bcdEFG12345678"),
    ("pscd", "go.partner.example"),
];

/// `growsumo.data` of somebody who came through ada's link.
fn ada_data() -> Value {
    json!({ "partner_key": "ada", "ps_partner_key": "ada", "xid": "abcDEF123456", "ps_xid": "abcDEF123456" })
}

/// The data of the signup when `signUp` is called for a customer that ada sent.
fn signup_by_ada(customer: &str) -> Value {
    json!({
        "customer_key": customer, "name": "Ada Example", "email": "ada@buyer.example",
        "partner_key": "ada", "xid": "abcDEF123456",
    })
}

/// The result of a signup that the relay accepted.
fn accepted(customer: &str) -> Value {
    json!({ "ok": true, "status": 202, "customer_key": customer })
}

/// The result of a correct signup that is not sent, because nobody referred the customer.
fn unsent(customer: &str) -> Value {
    json!({ "ok": true, "status": 0, "customer_key": customer, "code": "organic" })
}

/// The result of a signup that failed.
fn failed(customer: &str, status: u16, code: &str, message: &str) -> Value {
    json!({
        "ok": false, "status": status, "customer_key": customer, "error": { "code": code, "message": message },
    })
}

/// Whether no event is in the page's storage.
const NOTHING_WAITS: &str =
    "Object.keys(localStorage).filter((name) => /^hw_.*_[\\w-]{36}$/.test(name)).length === 0";

/// Whether nothing of ours is in the page's storage.
const NOTHING_STORED: &str =
    "Object.keys(localStorage).filter((name) => name.startsWith('hw_')).length === 0";
