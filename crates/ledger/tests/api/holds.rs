//! Rewards on hold: a claim puts them there and its confirmation releases them; what a person has decided stays
//! (trust.md sections 1.3 and 1.5).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

/// A customer whom only a page has named, referred by `partner_key`.
async fn sign_up(shop: &Shop, partner_key: &str) {
    let body = json!({"customer_key": "gk_1", "partner_key": partner_key});
    shop.post_as("page", "customers", body).await.data();
}

/// The first source but a page that names the customer.
async fn confirm(shop: &Shop) {
    shop.patch("/api/v2/customers/gk_1", json!({"name": "Grace"})).await.data();
}

async fn pay_for_signups(shop: &Shop) {
    let action = json!({"type": "commission_flat", "amount": 500, "currency": "USD"});
    shop.trigger("customer_created", json!({"all": []}), action).await;
}

async fn decide(shop: &Shop, at: usize, change: Value) {
    let path = format!("/api/v2/rewards/{}", text(&shop.rewards().await[at]["key"]));
    shop.patch(&path, change).await.data();
}

/// Status and reason of each reward.
async fn states(shop: &Shop) -> Vec<(String, String)> {
    shop.rewards().await.iter().map(|row| (text(&row["status"]), text(&row["reason"]))).collect()
}

fn is(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_confirmation_releases_what_waited_and_nothing_that_a_person_decided() {
    for (change, kept) in [
        (json!({"status": "hold"}), is("hold", "")),
        (json!({"status": "approved"}), is("approved", "")),
        (json!({"status": "declined", "reason": "fraud"}), is("declined", "fraud")),
        (json!({"status": "paid"}), is("paid", "")),
    ] {
        let shop = Shop::open().await;
        pay_for_signups(&shop).await;
        sign_up(&shop, "referrer").await;
        assert_eq!(states(&shop).await, [is("hold", "customer_claimed_by_page")]);
        decide(&shop, 0, change).await;
        confirm(&shop).await;
        assert_eq!(states(&shop).await, [kept]);
    }
    let shop = Shop::open().await;
    pay_for_signups(&shop).await;
    sign_up(&shop, "referrer").await;
    confirm(&shop).await;
    assert_eq!(states(&shop).await, [is("pending", "")]);
}

/// A claimed customer's claimed product, and a payment for it: one reward asks about products, one does not.
async fn claimed_product(shop: &Shop) {
    shop.share("1").await;
    sign_up(shop, "referrer").await;
    let told = json!({"customer_key": "gk_1"});
    shop.report("page", "Inbox", "active", told).await.data();
    let paid = json!({"customer_key": "gk_1", "key": "chk_1", "amount": 9900, "currency": "USD",
        "subscription_key": "sub_1"});
    let paid = shop.post_as("page", "transactions", paid).await.data();
    assert_eq!(paid["key"], "chk_1", "the mark of a page's payment is not repeated");
}

async fn delete_triggers(shop: &Shop, which: impl Fn(&str) -> bool) {
    let triggers = shop.ledger.get("/api/v2/triggers").await.data();
    for trigger in triggers["items"].as_array().unwrap() {
        if which(&text(&trigger["name"])) {
            shop.delete(&format!("/api/v2/triggers/{}", text(&trigger["key"]))).await.data();
        }
    }
}

#[tokio::test]
async fn a_confirmed_customer_releases_nothing_that_waits_for_its_product() {
    let shop = Shop::open().await;
    claimed_product(&shop).await;
    let waiting = [is("hold", "product_claimed_by_page"), is("pending", "")];
    assert_eq!(states(&shop).await, waiting);
    // Of the triggers that are left, one asks about products and the other does not.
    delete_triggers(&shop, |name| ["Chat", "Base", "Surveys"].iter().any(|end| name.ends_with(end))).await;
    confirm(&shop).await;
    assert_eq!(states(&shop).await, waiting);
}

#[tokio::test]
async fn a_reward_that_a_person_released_is_not_held_again() {
    let shop = Shop::open().await;
    claimed_product(&shop).await;
    pay_for_signups(&shop).await;
    decide(&shop, 0, json!({"status": "pending"})).await;
    decide(&shop, 1, json!({"status": "hold"})).await;
    confirm(&shop).await;
    assert_eq!(states(&shop).await, [is("pending", ""), is("hold", "")]);
}

#[tokio::test]
async fn a_reward_that_a_person_holds_is_not_held_anew_when_its_credit_is_contested() {
    let shop = Shop::open().await;
    pay_for_signups(&shop).await;
    shop.share("1").await;
    shop.ledger.partner("mallory").await;
    sign_up(&shop, "referrer").await;
    let paid = json!({"customer_key": "gk_1", "key": "chk_1", "amount": 9900, "currency": "USD"});
    shop.post_as("page", "transactions", paid).await.data();
    decide(&shop, 0, json!({"status": "hold"})).await;
    sign_up(&shop, "mallory").await;
    // Only what waits for the decision has its reason, and is released with it.
    assert_eq!(states(&shop).await, [is("hold", ""), is("hold", "credit_contested")]);
}

#[tokio::test]
async fn a_reward_of_an_archived_trigger_stays_on_hold() {
    let shop = Shop::open().await;
    claimed_product(&shop).await;
    delete_triggers(&shop, |_| true).await;
    confirm(&shop).await;
    assert_eq!(states(&shop).await[0], is("hold", "product_claimed_by_page"));
}

#[tokio::test]
async fn an_approved_reward_stays_approved_when_its_product_is_confirmed() {
    for contested in [false, true] {
        let shop = Shop::open().await;
        claimed_product(&shop).await;
        if contested {
            shop.ledger.partner("mallory").await;
            sign_up(&shop, "mallory").await;
        }
        decide(&shop, 0, json!({"status": "approved"})).await;
        let told = json!({"customer_key": "gk_1", "occurred_at": 1000});
        shop.report("billing", "Inbox", "active", told).await.data();
        let other = if contested { is("hold", "credit_contested") } else { is("pending", "") };
        assert_eq!(states(&shop).await, [is("approved", ""), other], "contested: {contested}");
    }
}

#[tokio::test]
async fn a_program_may_accept_or_ignore_products_that_a_page_names() {
    for (policy, earned) in [("accept", &[1980, 99][..]), ("ignore", &[99])] {
        let shop = Shop::open().await;
        shop.settings(json!({"product_claims": policy})).await.data();
        claimed_product(&shop).await;
        let rows = shop.rewards().await;
        assert!(rows.iter().all(|row| row["status"] == "pending"), "{policy}: {rows:#?}");
        assert_eq!(shop.amounts().await, earned, "{policy}");
    }
}

#[tokio::test]
async fn a_signed_signup_is_confirmed_at_once_and_more_trusted_sources_correct_it() {
    let shop = Shop::open().await;
    let sign = async |source: &str, email: &str| {
        let body = json!({"customer_key": "gk_1", "partner_key": "referrer", "email": email});
        shop.post_as(source, "customers", body).await.data()
    };
    let made = sign("signed", "one@site.example").await;
    assert_eq!((&made["source"], made["confirmed_at"].is_i64()), (&json!("signed"), true));
    for source in ["signed", "page"] {
        assert_eq!(sign(source, "two@site.example").await["email"], "one@site.example", "{source}");
    }
    let known = sign("billing", "three@site.example").await;
    assert_eq!((&known["email"], &known["source"]), (&json!("three@site.example"), &json!("billing")));
    assert_eq!(known["confirmed_at"], made["confirmed_at"]);
    assert_eq!(sign("signed", "four@site.example").await["email"], "three@site.example");
    let nobody = json!({"customer_key": "gk_2", "partner_key": "nobody"});
    assert_eq!(shop.post_as("signed", "customers", nobody).await.error().1, "unknown_partner");
    let nobody = shop.post_as("signed", "customers", json!({"customer_key": "gk_2"})).await;
    assert_eq!(nobody.error().1, "unknown_partner");
}

#[tokio::test]
async fn a_payment_raises_the_trust_in_a_signed_customer_and_not_in_the_companys() {
    let shop = Shop::open().await;
    let body = json!({"customer_key": "gk_1", "partner_key": "referrer"});
    shop.post_as("signed", "customers", body).await.data();
    for (customer, source) in [("gk_1", "billing"), ("ada", "vendor")] {
        let paid = json!({"customer_key": customer, "amount": 100, "currency": "USD"});
        shop.post_as("billing", "transactions", paid).await.data();
        let known = shop.ledger.get(&format!("/api/v2/customers/{customer}")).await.data();
        assert_eq!(known["source"], source, "{customer}");
    }
}
