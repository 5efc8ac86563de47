//! Conversions: who is credited with one, what becomes of its members, and what a repeated one changes (api.md section
//! 4, trust.md section 2).

use headwater_protocol::limits::{SUB_ID_MAX, SUB_IDS_MAX};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

async fn convert(shop: &Shop, source: &str, body: Value) -> Value {
    shop.ledger.send_as(source, "POST", "/conversion/xid", &body).await.data()
}

async fn customer(shop: &Shop, key: &str) -> Value {
    shop.ledger.get(&format!("/api/v2/customers/{key}")).await.data()
}

#[tokio::test]
async fn a_recorded_click_counts_before_the_partner_key_beside_it() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    shop.ledger.link("referrer", "gk", "https://www.example.com/").await;
    let xid = shop.ledger.click("/gk").await;
    for (key, xid, partner_key, credited) in [
        ("both", xid.as_str(), "robin", "referrer"),
        ("same", xid.as_str(), "referrer", "referrer"),
        ("unknown-click", "abcdefghijkl12", "robin", "robin"),
        ("unknown-key", xid.as_str(), "nobody", "referrer"),
    ] {
        let body = json!({"xid": xid, "customer_key": key, "partner_key": partner_key});
        assert_eq!(convert(&shop, "page", body).await["outcome"], "created", "{key}");
        assert_eq!(customer(&shop, key).await["partner_key"], credited, "{key}");
    }
    shop.delete("/api/v2/partnerships/robin").await.data();
    let body = json!({"xid": "abcdefghijkl12", "customer_key": "late", "partner_key": "robin"});
    assert_eq!(convert(&shop, "page", body).await["outcome"], "unknown_xid", "an archived partner");
}

#[tokio::test]
async fn a_page_that_converts_by_an_id_which_was_given_up_makes_nobody() {
    let shop = Shop::open().await;
    shop.patch("/api/v2/customers/ada", json!({"customer_key": "ada-2"})).await.data();
    let body = json!({"xid": "abcdefghijkl12", "customer_key": "ada", "partner_key": "referrer"});
    let told = convert(&shop, "page", body.clone()).await;
    assert_eq!(
        (&told["outcome"], &told["customer_key"]),
        (&json!("repeated"), &customer(&shop, "ada-2").await["key"])
    );
    let pay = async || shop.pay("paid-1", 900, "none").await;
    assert_eq!(pay().await.error().1, "customer_renamed", "not a payment of a customer that a page has made");
    // The company's own server gives the id to somebody else.
    assert_eq!(convert(&shop, "vendor", body).await["outcome"], "created");
    assert_ne!(pay().await.data()["customer"]["key"], told["customer_key"]);
}

#[tokio::test]
async fn every_member_of_a_conversion_is_kept() {
    let shop = Shop::open().await;
    shop.ledger.link("referrer", "gk", "https://www.example.com/").await;
    let xid = shop.ledger.click("/gk?sid=mail").await;
    let body = json!({
        "xid": xid, "customer_key": "full", "email": "full@site.example", "name": "Full Name",
        "provider_key": "cus_full", "sub_ids": ["own"], "meta": {"plan": "pro"},
    });
    convert(&shop, "vendor", body).await;
    let made = customer(&shop, "cus_full").await;
    assert!(text(&made["key"]).starts_with("cus_"), "{made}");
    for (member, value) in [
        ("customer_key", json!("full")),
        ("email", json!("full@site.example")),
        ("name", json!("Full Name")),
        ("provider_key", json!("cus_full")),
        ("source_key", json!(xid)),
        ("source_type", json!("click")),
        ("meta", json!({"plan": "pro"})),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    let empty = json!({"xid": xid, "customer_key": "plain", "email": "", "provider_key": ""});
    convert(&shop, "vendor", empty).await;
    let made = customer(&shop, "plain").await;
    assert_eq!((&made["email"], &made["provider_key"]), (&json!(""), &Value::Null));
    for (key, sub_ids) in [("full", json!(["own"])), ("plain", json!(["mail"]))] {
        let paid = json!({"customer_key": key, "amount": 100, "currency": "USD"});
        let paid = shop.post_as("vendor", "transactions", paid).await.data();
        assert_eq!(paid["customer"]["sub_ids"], sub_ids, "{key}");
    }
}

#[tokio::test]
async fn a_conversion_of_too_many_or_too_long_texts_is_refused_and_the_longest_taken() {
    let shop = Shop::open().await;
    let body = |key: &str, sub_ids: Vec<String>| json!({"xid": "abcdefghijkl12", "customer_key": key, "partner_key": "referrer", "sub_ids": sub_ids});
    let most = body("most", vec!["s".repeat(SUB_ID_MAX); SUB_IDS_MAX]);
    assert_eq!(convert(&shop, "page", most).await["outcome"], "created");
    let cases = [
        (body("a", vec![String::new(); SUB_IDS_MAX + 1]), "sub_ids"),
        (body("a", vec![String::new(), "s".repeat(SUB_ID_MAX + 1)]), "sub_ids[1]"),
        (body("", Vec::new()), "customer_key"),
        (json!({"xid": "", "customer_key": "a"}), "xid"),
        (json!({"xid": "x", "customer_key": "a", "name": "n".repeat(101)}), "name"),
        (json!({"xid": "x", "customer_key": "a", "email": "e".repeat(256)}), "email"),
        (json!({"xid": "x", "customer_key": "a", "provider_key": "p".repeat(256)}), "provider_key"),
    ];
    for (body, field) in cases {
        let refused = shop.ledger.send_as("page", "POST", "/conversion/xid", &body).await;
        assert_eq!(refused.error(), (400, "out_of_range".to_owned(), field.to_owned()));
    }
}

#[tokio::test]
async fn a_repeated_conversion_is_weighed_by_the_trust_in_its_source() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    let convert = async |source: &str, partner: &str| {
        let body = json!({"xid": "abcdefghijkl12", "customer_key": "gk_1", "partner_key": partner});
        text(&convert(&shop, source, body).await["outcome"])
    };
    let state = async || {
        let row = customer(&shop, "gk_1").await;
        let history = shop.ledger.get("/api/v2/customers/gk_1/history").await.data();
        let contested =
            history["items"].as_array().unwrap().iter().filter(|row| row["field"] == "contested").count();
        (text(&row["partner_key"]), text(&row["source"]), contested)
    };
    let is = |partner: &str, source: &str, contested| (partner.to_owned(), source.to_owned(), contested);
    assert_eq!(convert("page", "robin").await, "created");
    assert_eq!(convert("page", "robin").await, "repeated");
    assert_eq!(state().await, is("robin", "page", 0));
    assert_eq!(convert("page", "referrer").await, "repeated");
    assert_eq!(state().await, is("robin", "page", 1), "two pages name two partners");
    assert_eq!(convert("vendor", "referrer").await, "repeated");
    assert_eq!(state().await, is("referrer", "vendor", 1), "the company knows better");
    for source in ["vendor", "billing", "page"] {
        assert_eq!(convert(source, "robin").await, "repeated");
        assert_eq!(state().await, is("referrer", "vendor", 1), "{source}: who was named once stays");
    }
}
