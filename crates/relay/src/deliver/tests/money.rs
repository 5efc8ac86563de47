//! A provider's payments and refunds at a destination that keeps transactions: with the webhooks in any order, each
//! refund is delivered once and to the cent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use headwater_journal::State;
use http::Request;
use serde_json::{Value, json};

use super::{DeliveryTest, ReceivedRequests, SIGNUP, delivery_test, delivery_to};

/// A transaction at the destination, with its refunds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Paid {
    amount: i64,
    created_at: i64,
    refunded: i64,
    told_at: i64,
}

/// A destination that stores customers and transactions as API v2 does.
#[derive(Default)]
struct HostedRecords {
    /// Names of customers, as requests give them; everybody is known when it is `None`.
    customers: Option<BTreeSet<String>>,
    paid: BTreeMap<String, Paid>,
    /// Keys that are refused with 503.
    down: BTreeSet<String>,
}

type Hosted = Arc<Mutex<HostedRecords>>;

fn answer(hosted: &Hosted, path: &str, body: &Value) -> (u16, &'static str) {
    let mut kept = hosted.lock().unwrap();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    if path.ends_with("/customers") {
        let names = [text("customer_key"), text("provider_key")].into_iter().flatten();
        kept.customers.get_or_insert_default().extend(names);
    } else if path.ends_with("/transactions") {
        let who = text("customer_key").or(text("customer_external_key")).unwrap();
        if kept.customers.as_ref().is_some_and(|known| !known.contains(&who)) {
            return (404, "customer_not_found");
        }
        let key = text("key").unwrap();
        if kept.down.contains(&key) {
            return (503, "");
        }
        let (amount, created_at) = (body["amount"].as_i64().unwrap(), body["created_at"].as_i64().unwrap());
        if let Some(known) = kept.paid.get(&key) {
            return (409, if known.amount == amount { "transaction_exists" } else { "transaction_conflict" });
        }
        kept.paid.insert(key, Paid { amount, created_at, ..Paid::default() });
    } else if let Some(key) = path.strip_suffix("/refund").and_then(|path| path.rsplit_once("/transactions/"))
    {
        let key = key.1.replace("%2F", "/");
        let Some(paid) = kept.paid.get_mut(&key) else { return (404, "transaction_not_found") };
        let (total, at) = (body["refunded_total"].as_i64().unwrap(), body["occurred_at"].as_i64().unwrap());
        assert!(
            total.abs() <= paid.amount.abs() && total.signum() * paid.amount.signum() >= 0,
            "{key}: {total} of {paid:?}"
        );
        if at >= paid.told_at {
            (paid.refunded, paid.told_at) = (total, at);
        }
    }
    (200, "")
}

fn hosted() -> (Hosted, DeliveryTest) {
    let hosted = Hosted::default();
    let heard = ReceivedRequests::default();
    let (kept, log) = (Arc::clone(&hosted), Arc::clone(&heard));
    let receiver = Router::new().fallback(move |request: Request<Body>| {
        let (kept, log) = (Arc::clone(&kept), Arc::clone(&log));
        async move {
            let path = request.uri().path().to_owned();
            let line = format!("{} {path}", request.method());
            let body = to_bytes(request.into_body(), 100_000).await.unwrap();
            log.lock().unwrap().push(format!("{line} {} ", String::from_utf8_lossy(&body)));
            let (status, code) = answer(&kept, &path, &serde_json::from_slice(&body).unwrap_or_default());
            let body = json!({"message": code, "status": status, "code": code}).to_string();
            Response::builder().status(status).body(Body::from(body)).unwrap()
        }
    });
    (hosted, delivery_to(receiver, heard))
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/stripe/", $name, ".json")).as_slice()
    };
}

fn refunded(hosted: &Hosted) -> Vec<i64> {
    hosted.lock().unwrap().paid.values().map(|paid| paid.refunded).collect()
}

#[tokio::test]
async fn a_refund_is_joined_to_its_invoice_in_any_order_of_webhooks() {
    let all = [
        fixture!("2025-03-31-invoice.paid-exclusive-tax"),
        fixture!("2025-09-30-invoice_payment.paid"),
        fixture!("2025-03-31-charge.refunded"),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (hosted, delivery) = hosted();
        for at in order {
            delivery.stripe(all[at]).await;
            delivery.settle().await;
        }
        assert_eq!(refunded(&hosted), [5_000], "in the order {order:?}, and without waiting for a look");
        assert_eq!(delivery.count(State::Parked).await, 0);
    }
}

