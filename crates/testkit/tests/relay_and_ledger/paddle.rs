//! Paddle's whole webhooks, from the signature to the commissions.

use headwater_testkit::{ApiAnswer, HOUR, Headwater, KitOptions, MINUTE, TestEvent};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::stage::with_catalogue;

const SECRET: &str = "pdl_ntfset_example";

/// A fixture, whose products are those of the test's catalogue.
macro_rules! body {
    ($name:literal) => {
        include_str!(concat!("../../../relay/tests/fixtures/paddle/", $name, ".json"))
            .replace("pro_inbox", "inbox")
            .replace("pro_chat", "live_chat")
    };
}

async fn unknown() -> Headwater {
    let settings = json!({"webhook_secrets": {"paddle": SECRET}});
    with_catalogue(KitOptions { settings, ..KitOptions::default() }).await
}

/// A page's signup, before the customer is known to Paddle.
fn signup() -> TestEvent {
    let data = json!({"customer_key": "gk_1", "email": "ada@example.com", "partner_key": "robin"});
    TestEvent::of_page("signup", data)
}

async fn signed_up() -> Headwater {
    let headwater = unknown().await;
    headwater.event(signup()).await.expect(202);
    headwater.deliver().await;
    headwater
}

fn sign(millis: i64, body: &str) -> String {
    let seconds = millis.div_euclid(1000);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{seconds}:{body}").as_bytes());
    format!("ts={seconds};h1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn send(headwater: &Headwater, signature: &str, body: &str) -> ApiAnswer {
    headwater.webhook("paddle", &[("paddle-signature", signature)], body).await
}

async fn tell(headwater: &Headwater, body: &str) {
    send(headwater, &sign(headwater.clock().now(), body), body).await.expect(200);
    headwater.deliver().await;
}

/// Robin's balance after these webhooks, in their order.
async fn balances(headwater: &Headwater, bodies: &[String]) -> Vec<i64> {
    let mut after = Vec::new();
    for body in bodies {
        tell(headwater, body).await;
        after.push(headwater.balance("robin").await);
    }
    after
}

#[tokio::test]
async fn a_checkout_earns_on_what_was_charged_before_tax_and_adjustments_take_their_share() {
    let headwater = signed_up().await;
    let all = [
        body!("subscription.created"),
        body!("transaction.completed-checkout"),
        body!("adjustment.created-pending"),
        body!("adjustment.updated-approved"),
        body!("adjustment.created-chargeback"),
        body!("adjustment.created-chargeback_reverse"),
    ];
    // 20 % of 100.00 of 119.00; half of it refunded once that is approved; a chargeback of all of it, which was won.
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 2000, 2000, 1000, 0, 1000], "{}", headwater.describe_entries().await);
    let payments = headwater.all("transactions").await;
    assert_eq!((payments.len(), &payments[0]["amount"]), (1, &json!(10_000)));
    assert_eq!(payments[0]["created_at"], 1_775_514_525_000_i64, "the day it was paid");
    tell(&headwater, &body!("transaction.completed-renewal")).await;
    assert_eq!(headwater.balance("robin").await, 3000, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn each_product_earns_at_its_own_rate_and_a_refund_of_one_leaves_the_other() {
    let headwater = signed_up().await;
    let all = [
        body!("customer.created"),
        body!("subscription.updated-two-products"),
        body!("transaction.completed-two-products-coupon"),
        body!("adjustment.created-one-line-of-three"),
    ];
    // 20 % of 80.00 and 10 % of 78.40; the one-time set-up is for no product of the catalogue.
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 0, 1600 + 784, 1600], "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn tax_given_back_takes_no_commission_and_the_rest_takes_all_of_it() {
    let headwater = signed_up().await;
    let rest = body!("adjustment.created-chargeback")
        .replace(r#""tax": "1900""#, r#""tax": "0""#)
        .replace("11900", "10000");
    let all = [
        body!("subscription.created"),
        body!("transaction.completed-checkout"),
        body!("adjustment.created-tax"),
        rest,
    ];
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 2000, 2000, 0], "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn five_deliveries_of_every_webhook_count_once() {
    let headwater = signed_up().await;
    for body in [
        body!("subscription.created"),
        body!("transaction.completed-checkout"),
        body!("adjustment.updated-approved"),
    ] {
        for _ in 0..5 {
            tell(&headwater, &body).await;
        }
    }
    assert_eq!(headwater.all("transactions").await.len(), 1);
    assert_eq!(headwater.balance("robin").await, 1000, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn the_reversed_order_ends_in_the_same_ledger() {
    let headwater = unknown().await;
    let all = [
        body!("adjustment.created-chargeback_reverse"),
        body!("adjustment.created-chargeback"),
        body!("adjustment.updated-approved"),
        body!("adjustment.created-pending"),
        body!("transaction.completed-checkout"),
        body!("subscription.created"),
    ];
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0; 6], "nobody is known yet");
    headwater.event(signup()).await.expect(202);
    headwater.deliver_for(2 * HOUR).await;
    assert_eq!(headwater.balance("robin").await, 1000, "{}", headwater.describe_entries().await);
    let waiting = headwater.entries().await.into_iter().filter(|entry| entry["state"] != "delivered");
    assert_eq!(waiting.count(), 0, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_tampered_webhook_and_an_old_one_change_nothing() {
    let headwater = signed_up().await;
    tell(&headwater, &body!("subscription.created")).await;
    let paid = body!("transaction.completed-checkout");
    let now = headwater.clock().now();
    let tampered = paid.replace("\"10000\"", "\"90000\"");
    for (signature, body) in [
        (sign(now, &paid), &tampered),
        (sign(now - 6 * MINUTE, &paid), &paid),
        (sign(now + 6 * MINUTE, &paid), &paid),
        (String::new(), &paid),
    ] {
        let refused = send(&headwater, &signature, body).await.expect(401);
        assert_eq!(refused.code(), "bad_signature");
    }
    headwater.deliver().await;
    assert_eq!((headwater.all("transactions").await.len(), headwater.balance("robin").await), (0, 0));
    tell(&headwater, &paid).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_checkout_that_names_somebody_elses_customer_takes_nothing_from_them() {
    let headwater = signed_up().await;
    tell(&headwater, &body!("customer.created")).await;
    // Another buyer's page wrote Ada's key into its checkout.
    let stranger =
        |body: String| body.replace("ctm_1", "ctm_2").replace("sub_1", "sub_2").replace("txn_1", "txn_2");
    tell(&headwater, &stranger(body!("transaction.completed-checkout"))).await;
    tell(&headwater, &stranger(body!("subscription.created")).replace("evt_2_", "evt_22_")).await;
    let customers = headwater.all("customers").await;
    assert_eq!(customers[0]["provider_key"], "ctm_1", "{}", headwater.describe_entries().await);
    assert_eq!((headwater.all("transactions").await.len(), headwater.balance("robin").await), (0, 0));
    let parked = headwater.entries().await.into_iter().filter(|entry| entry["state"] == "parked").count();
    assert_eq!(parked, 2, "listed for a person: {}", headwater.describe_entries().await);
    tell(&headwater, &body!("subscription.created").replace("evt_2_", "evt_23_")).await;
    tell(&headwater, &body!("transaction.completed-renewal")).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
}
