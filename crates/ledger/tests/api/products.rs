//! Reports of products by the page, the provider and the company: which one is newer, and which one may say what.

use headwater_protocol::limits::CUSTOMER_KEY_MAX;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{START, text};

async fn product(shop: &Shop) -> Value {
    shop.ledger.get("/api/v2/products/sub_1").await.data()
}

#[tokio::test]
async fn a_page_names_no_seller() {
    let shop = Shop::open().await;
    shop.ledger.partner("mallory").await;
    let made = shop.report("page", "Inbox", "active", json!({"partnership_key": "mallory"})).await.data();
    assert_eq!(made["partnership_key"], shop.partner.as_str());
    let unknown = shop.report("billing", "Inbox", "active", json!({"customer_key": "bob"})).await;
    assert_eq!(unknown.error(), (403, "unknown_customer".to_owned(), "customer_key".to_owned()));
}

#[tokio::test]
async fn of_two_reports_of_one_moment_the_later_stage_counts() {
    let shop = Shop::open().await;
    for (status, at, known) in [
        ("active", 2000, "active"),
        ("churned", 1999, "active"),
        ("trial", 2000, "active"),
        ("churned", 2000, "churned"),
        ("active", 2000, "churned"),
        ("trial", 2001, "trial"),
        ("active", 2001, "active"),
    ] {
        shop.report("billing", "Inbox", status, json!({"occurred_at": at})).await.data();
        assert_eq!(product(&shop).await["status"], known, "{status} at {at}");
    }
}

#[tokio::test]
async fn a_repeated_report_of_one_moment_may_tell_another_amount_and_an_older_may_not() {
    let shop = Shop::open().await;
    for (amount, at, known) in [(100, 2000, 100), (200, 2000, 200), (300, 1999, 200)] {
        let told = json!({"occurred_at": at, "amount": amount, "currency": "USD"});
        shop.report("billing", "Inbox", "active", told).await.data();
        assert_eq!(product(&shop).await["amount"], amount.min(known), "{amount} at {at}");
    }
}

#[tokio::test]
async fn a_late_report_confirms_an_entry_that_was_only_claimed_and_undoes_no_change_of_plan() {
    let shop = Shop::open().await;
    let entry = async |name: &str| {
        shop.ledger.get(&format!("/api/v2/product-book/book%2F{name}")).await.data()["key"].clone()
    };
    shop.report("page", "Inbox", "active", json!({"occurred_at": 9000})).await.data();
    shop.report("billing", "Surveys", "churned", json!({"occurred_at": 1000})).await.data();
    let known = product(&shop).await;
    assert_eq!((&known["product_book_key"], &known["status"]), (&entry("Surveys").await, &json!("active")));
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 9500})).await.data();
    shop.report("billing", "Surveys", "active", json!({"occurred_at": 9400})).await.data();
    assert_eq!(product(&shop).await["product_book_key"], entry("Inbox").await);
}

#[tokio::test]
async fn a_provider_whose_price_is_not_in_the_catalogue_still_tells_the_status() {
    let shop = Shop::open().await;
    let made = shop.report("page", "Inbox", "active", json!({})).await.data();
    let told = json!({"product_book_key": "price_unknown"});
    shop.report("billing", "Inbox", "churned", told.clone()).await.data();
    let known = product(&shop).await;
    assert_eq!(
        (&known["status"], &known["product_book_key"], &known["confirmed_at"]),
        (&json!("churned"), &made["product_book_key"], &Value::Null)
    );
    let refused = shop.report("vendor", "Inbox", "active", told).await;
    assert_eq!(refused.error(), (403, "unknown_product_book".to_owned(), "product_book_key".to_owned()));
    assert_eq!(product(&shop).await["status"], "churned");
}

#[tokio::test]
async fn the_company_takes_over_what_others_reported_and_is_told_of_its_own() {
    let shop = Shop::open().await;
    shop.report("page", "Inbox", "active", json!({})).await.data();
    let taken = shop.report("vendor", "Inbox", "active", json!({})).await.data();
    assert_eq!((taken.get("source"), taken.get("confirmed_at")), (None, None), "as seed 000 shows it");
    let again = shop.report("vendor", "Inbox", "active", json!({})).await;
    let field = "external_subscription_key".to_owned();
    assert_eq!(again.error(), (409, "product_exists".to_owned(), field));
}

