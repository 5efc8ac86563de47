//! Subscriptions, with their events in any order of arrival (issue 8, line S3).

use headwater_testkit::{Headwater, KitOptions, START, stripe::event};
use serde_json::{Value, json};

use crate::stage::{signed_up, tell};
use crate::stripe::{Item, invoice, line, paid, subscription};

const INBOX: [Item<'_>; 1] = [("inbox", 9900)];

/// Delivers that the subscription had this status, `before` milliseconds before [`START`].
async fn told(headwater: &Headwater, id: &str, before: i64, status: &str, items: &[Item<'_>]) {
    let kind = match status {
        "canceled" => "customer.subscription.deleted",
        _ => "customer.subscription.updated",
    };
    tell(headwater, &event(id, kind, START - before, &subscription(status, items))).await;
}

/// Delivers that invoice `in_1` was paid `before` milliseconds before [`START`].
async fn pays(headwater: &Headwater, before: i64, lines: &[Value]) {
    let gross = lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
    let mut invoice = invoice(lines, gross);
    invoice["status_transitions"] = json!({"paid_at": (START - before).div_euclid(1000)});
    tell(headwater, &paid(START - before, &invoice)).await;
}

#[tokio::test]
async fn a_stale_subscription_update_does_not_revive_a_deleted_one() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 100_000, "active", &INBOX).await;
    told(&headwater, "evt_3", 10_000, "canceled", &INBOX).await;
    told(&headwater, "evt_2", 50_000, "active", &INBOX).await;
    assert_eq!(
        headwater.all("products").await[0]["status"],
        "churned",
        "{}",
        headwater.describe_entries().await
    );
}

#[tokio::test]
async fn a_payment_that_arrives_after_a_later_cancellation_still_earns() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 100_000, "active", &INBOX).await;
    told(&headwater, "evt_2", 10_000, "canceled", &INBOX).await;
    pays(&headwater, 50_000, &[line("il_1", "inbox", 9900)]).await;
    assert_eq!(headwater.balance("robin").await, 1980, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_payment_after_the_cancellation_earns_nothing_in_any_order_of_arrival() {
    for payment_first in [false, true] {
        let headwater = signed_up(KitOptions::default()).await;
        told(&headwater, "evt_1", 100_000, "active", &INBOX).await;
        if payment_first {
            pays(&headwater, 10_000, &[line("il_1", "inbox", 9900)]).await;
        }
        told(&headwater, "evt_2", 50_000, "canceled", &INBOX).await;
        if !payment_first {
            pays(&headwater, 10_000, &[line("il_1", "inbox", 9900)]).await;
        }
        assert_eq!(
            headwater.balance("robin").await,
            0,
            "{payment_first}: {}",
            headwater.describe_entries().await
        );
    }
}

#[tokio::test]
async fn a_payment_that_arrives_before_the_end_of_its_trial_earns() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 100_000, "trialing", &INBOX).await;
    pays(&headwater, 49_000, &[line("il_1", "inbox", 9900)]).await;
    told(&headwater, "evt_2", 50_000, "active", &INBOX).await;
    assert_eq!(headwater.balance("robin").await, 1980, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn the_first_payment_of_an_incomplete_subscription_earns_and_leaves_it_active() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 50_000, "incomplete", &INBOX).await;
    pays(&headwater, 50_000, &[line("il_1", "inbox", 9900)]).await;
    told(&headwater, "evt_2", 50_000, "active", &INBOX).await;
    assert_eq!(headwater.balance("robin").await, 1980, "{}", headwater.describe_entries().await);
    assert_eq!(
        headwater.all("products").await[0]["status"],
        "active",
        "{}",
        headwater.describe_entries().await
    );
}

#[tokio::test]
async fn a_changed_plan_does_not_change_what_the_old_plan_earned() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 100_000, "active", &[("live_chat", 4900)]).await;
    pays(&headwater, 90_000, &[line("il_1", "live_chat", 4900)]).await;
    told(&headwater, "evt_2", 50_000, "active", &INBOX).await;
    assert_eq!(headwater.balance("robin").await, 490, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn the_credit_for_a_replaced_plan_is_taken_back_at_its_own_rate() {
    let headwater = signed_up(KitOptions::default()).await;
    told(&headwater, "evt_1", 100_000, "active", &INBOX).await;
    // A proration credits the old price of the same subscription item.
    let mut credit = line("il_1", "live_chat", -2000);
    credit["parent"] = line("il_1", "inbox", -2000)["parent"].clone();
    pays(&headwater, 50_000, &[credit, line("il_2", "inbox", 9900)]).await;
    assert_eq!(headwater.balance("robin").await, 1980 - 200, "{}", headwater.describe_entries().await);
}
