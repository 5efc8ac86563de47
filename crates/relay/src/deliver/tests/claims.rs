//! Claims of pages: they are delivered as claims, create records and never change one, and count as the program's
//! settings say.

use headwater_journal::State;
use headwater_protocol::Source;
use headwater_protocol::v2::ClaimPolicy;
use serde_json::json;

use super::{CHECKOUT, DeliveryTest, SIGNUP, delivery_test};
use crate::RelayProgram;

async fn with_amounts(policy: ClaimPolicy, kind: &str, data: serde_json::Value) -> DeliveryTest {
    let delivery = delivery_test(&[]);
    delivery
        .relay
        .programs
        .replace(vec![RelayProgram { checkout_amounts: policy, ..delivery.program.clone() }]);
    delivery.take(kind, &data.to_string()).await;
    delivery.settle().await;
    delivery
}

fn checkout() -> serde_json::Value {
    json!({"customer_key": "gk_1", "products": [{"product_book_key": "inbox", "amount": 9900, "currency": "USD"}],
           "transaction": {"key": "pay_1", "amount": 4900, "currency": "USD"}})
}

#[tokio::test]
async fn every_request_names_the_source() {
    for source in Source::ALL {
        let delivery = delivery_test(&[]);
        delivery.take_from(source, "signup", SIGNUP).await;
        delivery.settle().await;
        assert_eq!(delivery.said("POST /api/v2/customers")[0].1, source.name());
    }
}

#[tokio::test]
async fn ignored_amounts_are_not_sent_with_products_either() {
    let delivery = with_amounts(ClaimPolicy::Ignore, "checkout", checkout()).await;
    let (product, _) = &delivery.said("POST /api/v2/products")[0];
    assert!(product.get("amount").is_none() && product.get("currency").is_none(), "{product}");
    assert_eq!(delivery.received(), ["POST /api/v2/products"]);
}

#[tokio::test]
async fn amounts_that_billing_confirms_are_sent_with_products_and_make_no_transaction() {
    let delivery = with_amounts(ClaimPolicy::Confirm, "checkout", checkout()).await;
    assert_eq!(delivery.said("POST /api/v2/products")[0].0["amount"], 9900);
    assert_eq!(delivery.received(), ["POST /api/v2/products"]);
}

