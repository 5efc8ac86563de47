//! Bounds of the API's fields: what lies on the bound is taken, what lies beyond is refused with its field.

use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, DESCRIPTION_MAX, EMAIL_MAX, METADATA_ENTRIES_MAX, METADATA_NAME_MAX,
    METADATA_VALUE_MAX, NAME_MAX, TRANSACTION_KEY_MAX,
};
use serde_json::{Map, Value, json};

use crate::shop::Shop;

/// Sends `base` with each change as `source`: `None` if it must be taken, or the field that must be at fault.
async fn check(shop: &Shop, source: &str, path: &str, base: Value, cases: Vec<(Value, Option<&str>)>) {
    for (change, at_fault) in cases {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let reply = shop.post_as(source, path, body).await;
        match at_fault {
            None => assert!(reply.status < 300, "{path} {change}: {}", reply.text),
            Some(field) => assert_eq!((reply.error().0, reply.error().2.as_str()), (400, field), "{path}"),
        }
    }
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn entries(count: usize, name_length: usize) -> Map<String, Value> {
    (0..count).map(|at| (format!("{at:0>name_length$}"), json!(at))).collect()
}

#[tokio::test]
async fn the_bounds_of_a_payment() {
    let shop = Shop::open().await;
    let cases = vec![
        (json!({"created_at": 0}), None),
        (json!({"created_at": -1}), Some("created_at")),
        (json!({"key": long(TRANSACTION_KEY_MAX)}), None),
        (json!({"key": long(TRANSACTION_KEY_MAX + 1)}), Some("key")),
        (json!({"subscription_key": ""}), Some("subscription_key")),
        (json!({"subscription_key": long(CUSTOMER_KEY_MAX + 1)}), Some("subscription_key")),
        (json!({"product_key": "", "category_key": long(CUSTOMER_KEY_MAX)}), None),
        (json!({"product_key": long(CUSTOMER_KEY_MAX + 1)}), Some("product_key")),
        (json!({"category_key": long(CUSTOMER_KEY_MAX + 1)}), Some("category_key")),
        (json!({"metadata": entries(METADATA_ENTRIES_MAX, METADATA_NAME_MAX)}), None),
        (json!({"metadata": entries(METADATA_ENTRIES_MAX + 1, 2)}), Some("metadata")),
        (json!({"metadata": entries(METADATA_ENTRIES_MAX + 2, 2)}), Some("metadata")),
        (json!({"metadata": {long(METADATA_NAME_MAX + 1): 1}}), Some("metadata")),
        (json!({"metadata": {"": 1}}), Some("metadata")),
        (json!({"metadata": {"n": long(METADATA_VALUE_MAX), "b": true, "z": null}}), None),
        (json!({"metadata": {"n": []}}), Some("metadata.n")),
    ];
    let base = json!({"customer_key": "ada", "amount": 100, "currency": "USD"});
    check(&shop, "vendor", "transactions", base, cases).await;
}

#[tokio::test]
async fn the_bounds_of_a_customer() {
    let shop = Shop::open().await;
    let base = json!({"email": "bob@site.example"});
    let cases = vec![
        (json!({"customer_key": "1", "name": long(NAME_MAX)}), None),
        (json!({"customer_key": "2", "name": long(NAME_MAX + 1)}), Some("name")),
        (json!({"customer_key": long(CUSTOMER_KEY_MAX)}), None),
        (json!({"customer_key": long(CUSTOMER_KEY_MAX + 1)}), Some("customer_key")),
        (json!({"provider_key": ""}), Some("provider_key")),
        (json!({"external_key": ""}), Some("external_key")),
        (json!({"email": long(EMAIL_MAX + 1)}), Some("email")),
        (json!({"email": "a@b"}), Some("email")),
        (json!({"key": "part_wrong"}), Some("key")),
        (json!({"key": "cus_own1", "customer_key": "3"}), None),
    ];
    check(&shop, "vendor", "customers", base.clone(), cases).await;
    let taken = json!({"key": "cus_own1", "customer_key": "4", "email": "bob@site.example"});
    let taken = shop.post_as("vendor", "customers", taken).await;
    assert_eq!(taken.error(), (409, "customer_exists".to_owned(), "key".to_owned()));
    // A page may leave out the address beside the site's own id, and a wrong one is refused all the same.
    let cases = vec![
        (json!({"customer_key": "5"}), None),
        (json!({"customer_key": "6", "email": "a@b"}), Some("email")),
        (json!({}), Some("email")),
    ];
    check(&shop, "page", "customers", json!({"partner_key": "referrer"}), cases).await;
}

#[tokio::test]
async fn the_bounds_of_a_partner_and_a_group() {
    let shop = Shop::open().await;
    let tags = |count: usize| json!({"tags": vec!["t"; count]});
    let cases = vec![
        (tags(50), None),
        (tags(51), Some("tags")),
        (tags(52), Some("tags")),
        (json!({"tags": ["t", ""]}), Some("tags[1]")),
        (json!({"first_name": long(NAME_MAX + 1)}), Some("first_name")),
        (json!({"last_name": long(NAME_MAX + 1)}), Some("last_name")),
        (json!({"partner_key": ""}), Some("partner_key")),
        (json!({"group_key": "nowhere", "email": "wren@partner.example"}), Some("group_key")),
    ];
    check(&shop, "vendor", "partnerships", json!({"email": "robin@partner.example"}), cases).await;
    let cases = vec![
        (json!({"name": " Top  «Agencies» 2"}), None),
        (json!({"name": "!!!"}), Some("slug")),
        (json!({"slug": ""}), Some("slug")),
        (json!({"slug": "a_b"}), Some("slug")),
        (json!({"slug": "A-1"}), None),
        (json!({"name": long(NAME_MAX + 1)}), Some("name")),
    ];
    check(&shop, "vendor", "groups", json!({"name": "Some"}), cases).await;
    assert_eq!(shop.ledger.get("/api/v2/groups/top-agencies-2").await.status, 200);
}

#[tokio::test]
async fn the_bounds_of_a_product_and_a_catalogue_entry() {
    let shop = Shop::open().await;
    let cases = vec![
        (json!({"click_xid": ""}), None),
        (json!({"click_xid": long(CUSTOMER_KEY_MAX + 1)}), Some("click_xid")),
        (json!({"external_subscription_key": ""}), Some("external_subscription_key")),
        (json!({"amount": i64::MAX}), Some("amount")),
    ];
    let base = json!({"customer_key": "ada", "product_book_key": "book/Inbox", "status": "active"});
    check(&shop, "vendor", "products", base, cases).await;
    let cases = vec![
        (json!({"description": long(DESCRIPTION_MAX)}), None),
        (json!({"description": long(DESCRIPTION_MAX + 1)}), Some("description")),
        (json!({"external_key": ""}), Some("external_key")),
        (json!({"name": ""}), Some("name")),
    ];
    check(&shop, "vendor", "product_book", json!({"name": "More"}), cases).await;
    for change in [json!({"name": ""}), json!({"external_key": ""})] {
        assert_eq!(shop.patch("/api/v2/product-book/book%2FInbox", change).await.error().0, 400);
    }
}

#[tokio::test]
async fn the_bounds_of_a_trigger() {
    let shop = Shop::open().await;
    let named = |groups: usize, tags: usize| json!({"eligibility": {"groups": vec!["g"; groups], "tags": vec!["t"; tags]}});
    let cases = vec![
        (named(60, 40), None),
        (named(60, 41), Some("eligibility")),
        (named(0, 102), Some("eligibility")),
        (json!({"name": ""}), Some("name")),
        (json!({"offer_description": long(DESCRIPTION_MAX + 1)}), Some("offer_description")),
    ];
    let base = json!({"name": "n", "offer_description": "o", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "1"}});
    check(&shop, "vendor", "triggers", base, cases).await;
}

#[tokio::test]
async fn a_member_of_a_team_is_made_within_bounds_and_once() {
    let shop = Shop::open().await;
    let cases = vec![
        (json!({"name": long(NAME_MAX + 1)}), Some("name")),
        (json!({"email": "a@b"}), Some("email")),
        (json!({"key": "stck_own1", "name": long(NAME_MAX)}), None),
    ];
    let base = json!({"partnership_key": "referrer", "email": "sam@partner.example"});
    check(&shop, "vendor", "members", base.clone(), cases).await;
    let again = shop.post_as("vendor", "members", base).await;
    assert_eq!(again.error(), (409, "member_exists".to_owned(), "email".to_owned()));
}
