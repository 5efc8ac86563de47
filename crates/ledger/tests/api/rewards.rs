//! Rewards as clients parse them, those that the company gives, and their filters.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, text};

async fn give(shop: &Shop, body: Value) -> Reply {
    shop.ledger.post("/api/v2/rewards", &body.to_string()).await
}

#[tokio::test]
async fn a_reward_is_shown_with_everything_it_refers_to() {
    let shop = Shop::open().await;
    shop.ledger.post("/api/v2/groups", r#"{"name":"Agencies"}"#).await.data();
    let named = json!({"group_key": "agencies", "first_name": "Robin", "last_name": "Seller"});
    shop.patch("/api/v2/partnerships/referrer", named).await.data();
    shop.patch("/api/v2/customers/ada", json!({"name": "Ada"})).await.data();
    shop.sell("Inbox", "sub_1", json!({})).await;
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    let ada = shop.ledger.get("/api/v2/customers/ada").await.data();
    let group = shop.ledger.get("/api/v2/partnerships/referrer").await.data()["group"].clone();
    let reward = shop.rewards().await.remove(0);
    let expected = json!({
        "action": null,
        "customer": {"key": ada["key"], "email": "ada@site.example", "name": "Ada", "external_key": "ada"},
        "invoice": null,
        "offer": {"key": reward["offer"]["key"], "description": "Earn 20% for every Inbox sale"},
        "partnership": {
            "key": shop.partner, "email": "referrer@partner.example", "name": "Robin Seller", "group": group,
        },
        "transaction": {"key": "invoice-1", "amount": 9900, "currency": "USD"},
        "trigger": {"key": reward["trigger"]["key"]},
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&reward[member], value, "{member}");
    }
    assert_eq!(group["slug"], "agencies");
    assert!(
        text(&reward["offer"]["key"]).starts_with("offr_")
            && text(&reward["trigger"]["key"]).starts_with("trig_")
    );
    let token = shop.ledger.partner_token(&shop.partner).await;
    let page = shop.ledger.request(&token, "GET", "/api/v2/rewards", "").await.data();
    let mut seen = expected.clone();
    seen["trigger"] = Value::Null;
    seen["customer"]["email"] = Value::Null;
    seen["customer"]["external_key"] = Value::Null;
    for (member, value) in seen.as_object().unwrap() {
        assert_eq!(&page["items"][0][member], value, "{member}");
    }
    assert_eq!(page["total"], 1);
}

#[tokio::test]
async fn the_company_gives_rewards_for_a_partner_a_customer_or_a_payment() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_1", json!({"amount": 9900, "currency": "EUR"})).await;
    let paid = json!({"customer_key": "ada", "key": "paid-1", "amount": 500, "currency": "EUR"});
    shop.ledger.post("/api/v2/transactions", &paid.to_string()).await.data();
    let target = |kind: &str, key: &str| json!({"amount": 250, "description": "Bonus", "target": {"key": key, "type": kind}});
    let seed = json!({"partner_key": "referrer", "amount": 250, "description": "Bonus"});
    for (body, customer, payment, currency) in [
        (target("partnership", &shop.partner), false, false, "USD"),
        (target("manual", "referrer"), false, false, "USD"),
        (target("customer", "ada"), true, false, "USD"),
        (target("transaction", "paid-1"), true, true, "EUR"),
        (seed, false, false, "USD"),
    ] {
        let reply = give(&shop, body.clone()).await;
        assert_eq!((reply.status, &reply.json()["message"]), (200, &json!("Reward created")), "{reply:?}");
        let made = reply.data();
        let told = (&made["amount"], &made["description"], &made["status"], &made["partnership"]["key"]);
        assert_eq!(told, (&json!(250), &json!("Bonus"), &json!("pending"), &json!(shop.partner)), "{body}");
        assert_eq!(made["currency"], currency);
        assert_eq!(
            (made["customer"].is_object(), made["transaction"].is_object()),
            (customer, payment),
            "{body}"
        );
        assert_eq!((&made["offer"], &made["trigger"]), (&Value::Null, &Value::Null));
        let path = format!("/api/v2/rewards/{}", text(&made["key"]));
        assert_eq!(shop.ledger.get(&path).await.data(), made);
    }
    // A refund of the payment takes back what was given for it, as any other reward.
    shop.ledger.request(&shop.ledger.production(), "DELETE", "/api/v2/transactions/paid-1", "").await.data();
    let rest = shop.ledger.get("/api/v2/rewards?transaction=paid-1").await.data();
    let statuses: Vec<_> = rest["items"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["declined", "declined"]);
}