#[tokio::test]
async fn an_accepted_amount_is_recorded_once_under_a_key_that_no_provider_has() {
    let delivery = with_amounts(ClaimPolicy::Accept, "checkout", checkout()).await;
    assert_eq!(delivery.received(), ["POST /api/v2/products", "POST /api/v2/transactions"]);
    let (paid, source) = &delivery.said("POST /api/v2/transactions")[0];
    assert_eq!(
        (paid["key"].as_str(), paid["amount"].as_i64(), source.as_str()),
        (Some("chk_pay_1"), Some(4900), "page")
    );
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

#[tokio::test]
async fn a_signup_with_an_accepted_amount_is_a_payment_and_otherwise_none() {
    let signup = json!({"customer_key": "gk_1", "partner_key": "p1", "email": "dana@shop.example", "amount": 4900, "currency": "usd"});
    let delivery = with_amounts(ClaimPolicy::Accept, "signup", signup.clone()).await;
    assert_eq!(delivery.received(), ["POST /api/v2/customers", "POST /api/v2/transactions"]);
    let (paid, _) = &delivery.said("POST /api/v2/transactions")[0];
    assert_eq!(
        (paid["amount"].as_i64(), paid["currency"].as_str(), paid["customer_key"].as_str()),
        (Some(4900), Some("USD"), Some("gk_1"))
    );
    assert!(paid["key"].as_str().unwrap().starts_with("chk_"), "{paid}");
    for policy in [ClaimPolicy::Confirm, ClaimPolicy::Ignore] {
        let delivery = with_amounts(policy, "signup", signup.clone()).await;
        assert_eq!(delivery.received(), ["POST /api/v2/customers"]);
    }
}

#[tokio::test]
async fn a_fabricated_partner_makes_no_customer_and_is_listed_with_its_reason() {
    let unknown = r#"{"message":"no partner 'p1'","status":400,"code":"unknown_partner"}"#;
    let delivery = delivery_test(&[(400, unknown)]);
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/customers"], "and no organic one in its place");
    let listed = delivery.in_state(State::Unattributed).await;
    assert!(listed[0].last_error.as_deref().unwrap().contains("no partner 'p1'"), "{listed:?}");
    assert_eq!(delivery.relay.journal.counts(1, false).await.unwrap().unattributed, 1);
}

#[tokio::test]
async fn an_invented_click_makes_no_customer() {
    let unknown = r#"{"data":{"outcome":"unknown_xid","customer_key":null},"message":"","status":200}"#;
    let delivery = delivery_test(&[(200, unknown)]);
    delivery.take("signup", r#"{"customer_key":"gk_1","xid":"Ab3dEf6hIj9kLm"}"#).await;
    delivery.settle().await;
    assert_eq!((delivery.received().len(), delivery.count(State::Unattributed).await), (1, 1));
}

#[tokio::test]
async fn a_partner_that_the_page_named_wins_over_a_click() {
    let delivery = delivery_test(&[]);
    delivery
        .take(
            "signup",
            r#"{"customer_key":"gk_1","partner_key":"b","xid":"Ab3dEf6hIj9kLm","credited_by":"page"}"#,
        )
        .await;
    delivery.take("signup", r#"{"customer_key":"gk_2","xid":"Ab3dEf6hIj9kLm","credited_by":"page"}"#).await;
    delivery.settle().await;
    let mut heard = delivery.received();
    heard.sort();
    assert_eq!(heard, ["POST /api/v2/customers", "POST /conversion/xid"]);
    assert_eq!(delivery.said("POST /api/v2/customers")[0].0["partner_key"], "b");
    assert_eq!(delivery.said("POST /conversion/xid")[0].0["customer_key"], "gk_2");
}

#[tokio::test]
async fn an_existing_product_is_changed_by_its_own_key_and_never_by_its_subscription_key() {
    let exists =
        |hint: &str| format!(r#"{{"message":"","status":409,"code":"product_exists","hint":"{hint}"}}"#);
    let (own, odd) = (exists("PATCH /api/v2/products/prod_Ab3"), exists("PATCH /api/v2/products/other"));
    let busy =
        r#"{"message":"the key was used for another request","status":409,"code":"idempotency_conflict"}"#;
    let delivery = delivery_test(&[(409, &own), (200, "{}"), (409, &odd), (200, "{}"), (409, busy)]);
    delivery.take_from(Source::Vendor, "checkout", CHECKOUT).await;
    delivery.settle().await;
    let expect = [
        "POST /api/v2/products",
        "PATCH /api/v2/products/prod_Ab3",
        "POST /api/v2/products",
        "GET /api/v2/products",
    ];
    assert_eq!(delivery.received(), expect);
    assert_eq!(delivery.count(State::Parked).await, 1, "the product's key is not known: a person decides");
    delivery.take_from(Source::Vendor, "checkout", CHECKOUT).await;
    delivery.settle().await;
    assert_eq!(
        (delivery.received().len(), delivery.count(State::Dead).await),
        (5, 1),
        "another conflict is no success"
    );
}

#[tokio::test]
async fn a_subscription_is_sent_for_its_own_customer_with_its_time() {
    let delivery = delivery_test(&[]);
    let said = |customer: serde_json::Value| {
        json!({"customer": customer, "external_subscription_key": "sub_1", "status": "churned", "product_book_key": "prod_inbox", "catalogue_keys": ["price_inbox"]}).to_string()
    };
    delivery
        .take_from(
            Source::Billing,
            "subscription",
            &said(json!({"customer_key": "gk_1", "provider_key": "cus_1"})),
        )
        .await;
    delivery.take_from(Source::Billing, "subscription", &said(json!({"provider_key": "cus_2"}))).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/products"; 2]);
    let products = delivery.said("POST /api/v2/products");
    let by = |product: &serde_json::Value| [product["customer_key"].clone(), product["provider_key"].clone()];
    let mut named: Vec<_> = products.iter().map(|(product, _)| by(product)).collect();
    named.sort_by_key(|by| by[0].is_null());
    assert_eq!(named, [[json!("gk_1"), json!(null)], [json!(null), json!("cus_2")]]);
    assert_eq!(
        (products[0].0["occurred_at"].as_i64(), &products[0].0["catalogue_keys"]),
        (Some(1000), &json!(["price_inbox"]))
    );
}

#[tokio::test]
async fn an_id_that_a_buyer_may_have_edited_does_not_replace_a_known_one() {
    let link = include_bytes!(
        "../../../tests/fixtures/stripe/2025-09-30-checkout.session.completed-payment-link.json"
    );
    let delivery = delivery_test(&[]);
    delivery.stripe(link).await;
    delivery.settle().await;
    assert_eq!(
        delivery.received(),
        ["GET /api/v2/customers/gk_1"],
        "a destination that is not ours gets no change"
    );
    let own = include_bytes!(
        "../../../tests/fixtures/stripe/2023-10-16-checkout.session.completed-own-session.json"
    );
    delivery.stripe(own).await;
    delivery.settle().await;
    let (told, source) = &delivery.said("PATCH /api/v2/customers/gk_1")[0];
    assert_eq!((told["provider_key"].as_str(), source.as_str()), (Some("cus_1"), "billing"));
}
