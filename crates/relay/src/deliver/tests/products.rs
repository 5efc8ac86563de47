//! Products and subscriptions: which refusal of the destination means what, and how an existing product is found.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use headwater_journal::State;
use headwater_protocol::Source;
use serde_json::{Value, json};

use super::customers::{reason, refusal, refused};
use super::{CHECKOUT, ReceivedRequests, SIGNUP, delivery_test, delivery_to};

/// A subscription, with a catalogue entry or without one.
fn subscription(entry: Option<&str>) -> String {
    json!({"customer": {"customer_key": "gk_1"}, "external_subscription_key": "sub_1", "status": "churned",
        "product_book_key": entry, "amount": 9900, "currency": "usd"})
    .to_string()
}

#[tokio::test]
async fn a_product_that_is_refused_is_delivered_for_no_source() {
    for source in [Source::Page, Source::Signed, Source::Billing, Source::Vendor] {
        for (answer, state) in [
            ((400, "{}".to_owned()), State::Dead),
            (refusal(400, "out_of_range"), State::Dead),
            (refusal(409, "idempotency_conflict"), State::Dead),
            ((503, "{}".to_owned()), State::Head),
            ((403, "{}".to_owned()), State::Parked),
            (refusal(403, "wrong_scope"), State::Head),
            (refusal(404, "customer_not_found"), State::Parked),
            (refusal(409, "customer_ambiguous"), State::Parked),
        ] {
            let delivery = refused(std::slice::from_ref(&answer));
            delivery.take_from(source, "subscription", &subscription(Some("inbox"))).await;
            delivery.settle().await;
            assert_eq!(delivery.received(), ["POST /api/v2/products"], "{source:?} {answer:?}");
            assert_eq!(delivery.count(state).await, 1, "{source:?} {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_a_page_says_of_an_existing_product_is_not_sent_even_if_the_site_signed_it() {
    for source in [Source::Page, Source::Signed] {
        for answer in [refusal(409, "product_exists"), (409, "{}".to_owned())] {
            let delivery = refused(&[answer]);
            delivery.take_from(source, "subscription", &subscription(Some("inbox"))).await;
            delivery.settle().await;
            assert_eq!(delivery.received(), ["POST /api/v2/products"]);
            assert_eq!(delivery.count(State::Delivered).await, 1);
        }
    }
}

#[tokio::test]
async fn a_product_waits_for_its_customer_and_not_for_the_catalogue() {
    for (answer, tried) in [
        (refusal(404, "customer_not_found"), 2),
        (refusal(403, "unknown_customer"), 2),
        ((403, "{}".to_owned()), 2),
        (refusal(409, "customer_ambiguous"), 2),
        (refusal(403, "unknown_product_book"), 1),
        (refusal(404, "product_book_not_found"), 1),
    ] {
        let delivery = refused(std::slice::from_ref(&answer));
        delivery.take_from(Source::Billing, "subscription", &subscription(Some("inbox"))).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Parked).await, 1, "{answer:?}");
        delivery.take("signup", SIGNUP).await;
        delivery.settle().await;
        assert_eq!(delivery.said("POST /api/v2/products").len(), tried, "{answer:?}");
    }
}

/// A list of products: of another customer, of another subscription, and the one that is meant.
fn products(own: bool) -> String {
    let product = |key: &str, customer: &str, subscription: &str| {
        json!({"company_id": 1, "created_at": 1, "updated_at": 1, "customer_key": customer, "key": key, "status": "active",
            "external_subscription_key": subscription})
    };
    let mut items = vec![product("prod_a", "gk_2", "sub_1"), product("prod_b", "gk_1", "sub_2")];
    items.extend(own.then(|| product("prod_c", "gk_1", "sub_1")));
    json!({"data": {"items": items, "has_more": false}, "message": "", "status": 200}).to_string()
}

fn change() -> Value {
    json!({"status": "churned", "amount": 9900, "currency": "USD"})
}

#[tokio::test]
async fn a_product_that_exists_elsewhere_is_found_by_customer_and_subscription_and_changed() {
    let delivery = refused(&[(409, "{}".to_owned()), (200, products(true))]);
    delivery.take_from(Source::Billing, "subscription", &subscription(Some("inbox"))).await;
    delivery.settle().await;
    assert_eq!(delivery.said("PATCH /api/v2/products/prod_c")[0].0, change());
    assert_eq!(delivery.count(State::Delivered).await, 1);
    let delivery = refused(&[(409, "{}".to_owned()), (200, products(false))]);
    delivery.take_from(Source::Billing, "subscription", &subscription(Some("inbox"))).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/products", "GET /api/v2/products"]);
    assert_eq!(delivery.count(State::Parked).await, 1, "which one it is, a person decides");
}

#[tokio::test]
async fn an_existing_product_that_the_refusal_names_is_changed_without_a_search() {
    let named = json!({"message": "", "status": 409, "code": "product_exists",
        "hint": "change it: PATCH /api/v2/products/prod_A_3."});
    let delivery = refused(&[(409, named.to_string())]);
    delivery.take_from(Source::Billing, "subscription", &subscription(Some("inbox"))).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/products", "PATCH /api/v2/products/prod_A_3"]);
    assert_eq!(delivery.said("PATCH /api/v2/products/prod_A_3")[0].0, change());
}

#[tokio::test]
async fn a_subscription_without_a_catalogue_entry_changes_the_product_that_is_there() {
    let delivery = refused(&[(200, products(true))]);
    delivery.take_from(Source::Vendor, "subscription", &subscription(None)).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["GET /api/v2/products", "PATCH /api/v2/products/prod_c"]);
    assert_eq!(delivery.said("PATCH /api/v2/products/prod_c")[0].0, change());
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

#[tokio::test]
async fn a_subscription_without_a_catalogue_entry_waits_for_its_customer() {
    for answer in [(200, products(false)), (200, "{}".to_owned()), refusal(404, "customer_not_found")] {
        let delivery = refused(&[answer.clone(), (200, "{}".to_owned()), (200, products(true))]);
        delivery.take_from(Source::Vendor, "subscription", &subscription(None)).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Parked).await, 1, "{answer:?}");
        delivery.take("signup", SIGNUP).await;
        delivery.settle().await;
        assert_eq!(delivery.count(State::Delivered).await, 2, "{answer:?}");
    }
    let delivery = refused(&[(200, products(false))]);
    delivery.take_from(Source::Vendor, "subscription", &subscription(None)).await;
    delivery.settle().await;
    assert_eq!(reason(&delivery, State::Parked).await, "no product of this customer is called 'sub_1'");
    for (answer, state) in
        [(refusal(400, "out_of_range"), State::Dead), ((503, "{}".to_owned()), State::Head)]
    {
        let delivery = refused(&[answer]);
        delivery.take_from(Source::Vendor, "subscription", &subscription(None)).await;
        delivery.settle().await;
        assert_eq!((delivery.received().len(), delivery.count(state).await), (1, 1));
    }
}

