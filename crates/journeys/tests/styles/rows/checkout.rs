//! What a page hands to its billing provider, in the provider's own parameters.

use serde_json::{Value, json};

use super::{accepted, tagged};
use crate::style::{Style, style};

/// The parameters as each provider documents them. The relay's tests read the same file: what pages send, webhooks
/// bring.
const PROVIDERS: &str = include_str!("../../../../../tests/fixtures/checkout-context.json");

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    vec![context(), nobody(), elements(), a_key_stripe_does_not_take()]
}

fn context() -> Style {
    let expected: Value = serde_json::from_str(PROVIDERS).expect("the fixture is JSON");
    let product = json!({ "product_book_key": "inbox", "external_subscription_key": " Sub_1/Inbox " });
    style("what each billing provider needs, untouched")
        .page("/", tagged("growsumo.data.customer_key = 'customer-1';"))
        .open("/?{ada}")
        .act(format!("partnerstack.attachProduct({product}, (result) => say('called back', result))"))
        .taken("checkout", json!({ "customer_key": "customer-1", "products": [product] }))
        .said("called back", accepted("customer-1"))
        .is("partnerstack.checkoutContext()", expected)
}

fn nobody() -> Style {
    style("a checkout nobody referred names the customer alone")
        .page("/", tagged("growsumo.data.customer_key = 'customer-1';"))
        .open("/")
        .is("partnerstack.checkoutContext().stripe.metadata", json!({ "customer_key": "customer-1" }))
        .is("partnerstack.checkoutContext().recurly", json!({ "account_code": "customer-1" }))
}

const ELEMENTS: &str = "
    <a id='link' href='https://buy.stripe.com/test_1?prefilled_email=ada%40buyer.example'>Pay</a>
    <a id='other' href='https://pay.example/'>Pay elsewhere</a>
    <stripe-pricing-table pricing-table-id='prctbl_1'></stripe-pricing-table>
    <stripe-buy-button buy-button-id='buy_btn_1'></stripe-buy-button>";

fn elements() -> Style {
    let address = |id: &str| format!("document.getElementById('{id}').href");
    let attribute =
        |name: &str| format!("document.querySelector('{name}').getAttribute('client-reference-id')");
    style("Stripe's payment links, pricing tables and buy buttons name the customer")
        .page("/", format!("{ELEMENTS}{}", tagged("growsumo.data.customer_key = 'customer-1';")))
        .open("/?{ada}")
        .act("partnerstack.decorateCheckout()")
        .is(
            address("link"),
            "https://buy.stripe.com/test_1?prefilled_email=ada%40buyer.example&client_reference_id=customer-1",
        )
        .is(address("other"), "https://pay.example/")
        .is(attribute("stripe-pricing-table"), "customer-1")
        .is(attribute("stripe-buy-button"), "customer-1")
}

fn a_key_stripe_does_not_take() -> Style {
    style("a customer's key that Stripe would not take stays off its elements")
        .page("/", format!("{ELEMENTS}{}", tagged("growsumo.data.customer_key = 'ada@buyer.example';")))
        .open("/?{ada}")
        .act("partnerstack.decorateCheckout()")
        .is("document.querySelector('stripe-buy-button').hasAttribute('client-reference-id')", false)
}
