//! Signups of sites without developers: marked forms, services' forms, and listed frames.

use serde_json::{Value, json};

use super::{TAG, accepted, tagged_with};
use crate::style::{Style, style};

const FIELDS: &str = "
    <input name='email' type='email' value='ada@buyer.example'>
    <input name='name' value='Ada Example'>
    <input name='password' type='password' value='never-to-be-sent'>
    <button>Sign up</button>";
const SEND: &str = "document.querySelector('button').click()";

/// The signup that these forms make: members with known names, and nothing else.
fn signup() -> Value {
    json!({
        "email": "ada@buyer.example", "name": "Ada Example", "password": null,
        "partner_key": "ada", "xid": "abcDEF123456",
    })
}

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [marked(), services(), frames()].into_iter().flatten().collect()
}

fn marked() -> Vec<Style> {
    vec![
        style("a marked form, which navigates")
            .page("/", format!("{TAG}<form action='/thanks' data-headwater-signup>{FIELDS}</form>"))
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act(SEND)
            .is("location.pathname", "/thanks")
            .taken("signup", signup()),
        style("a form found by its selector, which a script of the page sends")
            .page(
                "/",
                format!(
                    "{}<form id='join'>{FIELDS}</form>
                     <script>document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());</script>",
                    tagged_with("data-form='#join'", "")
                ),
            )
            .open("/?{ada}")
            .act(SEND)
            .taken("signup", signup()),
        style("a form whose fields have names of their own")
            .page(
                "/",
                format!(
                    "{}<form action='/thanks' data-headwater-signup>
                       <input name='user[email]' value='ada@buyer.example'><input name='full_name' value='Ada Example'>
                       <input name='id' value='customer-1'><button>Sign up</button></form>",
                    tagged_with("data-fields='email=user[email], name=full_name,customer_key=id'", "")
                ),
            )
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act(SEND)
            .is("location.pathname", "/thanks")
            .taken("signup", json!({ "email": "ada@buyer.example", "name": "Ada Example", "customer_key": "customer-1" })),
        style("a marked form that is added later, and sent before the file for forms is loaded")
            .page("/", TAG)
            .open("/?{ada}")
            .act(format!(
                "document.body.innerHTML = `<form data-headwater-signup>{FIELDS}</form>`;
                 document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
                 {SEND}"
            ))
            .taken("signup", signup()),
        style("a form that nobody marked")
            .page("/", format!("{TAG}<form action='/thanks'>{FIELDS}</form>"))
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act(SEND)
            .is("location.pathname", "/thanks")
            .settled()
            .requests(0..=0),
    ]
}

fn services() -> Vec<Style> {
    vec![
        style("a HubSpot form, where the site asks for them")
            .page("/", tagged_with("data-forms='hubspot'", ""))
            .open("/?{ada}")
            .act("postMessage({ type: 'hsFormCallback', eventName: 'onFormReady', id: 'form-1' }, '*')")
            .act(
                "postMessage({ type: 'hsFormCallback', eventName: 'onFormSubmit', id: 'form-1', data: [
                   { name: 'email', value: 'ada@buyer.example' }, { name: 'firstname', value: 'Ada' },
                   { name: 'password', value: 'never-to-be-sent' } ] }, '*')",
            )
            .taken("signup", json!({ "email": "ada@buyer.example", "first_name": "Ada", "password": null, "partner_key": "ada" })),
        style("a HubSpot form, where the site does not ask for them")
            .page("/", TAG)
            .open("/?{ada}")
            .act(
                "postMessage({ type: 'hsFormCallback', eventName: 'onFormSubmit', id: 'form-1', data: [
                   { name: 'email', value: 'ada@buyer.example' } ] }, '*')",
            )
            .settled()
            .requests(0..=0),
        style("a Marketo form, whose script is loaded later")
            .page(
                "/",
                tagged_with(
                    "data-forms='marketo'",
                    "window.MktoForms2 = { whenReady: (ready) => ready({ onSuccess: (sent) => { window.sent = sent; } }) };",
                ),
            )
            .open("/?{ada}")
            .is("typeof sent", "function")
            .act("sent({ Email: 'ada@buyer.example', FirstName: 'Ada', Password: 'never-to-be-sent' }, '/thanks')")
            .taken("signup", json!({ "email": "ada@buyer.example", "first_name": "Ada", "Password": null })),
    ]
}

fn frames() -> Vec<Style> {
    let framed =
        |settings: &str| format!("{}<iframe src='{{other}}/form'></iframe>", tagged_with(settings, ""));
    let form = "<script>
        parent.postMessage({ headwater_signup: { customer_key: 'customer-1', email: 'ada@buyer.example', evil: 1 } }, '*');
        say('sent', true);
      </script>";
    vec![
        style("a frame of a listed origin hands over a signup")
            .page("/", framed("data-frames='https://forms.example, {other}'"))
            .page("/form", form)
            .open("/?{ada}")
            .said("sent", true)
            .taken("signup", json!({ "customer_key": "customer-1", "email": "ada@buyer.example", "evil": null })),
        style("a message of a listed origin that comes before the file for forms is loaded")
            .page(
                "/",
                format!(
                    "{}<script>
                       const told = {{ headwater_signup: {{ customer_key: 'customer-1' }} }};
                       dispatchEvent(new MessageEvent('message', {{ origin: '{{site}}', data: told }}));
                     </script>",
                    tagged_with("data-frames='{site}'", "")
                ),
            )
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": "customer-1", "partner_key": "ada" })),
        style("a frame of an origin that is not listed hands over nothing")
            .page("/", framed("data-frames='https://forms.example'"))
            .page("/form", form)
            .open("/?{ada}")
            .said("sent", true)
            .settled()
            .requests(0..=0)
            .act("growsumo.data.customer_key = 'own-1'; growsumo.createSignup((result) => say('called back', result));")
            .taken("signup", json!({ "customer_key": "own-1", "email": null }))
            .said("called back", accepted("own-1")),
    ]
}