#[tokio::test]
async fn a_newer_report_of_another_subscription_makes_none_stale() {
    let delivery = delivery_test(&[]);
    let report = |id: &str, created: i64| {
        json!({"id": format!("evt_{id}"), "type": "customer.subscription.updated", "created": created,
            "data": {"object": {"id": id, "status": "active", "customer": "cus_1",
                "items": {"data": [{"price": {"id": "price_1"}}]}}}})
        .to_string()
    };
    delivery.stripe(report("sub_2", 2_000).as_bytes()).await;
    delivery.stripe(report("sub_1", 1_000).as_bytes()).await;
    delivery.settle().await;
    assert_eq!(delivery.said("POST /api/v2/products").len(), 2);
}

#[tokio::test]
async fn each_request_of_an_event_has_an_idempotency_key_that_stays_when_it_is_repeated() {
    let keys = ReceivedRequests::default();
    let heard = Arc::clone(&keys);
    let receiver = Router::new().fallback(move |request: http::Request<Body>| {
        let mut heard = heard.lock().unwrap();
        heard.push(request.headers()["idempotency-key"].to_str().unwrap().to_owned());
        let status = if heard.len() == 2 { 503 } else { 200 };
        async move { Response::builder().status(status).body(Body::from("{}")).unwrap() }
    });
    let delivery = delivery_to(receiver, ReceivedRequests::default());
    delivery.take("checkout", CHECKOUT).await;
    delivery.settle_for(60_000).await;
    let id = "019365b2-7c00-7abc-8def-000000001000";
    let key = |n: u32| format!("{id}/{n}");
    assert_eq!(*keys.lock().unwrap(), [key(0), key(1), key(0), key(1)]);
}
