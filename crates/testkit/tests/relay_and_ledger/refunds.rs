//! Refunds and disputes, in two API versions and in any order (issue 8, lines S1 to S3).

use headwater_testkit::{HOUR, Reply, START, stripe::event};

use crate::shapes::{charge, dispute, invoice_payment, older_charge, older_invoice, older_line};
use crate::stage::{subscribed, tell};
use crate::stripe::{invoice, line, paid};

const INBOX: [(&str, i64); 1] = [("inbox", 10_000)];

#[tokio::test]
async fn half_of_a_taxed_charge_refunded_takes_half_of_the_commission() {
    let headwater = subscribed(&INBOX).await;
    tell(&headwater, &paid(START, &older_invoice(&[older_line("il_1", "inbox", 10_000)], 11_900))).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
    tell(&headwater, &event("evt_refunded", "charge.refunded", START, &older_charge(11_900, 5950))).await;
    assert_eq!(headwater.balance("robin").await, 1000, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_refund_that_arrives_before_the_second_line_takes_back_both_commissions() {
    let headwater = subscribed(&[("live_chat", 4900), ("inbox", 9900)]).await;
    headwater.intercept(|asked| {
        let second = asked.is("POST", "/api/v2/transactions") && asked.body.contains("il_2");
        second.then(|| Reply::status(503))
    });
    let lines = [older_line("il_1", "live_chat", 4900), older_line("il_2", "inbox", 9900)];
    tell(&headwater, &paid(START, &older_invoice(&lines, 14_800))).await;
    // The charge carries no metadata: it names the customer by the provider's id only.
    tell(&headwater, &event("evt_refunded", "charge.refunded", START, &older_charge(14_800, 14_800))).await;
    headwater.let_through();
    headwater.deliver_for(2 * HOUR).await;
    let payments = headwater.all("transactions?include_archived=true").await;
    let ends = (payments.len(), headwater.balance("robin").await);
    assert_eq!(ends, (2, 0), "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_refund_of_the_present_api_version_takes_back() {
    let headwater = subscribed(&INBOX).await;
    tell(&headwater, &paid(START, &invoice(&[line("il_1", "inbox", 10_000)], 10_000))).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
    tell(&headwater, &event("evt_joined", "invoice_payment.paid", START, &invoice_payment(10_000))).await;
    tell(&headwater, &event("evt_refunded", "charge.refunded", START, &charge(10_000, 10_000))).await;
    assert_eq!(headwater.balance("robin").await, 0, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_refund_that_comes_before_its_invoice_is_joined_takes_back() {
    let headwater = subscribed(&INBOX).await;
    tell(&headwater, &event("evt_refunded", "charge.refunded", START, &charge(10_000, 10_000))).await;
    tell(&headwater, &paid(START, &invoice(&[line("il_1", "inbox", 10_000)], 10_000))).await;
    tell(&headwater, &event("evt_joined", "invoice_payment.paid", START, &invoice_payment(10_000))).await;
    headwater.deliver_for(2 * HOUR).await;
    assert_eq!(headwater.all("transactions?include_archived=true").await.len(), 1);
    assert_eq!(headwater.balance("robin").await, 0, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_dispute_takes_back_and_a_won_one_gives_back() {
    let headwater = subscribed(&INBOX).await;
    tell(&headwater, &paid(START, &older_invoice(&[older_line("il_1", "inbox", 10_000)], 10_000))).await;
    let opened = dispute(10_000, "needs_response");
    tell(&headwater, &event("evt_opened", "charge.dispute.created", START, &opened)).await;
    assert_eq!(headwater.balance("robin").await, 0, "{}", headwater.describe_entries().await);
    let won = dispute(10_000, "won");
    tell(&headwater, &event("evt_won", "charge.dispute.closed", START + 1000, &won)).await;
    assert_eq!(headwater.balance("robin").await, 2000, "{}", headwater.describe_entries().await);
}