#[tokio::test]
async fn a_change_by_the_company_is_not_undone_by_an_older_report() {
    for (change, member, kept) in [
        (json!({"status": "churned"}), "status", json!("churned")),
        (json!({"amount": 4200}), "amount", json!(4200)),
    ] {
        let shop = Shop::open().await;
        let told = json!({"occurred_at": 1000, "amount": 100, "currency": "USD"});
        shop.report("billing", "Inbox", "active", told).await.data();
        shop.patch("/api/v2/products/sub_1", change).await.data();
        let older = json!({"occurred_at": START - 1, "amount": 100, "currency": "USD"});
        shop.report("billing", "Inbox", "active", older).await.data();
        assert_eq!(product(&shop).await[member], kept, "{member}");
    }
    let shop = Shop::open().await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.patch("/api/v2/products/sub_1", json!({"product_book_key": "book/Inbox"})).await.data();
    shop.report("billing", "Inbox", "churned", json!({"occurred_at": 2000})).await.data();
    assert_eq!(product(&shop).await["status"], "churned", "it said nothing about the status");
}

#[tokio::test]
async fn a_product_takes_no_subscription_of_another_product() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_1", json!({})).await;
    let other = text(&shop.sell("Surveys", "sub_2", json!({})).await["key"]);
    let rename = async |to: &str| {
        shop.patch(&format!("/api/v2/products/{other}"), json!({"external_subscription_key": to})).await
    };
    assert_eq!(rename("sub_1").await.error().1, "product_exists");
    assert_eq!(rename("sub_2").await.status, 200, "its own name");
    assert_eq!(rename("").await.error().2, "external_subscription_key");
    assert_eq!(rename(&"s".repeat(CUSTOMER_KEY_MAX + 1)).await.error().2, "external_subscription_key");
    shop.delete(&format!("/api/v2/products/{other}")).await.data();
    assert_eq!(rename("sub_3").await.error().1, "product_archived");
}

#[tokio::test]
async fn a_product_is_answered_with_what_was_sent() {
    let shop = Shop::open().await;
    let member = json!({"partnership_key": "referrer", "email": "sam@partner.example"});
    let member = text(&shop.post_as("vendor", "members", member).await.data()["key"]);
    let sent = json!({
        "amount": 9900, "currency": "EUR", "click_xid": "abcdefghijkl12", "metadata": {"seats": 3},
        "partnership_key": "referrer", "stack_key": member, "status": "trial",
    });
    let made = shop.sell("Inbox", "sub_1", sent.clone()).await;
    assert_eq!(product(&shop).await, made);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    shop.ledger.partner("robin").await;
    let body = json!({"customer_key": "ada", "product_book_key": "book/Inbox", "status": "active",
        "partnership_key": "robin", "stack_key": member});
    let reply = shop.post_as("vendor", "products", body).await;
    assert_eq!(reply.json()["warnings"][0]["code"], "stack_key_ignored");
    assert_eq!(reply.data()["stack_key"], Value::Null, "a member of another partner's team");
}

#[tokio::test]
async fn a_payment_makes_the_product_that_its_subscription_names() {
    let shop = Shop::open().await;
    let paid = shop.bill("in_1/il_1", 9900, 1000, &["book/Inbox"]).await.data();
    let made = product(&shop).await;
    assert_eq!(paid["product_key"], made["key"]);
    assert_eq!(
        (&made["partnership_key"], &made["status"], &made["source"]),
        (&json!(shop.partner), &json!("active"), &json!("billing"))
    );
    assert!(made["confirmed_at"].is_i64());
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn the_catalogue_answers_under_both_of_its_names() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    for path in ["/api/v2/product_book", "/api/v2/product-book"] {
        let made = ledger.post(path, r#"{"name":"Calls","external_key":"price_calls"}"#).await.data();
        let one = format!("{path}/{}", text(&made["key"]));
        assert_eq!(ledger.get(&one).await.data()["name"], "Calls");
        let changed = ledger.request(&ledger.production(), "PATCH", &one, r#"{"name":"Phone"}"#).await.data();
        assert_eq!((&changed["name"], &changed["external_key"]), (&json!("Phone"), &json!("price_calls")));
        let listed = ledger.get(&format!("{path}?external_key=price_calls")).await.data();
        assert_eq!(listed["items"], json!([changed]));
        let gone = ledger.request(&ledger.production(), "DELETE", &one, "").await.data();
        assert_eq!(gone["archived"], true);
    }
}