#[tokio::test]
async fn a_reward_for_nobody_or_of_nothing_is_refused_by_its_field() {
    let shop = Shop::open().await;
    shop.ledger
        .post("/api/v2/customers", r#"{"email":"solo@site.example","customer_key":"solo"}"#)
        .await
        .data();
    let given = |key: &str, kind: &str| json!({"amount": 1, "description": "d", "target": {"key": key, "type": kind}});
    for (body, status, field) in [
        (json!({"amount": 1, "description": "d"}), 400, "target"),
        (json!({"amount": 0, "description": "d", "partner_key": "referrer"}), 400, "amount"),
        (json!({"amount": -5, "description": "d", "partner_key": "referrer"}), 400, "amount"),
        (json!({"amount": 50_000_000_001_i64, "description": "d", "partner_key": "referrer"}), 400, "amount"),
        (json!({"amount": 1, "description": "", "partner_key": "referrer"}), 400, "description"),
        (json!({"amount": 1, "description": "d", "partner_key": "nobody"}), 404, "partner_key"),
        (given("nobody", "customer"), 404, "target.key"),
        (given("nothing", "transaction"), 404, "target.key"),
        (given("nobody", "partnership"), 404, "target.key"),
        (given("solo", "customer"), 409, "target.key"),
        (given("ada", "deal"), 400, "target.type"),
    ] {
        let (told, _, named) = give(&shop, body.clone()).await.error();
        assert_eq!((told, named.as_str()), (status, field), "{body}");
    }
    shop.ledger
        .request(&shop.ledger.production(), "DELETE", "/api/v2/partnerships/referrer", "")
        .await
        .data();
    let late = json!({"amount": 1, "description": "d", "partner_key": "referrer"});
    assert_eq!(give(&shop, late).await.error().1, "partnership_archived");
    assert!(shop.rewards().await.is_empty());
}

#[tokio::test]
async fn lists_of_rewards_are_narrowed_by_every_filter_that_clients_send() {
    let shop = Shop::open().await;
    shop.ledger.post("/api/v2/groups", r#"{"name":"Agencies"}"#).await.data();
    shop.patch("/api/v2/partnerships/gstest", json!({"group_key": "agencies"})).await.data();
    for (partner, description) in
        [("referrer", "Bonus 100% of Q1"), ("gstest", "Bonus of Q2"), ("gstest", "Extra")]
    {
        shop.ledger.pass(1);
        let body = json!({"partner_key": partner, "amount": 100, "description": description});
        give(&shop, body).await.data();
    }
    let extra = shop.rewards().await.into_iter().find(|row| row["description"] == "Extra").unwrap();
    let extra = format!("/api/v2/rewards/{}", text(&extra["key"]));
    shop.patch(&extra, json!({"status": "approved"})).await.data();
    shop.patch(&extra, json!({"status": "paid"})).await.data();
    for (query, count) in [
        ("group_key=agencies", 2),
        ("group_key=nowhere", 0),
        ("partnership_key=gstest", 2),
        ("keywords=bonus", 2),
        ("keywords=BONUS%20OF", 1),
        ("keywords=100%25", 1),
        ("keywords=nothing", 0),
        ("description=Extra", 1),
        ("description=Ext", 0),
        ("payment_status=available", 0),
        ("payment_status=in_transit", 0),
        ("payment_status=paid_externally", 1),
        ("payment_status=withdrawn", 0),
        ("payment_status=paid_and_refunded", 0),
        ("payment_status=expired", 0),
        ("payment_status=failed", 0),
        ("payment_status=merging", 0),
        ("exclude_drip_rewards=true", 3),
        ("hide_archived_rewards=true&include_archived=true", 3),
        ("invoice_key=inv_nothing", 0),
        ("customer_key=ada", 0),
    ] {
        let list = shop.ledger.get(&format!("/api/v2/rewards?{query}")).await;
        assert!(list.json().get("warnings").is_none(), "{query}: {}", list.text);
        assert_eq!(list.data()["items"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(shop.ledger.get("/api/v2/rewards?payment_status=gone").await.error().2, "payment_status");
}
