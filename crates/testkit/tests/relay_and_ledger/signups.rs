//! Signups and claims of pages (issue 8, lines 4, 10, 18).

use headwater_protocol::v2::ClaimPolicy;
use headwater_testkit::{KitOptions, START, TestEvent, stripe::event};
use serde_json::json;

use crate::stage::{signed_up, signup, tell, with_catalogue};
use crate::stripe::subscription;

#[tokio::test]
async fn a_signup_without_an_email_becomes_a_customer() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let data = json!({"customer_key": "gk_1", "partner_key": "robin"});
    headwater.event(TestEvent::of_page("signup", data)).await.expect(202);
    headwater.deliver().await;
    assert_eq!(headwater.all("customers").await.len(), 1, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn an_accepted_claim_with_products_becomes_one_payment() {
    let headwater =
        with_catalogue(KitOptions { checkout_amounts: ClaimPolicy::Accept, ..KitOptions::default() }).await;
    headwater.event(signup()).await.expect(202);
    let checkout = json!({
        "customer_key": "gk_1",
        "products": [{"product_book_key": "inbox", "external_subscription_key": "sub_1"}],
        "transaction": {"amount": 9900, "currency": "USD", "subscription_key": "sub_1"},
    });
    headwater.event(TestEvent::of_page("checkout", checkout)).await.expect(202);
    headwater.deliver().await;
    assert_eq!(headwater.all("transactions").await.len(), 1, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn a_page_cannot_revive_a_churned_product() {
    let headwater =
        signed_up(KitOptions { checkout_amounts: ClaimPolicy::Ignore, ..KitOptions::default() }).await;
    let inbox = [("inbox", 9900)];
    let begun = subscription("active", &inbox);
    tell(&headwater, &event("evt_1", "customer.subscription.created", START - 100_000, &begun)).await;
    let ended = subscription("canceled", &inbox);
    tell(&headwater, &event("evt_2", "customer.subscription.deleted", START - 10_000, &ended)).await;
    assert_eq!(
        headwater.all("products").await[0]["status"],
        "churned",
        "{}",
        headwater.describe_entries().await
    );
    let product = json!({"product_book_key": "inbox", "external_subscription_key": "sub_1", "amount": 1, "currency": "USD"});
    let checkout = json!({"customer_key": "gk_1", "products": [product]});
    headwater.event(TestEvent::of_page("checkout", checkout)).await.expect(202);
    headwater.deliver().await;
    let products = headwater.all("products").await;
    assert_eq!((&products[0]["status"], &products[0]["amount"]), (&json!("churned"), &json!(9900)));
}
