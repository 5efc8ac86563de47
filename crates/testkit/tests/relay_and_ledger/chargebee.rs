//! Chargebee's whole webhooks, from its credentials to the commissions.

use base64::Engine as _;
use headwater_testkit::{HOUR, Headwater, KitOptions};
use serde_json::json;

use crate::stage::{signed_up, signup, with_catalogue};

const SECRET: &str = "hook:s3cret_example";

/// A fixture, whose products are those of the test's catalogue.
macro_rules! body {
    ($name:literal) => {
        include_str!(concat!("../../../relay/tests/fixtures/chargebee/", $name, ".json"))
            .replace("inbox-EUR-monthly", "inbox")
            .replace("live-chat-EUR-monthly", "live_chat")
    };
}

fn options() -> KitOptions {
    let settings = json!({"webhook_secrets": {"chargebee": SECRET}});
    KitOptions { settings, ..KitOptions::default() }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

async fn tell(headwater: &Headwater, body: &str) {
    headwater.webhook("chargebee", &[("authorization", &basic(SECRET))], body).await.expect(200);
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
async fn a_payment_earns_on_what_was_charged_before_tax_and_refunds_take_their_share() {
    let headwater = signed_up(options()).await;
    let all = [
        body!("subscription_activated"),
        body!("payment_succeeded-exclusive-tax"),
        body!("payment_refunded"),
        body!("credit_note_created"),
        body!("credit_note_created-chargeback"),
        body!("credit_note_updated-voided"),
    ];
    // 20 % of 100.00 of 119.00; a refund of 59.50, reported twice; a chargeback of all of it, which was won.
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 2000, 1000, 1000, 0, 1000], "{}", headwater.describe_entries().await);
    let payments = headwater.all("transactions").await;
    assert_eq!((payments.len(), &payments[0]["amount"]), (1, &json!(10_000)));
    assert_eq!(payments[0]["created_at"], 1_775_514_525_000_i64, "the day it was paid");
}

#[tokio::test]
async fn a_coupon_and_the_tax_in_a_price_earn_nothing() {
    let headwater = signed_up(options()).await;
    let all = [body!("subscription_activated"), body!("payment_succeeded-inclusive-tax-coupon")];
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 1600], "20 % of 80.00: {}", headwater.describe_entries().await);
}

#[tokio::test]
async fn each_product_of_a_subscription_earns_at_its_own_rate() {
    let headwater = signed_up(options()).await;
    let all = [body!("subscription_changed-two-products"), body!("payment_succeeded-two-products")];
    // 20 % of 99.00 and 10 % of 98.00; the one-time charge is for no product of the catalogue.
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 1980 + 980], "{}", headwater.describe_entries().await);
    let mut keys: Vec<_> = headwater
        .all("products")
        .await
        .into_iter()
        .map(|product| product["external_subscription_key"].clone())
        .collect();
    keys.sort_by_key(ToString::to_string);
    assert_eq!(keys, ["sub_1/inbox", "sub_1/live_chat"]);
}

#[tokio::test]
async fn five_deliveries_of_every_webhook_count_once() {
    let headwater = signed_up(options()).await;
    for body in
        [body!("subscription_activated"), body!("payment_succeeded-exclusive-tax"), body!("payment_refunded")]
    {
        for _ in 0..5 {
            tell(&headwater, &body).await;
        }
    }
    assert_eq!(headwater.all("transactions").await.len(), 1);
    assert_eq!(headwater.balance("robin").await, 1000, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn the_reversed_order_ends_in_the_same_ledger() {
    let headwater = with_catalogue(options()).await;
    let all = [
        body!("credit_note_updated-voided"),
        body!("credit_note_created-chargeback"),
        body!("payment_refunded"),
        body!("payment_succeeded-exclusive-tax"),
        body!("subscription_activated"),
    ];
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0; 5], "nobody is known yet");
    headwater.event(signup()).await.expect(202);
    headwater.deliver_for(2 * HOUR).await;
    assert_eq!(headwater.balance("robin").await, 1000, "{}", headwater.describe_entries().await);
    let waiting = headwater.entries().await.into_iter().filter(|entry| entry["state"] != "delivered");
    assert_eq!(waiting.count(), 0, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_direct_debit_that_fails_late_takes_back_until_it_is_paid_again() {
    let headwater = signed_up(options()).await;
    let all = [
        body!("subscription_activated"),
        body!("payment_succeeded-exclusive-tax"),
        body!("payment_failed-late"),
        body!("payment_succeeded-after-a-late-failure"),
        body!("invoice_updated-voided"),
    ];
    let after = balances(&headwater, &all).await;
    assert_eq!(after, [0, 2000, 0, 2000, 0], "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_customer_and_their_trial_are_made_from_webhooks_alone() {
    let headwater = with_catalogue(options()).await;
    tell(&headwater, &body!("customer_created")).await;
    tell(&headwater, &body!("subscription_created-trial")).await;
    let customers = headwater.all("customers").await;
    assert_eq!((customers.len(), &customers[0]["customer_key"]), (1, &json!("gk_1")));
    assert_eq!(customers[0]["provider_key"], "cb_1", "{}", headwater.describe_entries().await);
    assert_eq!(
        headwater.all("products").await[0]["status"],
        "trial",
        "{}",
        headwater.describe_entries().await
    );
    tell(&headwater, &body!("subscription_cancelled")).await;
    assert_eq!(
        headwater.all("products").await[0]["status"],
        "churned",
        "{}",
        headwater.describe_entries().await
    );
}

#[tokio::test]
async fn a_webhook_with_other_credentials_changes_nothing_and_an_old_one_counts() {
    let headwater = signed_up(options()).await;
    tell(&headwater, &body!("subscription_activated")).await;
    let paid = body!("payment_succeeded-exclusive-tax");
    let other = basic("hook:another_example");
    for headers in [&[][..], &[("authorization", other.as_str())]] {
        let refused = headwater.webhook("chargebee", headers, &paid).await.expect(401);
        assert_eq!(refused.code(), "bad_signature");
    }
    headwater.deliver().await;
    assert_eq!((headwater.all("transactions").await.len(), headwater.balance("robin").await), (0, 0));
    // Chargebee sends a webhook again for days, and signs no time that could be too old.
    headwater.clock().pass(400 * 24 * HOUR);
    tell(&headwater, &paid).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
}
