//! What a page reports, and the result.

use serde_json::json;

use super::{accepted, ada_data, failed, signup_by_ada, tagged, tagged_with, unsent};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [customers(), members(), repetitions(), checkouts()].into_iter().flatten().collect()
}

/// A page that reports these members, and the result of the signup.
fn reports(members: &str) -> String {
    tagged(&format!(
        "Object.assign(growsumo.data, {members}); growsumo.createSignup((result) => say('called back', result));"
    ))
}

fn customers() -> Vec<Style> {
    vec![
        style("without customer_key the email is the customer")
            .page("/", reports("{ email: 'ada@buyer.example' }"))
            .open("/?{ada}")
            .taken(
                "signup",
                json!({ "email": "ada@buyer.example", "customer_key": null, "partner_key": "ada" }),
            )
            .said("called back", accepted("ada@buyer.example")),
        style("without customer_key and email nothing is sent, and the callback says why")
            .page("/", reports("{ name: 'Ada Example' }"))
            .open("/?{ada}")
            .said("called back", failed("", 0, "missing_customer_key", "missing customer key"))
            .settled()
            .requests(0..=0),
        style("without a referral nothing is sent, and the callback says so")
            .page("/", tagged("signUp();"))
            .open("/")
            .said("called back", unsent("customer-1"))
            .settled()
            .requests(0..=0),
        style("without a referral, where the site asks for organic signups")
            .page("/", tagged_with("data-organic", "signUp();"))
            .open("/")
            .taken("signup", json!({ "customer_key": "customer-1", "partner_key": null, "xid": null }))
            .said("called back", accepted("customer-1")),
        style("a numeric customer_key")
            .page("/", reports("{ customer_key: 4711 }"))
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": 4711 }))
            .said("called back", accepted("4711")),
        style("the old names of members")
            .page("/", reports("{ key: 'old-1' }"))
            .open("/?{ada}")
            .taken("signup", json!({ "key": "old-1", "partner_key": "ada" }))
            .said("called back", accepted("old-1")),
    ]
}

fn members() -> Vec<Style> {
    vec![
        style("an amount that is no integer is carried")
            .page("/", reports("{ customer_key: 'customer-1', amount: 19.99, currency: 'USD' }"))
            .open("/?{ada}")
            .taken("signup", json!({ "amount": 19.99, "currency": "USD" }))
            .said("called back", accepted("customer-1")),
        style("members nobody knows are carried")
            .page("/", reports("{ customer_key: 'customer-1', shoe_size: 44, meta: { a: [1, 'ü'] }, sub_ids: ['x'] }"))
            .open("/?{ada}")
            .taken("signup", json!({ "shoe_size": 44, "meta": { "a": [1, "ü"] }, "sub_ids": ["x"] }))
            .said("called back", accepted("customer-1")),
        style("growsumo.data replaced by an object of the page's")
            .page("/", tagged("growsumo.data = { fresh: true }; signUp();"))
            .open("/?{ada}")
            .taken("signup", json!({ "fresh": true, "customer_key": "customer-1", "partner_key": "ada" }))
            .said("called back", accepted("customer-1")),
        style("growsumo.data replaced by nothing at all")
            .page("/", tagged("growsumo.data = null; growsumo.createSignup((result) => say('called back', result));"))
            .open("/?{ada}")
            .said("called back", failed("", 0, "missing_customer_key", "missing customer key")),
        style("frozen data")
            .page("/", tagged("growsumo.data = Object.freeze({ customer_key: 'cold-1', partner_key: 'own' }); growsumo.createSignup();"))
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": "cold-1", "partner_key": "own" })),
        style("data that refers to itself")
            .page("/", tagged("growsumo.data.self = growsumo.data; growsumo.data.big = 10n; signUp();"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("what the page writes wins over what the link says")
            .page("/", tagged("growsumo.data.partner_key = 'written'; growsumo._spk(); signUp();"))
            .open("/?{ada}")
            .taken("signup", json!({ "partner_key": "written", "xid": null, "credited_by": "page" }))
            .said("called back", accepted("customer-1")),
        style("data of more bytes than an event may have")
            .page("/", reports("{ customer_key: 'customer-1', meta: { long: 'x'.repeat(40000) } }"))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "too_large", "too large"))
            .settled()
            .requests(0..=0),
    ]
}

fn repetitions() -> Vec<Style> {
    let button = "document.body.innerHTML = '<button>Sign up</button>';
                  const button = document.querySelector('button');
                  button.addEventListener('click', () => signUp());";
    vec![
        style("a double click is one signup")
            .page("/", format!("{}<body><script>{button}</script>", tagged("")))
            .open("/?{ada}")
            .act("const button = document.querySelector('button'); button.click(); button.click()")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a click after the answer is no second signup")
            .page("/", format!("{}<body><script>{button}</script>", tagged("")))
            .open("/?{ada}")
            .act("document.querySelector('button').click()")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .act("document.querySelector('button').click()")
            .said("called back", accepted("customer-1")),
        style("two customers of one page are two signups")
            .page("/", tagged("signUp('customer-1'); signUp('customer-2');"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .taken("signup", signup_by_ada("customer-2"))
            .said("called back", accepted("customer-1"))
            .said("called back", accepted("customer-2")),
        style("the promise says what the callback says")
            .page("/", tagged("signUp().then((result) => say('promised', result));"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .said("promised", accepted("customer-1")),
        style("callbacks that are no functions")
            .page("/", tagged("growsumo.data.customer_key = 'customer-1'; growsumo.createSignup(undefined); growsumo.createSignup('x'); growsumo.createSignup(null);"))
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": "customer-1" })),
        style("the thank-you page loaded again is no second customer")
            .page("/", tagged("signUp();"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("growsumo.data.partner_key", "ada")
            .reload()
            // The relay and the ledger know the customer; a second event with the same customer_key changes nothing.
            .said("called back", accepted("customer-1"))
            .taken("signup", signup_by_ada("customer-1")),
    ]
}

fn checkouts() -> Vec<Style> {
    let product = "{ product_book_key: 'pbook_inbox', external_subscription_key: ' Sub_1 ', status: 'active', amount: 4900, currency: 'USD' }";
    let products = || {
        let product = json!({
            "product_book_key": "pbook_inbox", "external_subscription_key": " Sub_1 ", "status": "active",
            "amount": 4900, "currency": "USD",
        });
        json!({ "customer_key": "customer-1", "products": [product] })
    };
    vec![
        style("a product attached to the customer's subscription")
            .page("/", tagged(&format!(
                "growsumo.data.customer_key = 'customer-1';
                 growsumo.attachProduct({product}, (result) => say('called back', result));"
            )))
            .open("/?{ada}")
            .taken("checkout", products())
            .said("called back", accepted("customer-1"))
            .is("growsumo.data", {
                let mut data = ada_data();
                data["customer_key"] = "customer-1".into();
                data
            }),
        style("a checkout that JSON has no form for is called back once")
            .page("/", tagged("
                const product = { product_book_key: 'pbook_inbox', status: 'active' };
                product.self = product;
                growsumo.data.customer_key = 'customer-1';
                growsumo.attachProduct(product, (result) => say('called back', result.customer_key));"))
            .open("/?{ada}")
            .said("called back", "customer-1")
            .taken("checkout", json!({ "customer_key": "customer-1" })),
        style("a checkout of two products, without a referral")
            .page("/", tagged(&format!(
                "growsumo.trackCheckout({{ customer_key: 'customer-1', products: [{product}] }}).then((result) => say('promised', result.ok));"
            )))
            .open("/")
            .taken("checkout", products())
            .said("promised", true),
    ]
}
