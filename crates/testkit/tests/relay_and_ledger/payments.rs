//! Payments: the commissions they earn and the time they have (issue 8, lines S2 to S4).

use headwater_testkit::{DAY, KitOptions, MINUTE, START, TestEvent};
use serde_json::json;

use crate::stage::{signed_up, signup, subscribed, tell, with_catalogue};
use crate::stripe::{CUSTOMER, invoice, line, paid};

#[tokio::test]
async fn a_free_invoice_earns_nothing() {
    let headwater = subscribed(&[("inbox", 9900)]).await;
    let mut free = line("il_1", "inbox", 9900);
    free["discount_amounts"] = json!([{"amount": 9900, "discount": "di_1"}]);
    tell(&headwater, &paid(START, &invoice(&[free], 0))).await;
    assert_eq!(headwater.balance("robin").await, 0, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_payment_by_provider_key_follows_soon_after_its_customer() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let mut unnamed = invoice(&[line("il_1", "inbox", 9900)], 9900);
    unnamed["parent"]["subscription_details"]["metadata"] = json!({});
    assert_eq!(unnamed["customer"], CUSTOMER);
    tell(&headwater, &paid(START, &unnamed)).await;
    assert_eq!(headwater.entries().await[0]["state"], "parked", "{}", headwater.describe_entries().await);
    headwater.event(signup()).await.expect(202);
    headwater.deliver_for(5 * MINUTE).await;
    assert_eq!(headwater.all("transactions").await.len(), 1, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_payment_keeps_the_day_it_was_paid() {
    let headwater = signed_up(KitOptions::default()).await;
    let month_ago = START - 31 * DAY;
    let payment =
        json!({"customer": {"customer_key": "gk_1"}, "key": "pay_1", "amount": 100, "currency": "USD"});
    headwater.event(TestEvent::of_server("payment", payment).at(month_ago)).await.expect(202);
    headwater.deliver().await;
    let payments = headwater.all("transactions").await;
    assert_eq!(payments[0]["created_at"], month_ago, "{}", headwater.describe_entries().await);
}
