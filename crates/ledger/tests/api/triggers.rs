//! Triggers through the API, and why one did not fire.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

#[tokio::test]
async fn a_trigger_that_could_not_be_evaluated_is_refused_with_its_path() {
    let shop = Shop::open().await;
    let flat = json!({"type": "commission_flat", "amount": 500, "currency": "USD"});
    let share = |percent: &str| json!({"type": "commission_percent", "percent": percent});
    let wrong = json!({"object": "product", "field": "colour", "operator": "is", "value": "x"});
    let cases = [
        ("transaction_created", json!({"all": [wrong]}), flat.clone(), "rules.all[0].field"),
        ("transaction_created", json!({"any": []}), flat, "rules.any"),
        ("transaction_created", json!({"all": []}), share("100.1"), "action.percent"),
        ("customer_created", json!({"all": []}), share("10"), "action.type"),
    ];
    for (event, rules, action, field) in cases {
        let body = json!({
            "name": "n", "offer_description": "o", "event": event, "rules": rules, "action": action
        });
        let reply = shop.ledger.post("/api/v2/triggers", &body.to_string()).await;
        assert_eq!((reply.error().0, reply.error().2.as_str()), (400, field), "{}", reply.text);
    }
    let list = shop.ledger.get("/api/v2/triggers?order_by=position").await.data();
    let places: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| item["position"].clone()).collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

#[tokio::test]
async fn an_inactive_or_archived_trigger_does_not_fire() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    let list = shop.ledger.get("/api/v2/triggers").await.data();
    let inbox = list["items"].as_array().unwrap().iter().find(|item| text(&item["name"]).ends_with("Inbox"));
    let path = format!("/api/v2/triggers/{}", text(&inbox.unwrap()["key"]));
    shop.patch(&path, json!({"active": false})).await.data();
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    shop.patch(&path, json!({"active": true, "action": {"type": "commission_percent", "percent": "12.5"}}))
        .await
        .data();
    shop.pay("invoice-2", 9900, "sub_inbox").await.data();
    shop.ledger.request(&shop.ledger.production(), "DELETE", &path, "").await.data();
    shop.pay("invoice-3", 9900, "sub_inbox").await.data();
    assert_eq!(shop.amounts().await, [1238]);
}

#[tokio::test]
async fn an_explanation_says_which_rule_failed_and_with_which_values() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({"status": "churned"})).await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    let told = shop.ledger.get("/api/v2/transactions/invoice-1/explain").await.data();
    let inbox = &told["triggers"][3];
    assert_eq!((&inbox["fired"], &inbox["amount"]), (&json!(false), &Value::Null));
    assert_eq!(
        (&inbox["failed"]["path"], &inbox["failed"]["actual"]),
        (&json!("rules.where.rules[1]"), &json!("churned"))
    );
    shop.patch("/api/v2/products/sub_inbox", json!({"status": "active"})).await.data();
    let told = shop.ledger.get("/api/v2/transactions/invoice-1/explain").await.data();
    assert_eq!((&told["triggers"][3]["fired"], &told["triggers"][3]["amount"]), (&json!(true), &json!(1980)));
    assert_eq!(told["triggers"][0]["failed"]["actual"], "Inbox");
    assert_eq!(shop.amounts().await, [0_i64; 0], "to explain is not to pay");
}

#[tokio::test]
async fn a_new_customer_pays_its_partner_once() {
    let shop = Shop::open().await;
    let flat = json!({
        "name": "signup", "offer_description": "Earn $5 for each signup", "event": "customer_created",
        "action": {"type": "commission_flat", "amount": 500, "currency": "USD"},
    });
    shop.ledger.post("/api/v2/triggers", &flat.to_string()).await.data();
    let key = shop.customer("bob", "referrer").await;
    let body = r#"{"email":"bob@site.example","customer_key":"bob"}"#;
    assert_eq!(shop.ledger.post("/api/v2/customers", body).await.status, 409);
    let rewards = shop.rewards().await;
    assert_eq!(shop.amounts().await, [500]);
    assert_eq!((&rewards[0]["customer"]["key"], &rewards[0]["transaction"]), (&json!(key), &Value::Null));
}

#[tokio::test]
async fn each_member_of_a_trigger_changes_alone_and_a_deleted_one_stays_listed_as_archived() {
    let shop = Shop::open().await;
    let path = format!("/api/v2/triggers/{}", shop.share("1").await);
    let mut expected = shop.ledger.get(&path).await.data();
    let changes = [
        ("name", json!("renamed")),
        ("offer_description", json!("Earn more")),
        (
            "rules",
            json!({"all": [{"object": "customer", "field": "transaction_count", "operator": "is", "value": 1}]}),
        ),
        ("action", json!({"type": "commission_flat", "amount": 5, "currency": "USD"})),
        ("eligibility", json!({"groups": ["gold"], "tags": ["eu"]})),
        ("active", json!(false)),
    ];
    for (member, value) in changes {
        shop.ledger.pass(1);
        let changed = shop.patch(&path, json!({member: value})).await.data();
        assert!(changed["updated_at"].as_i64() > expected["updated_at"].as_i64());
        assert_ne!(changed[member], expected[member], "{member}");
        expected["updated_at"] = changed["updated_at"].clone();
        expected[member] = changed[member].clone();
        assert_eq!(changed, expected, "{member}");
        assert_eq!(shop.ledger.get(&path).await.data(), expected, "{member}");
    }
    assert_eq!(shop.patch(&path, json!({"name": ""})).await.error().2, "name");
    shop.ledger.pass(1);
    let gone = shop.delete(&path).await.data();
    assert_eq!(gone["archived"], true);
    assert!(gone["updated_at"].as_i64() > expected["updated_at"].as_i64());
    let listed = async |query: &str| {
        shop.ledger.get(&format!("/api/v2/triggers{query}")).await.data()["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("").await, listed("?include_archived=true").await), (4, 5));
}

#[tokio::test]
async fn a_reward_names_its_trigger_and_its_offer_to_the_company() {
    let shop = Shop::open().await;
    let trigger = shop.share("1").await;
    shop.pay("invoice-1", 9900, "none").await.data();
    let reward = &shop.rewards().await[0];
    assert_eq!(
        (&reward["trigger"]["key"], &reward["offer"]["description"]),
        (&json!(trigger), &json!("Earn"))
    );
    assert_eq!(reward["customer"]["external_key"], "ada");
}