#[tokio::test]
async fn a_dispute_takes_back_when_it_is_opened_and_gives_back_when_it_is_won() {
    let (hosted, delivery) = hosted();
    delivery.stripe(fixture!("2023-10-16-invoice.paid-exclusive-tax")).await;
    delivery.stripe(fixture!("2025-09-30-charge.dispute.created")).await;
    delivery.settle().await;
    assert_eq!(refunded(&hosted), [10_000]);
    delivery.stripe(fixture!("2025-09-30-charge.dispute.closed-won")).await;
    delivery.settle().await;
    assert_eq!(refunded(&hosted), [0]);
}

#[tokio::test]
async fn a_refund_that_arrives_before_the_second_line_takes_back_both() {
    let (hosted, delivery) = hosted();
    hosted.lock().unwrap().down.insert("in_1/il_2".to_owned());
    delivery.stripe(fixture!("2022-11-15-invoice.paid-two-products")).await;
    let whole = String::from_utf8_lossy(fixture!("2023-10-16-charge.refunded")).replace("5950", "11900");
    let whole = whole.replace("11900", "17850");
    delivery.stripe(whole.as_bytes()).await;
    delivery.settle().await;
    hosted.lock().unwrap().down.clear();
    delivery.settle_for(2 * 60 * 60 * 1000).await;
    assert_eq!(refunded(&hosted), [5_000, 10_000]);
}

#[tokio::test]
async fn a_refund_without_a_known_invoice_is_parked_with_its_reason() {
    let (_, delivery) = hosted();
    delivery.stripe(fixture!("2025-09-30-refund.created")).await;
    delivery.settle().await;
    let parked = delivery.in_state(State::Parked).await;
    assert!(parked[0].last_error.as_deref().unwrap().contains("which invoice it belongs to"), "{parked:?}");
}

#[tokio::test]
async fn a_payment_by_a_provider_key_follows_its_customer_at_once_with_its_own_date() {
    let (hosted, delivery) = hosted();
    hosted.lock().unwrap().customers = Some(BTreeSet::new());
    delivery.later(1_775_514_585_000);
    let body = String::from_utf8_lossy(fixture!("2025-03-31-invoice.paid-exclusive-tax"))
        .replace("customer_key", "other");
    delivery.stripe(body.as_bytes()).await;
    delivery.settle().await;
    assert_eq!(delivery.count(State::Parked).await, 1);
    delivery.take("signup", &SIGNUP.replace('}', r#","provider_key":"cus_1"}"#)).await;
    delivery.settle().await;
    let paid = hosted.lock().unwrap().paid.clone();
    assert_eq!(paid["in_1/il_1"].created_at, 1_775_514_525_000);
}

#[tokio::test]
async fn a_payment_of_an_ambiguous_customer_is_listed_and_never_given_up() {
    let two = r#"{"message":"two customers have 'cus_1'","status":409,"code":"customer_ambiguous"}"#;
    let delivery = delivery_test(&[(409, two)]);
    delivery.take_from(headwater_protocol::Source::Billing, "payment", super::PAYMENT).await;
    delivery.settle().await;
    let parked = delivery.in_state(State::Parked).await;
    assert!(parked[0].last_error.as_deref().unwrap().contains("two customers"), "{parked:?}");
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(delivery.count(State::Delivered).await, 2, "the customer became clear");
}

#[tokio::test]
async fn payments_and_subscriptions_of_a_customer_share_a_lane() {
    let (_, delivery) = hosted();
    for body in [
        fixture!("2025-09-30-customer.subscription.updated"),
        fixture!("2025-03-31-invoice.paid-exclusive-tax"),
        fixture!("2025-09-30-checkout.session.completed-payment-link"),
        fixture!("2025-03-31-charge.refunded"),
        fixture!("2025-09-30-credit_note.created"),
    ] {
        delivery.stripe(body).await;
    }
    let mut lanes = BTreeSet::new();
    for state in [State::Head, State::Waiting] {
        lanes.extend(delivery.in_state(state).await.into_iter().map(|entry| entry.lane));
    }
    assert_eq!(lanes.into_iter().collect::<Vec<_>>(), ["1:p:cus_1"]);
}

#[tokio::test]
async fn a_stale_update_of_a_subscription_changes_nothing() {
    let (_, delivery) = hosted();
    let stale = fixture!("2025-09-30-customer.subscription.updated");
    delivery.stripe(fixture!("2025-09-30-customer.subscription.deleted")).await;
    delivery.stripe(stale).await;
    delivery.settle().await;
    let told: Vec<_> =
        delivery.said("POST /api/v2/products").into_iter().map(|(said, _)| said["status"].clone()).collect();
    assert_eq!(told, ["churned", "churned"], "the two products it had, and nothing after");
    assert_eq!(delivery.count(State::Delivered).await, 3);
}
