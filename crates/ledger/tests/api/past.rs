//! Dry runs and replays over payments of the past (triggers.md section 1).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::START;

async fn dry_run(shop: &Shop, key: &str, body: Value) -> Value {
    shop.ledger.post(&format!("/api/v2/triggers/{key}/dry_run"), &body.to_string()).await.data()
}

async fn replay(shop: &Shop, key: &str, body: Value) -> Value {
    shop.ledger.post(&format!("/api/v2/triggers/{key}/replay"), &body.to_string()).await.data()
}

fn share(percent: &str) -> Value {
    json!({"type": "commission_percent", "percent": percent})
}

/// A shop with payments of 1.00 to 6.00, a day apart; the last is in euros.
async fn with_payments() -> Shop {
    let shop = Shop::open().await;
    for number in 1..=6_i64 {
        let currency = if number == 6 { "EUR" } else { "USD" };
        let body = json!({"customer_key": "ada", "key": format!("paid-{number}"), "amount": number * 100,
            "currency": currency, "created_at": START + number * 1000});
        shop.post_as("vendor", "transactions", body).await.data();
    }
    shop
}

#[tokio::test]
async fn a_dry_run_of_a_draft_tells_what_it_would_pay_and_changes_nothing() {
    let shop = with_payments().await;
    let rules = json!({"object": "transaction", "field": "amount", "operator": "greater_than", "value": 200});
    let told = dry_run(&shop, "draft", json!({"rules": rules, "action": share("10")})).await;
    assert_eq!((&told["examined"], &told["fired"]), (&json!(6), &json!(4)));
    assert_eq!(told["sums"], json!({"EUR": 60, "USD": 120}));
    assert_eq!((&told["has_more"], &told["cursor"]), (&json!(false), &Value::Null));
    let examples: Vec<_> = told["examples"].as_array().unwrap().iter().collect();
    let of: Vec<_> =
        examples.iter().map(|one| (&one["transaction"], &one["explanation"]["amount"])).collect();
    assert_eq!(of[0], (&json!("paid-3"), &json!(30)));
    assert_eq!(of[4], (&json!("paid-1"), &Value::Null));
    assert_eq!(examples[4]["explanation"]["failed"]["actual"], 100);
    assert_eq!(shop.amounts().await, [0; 0]);
}

#[tokio::test]
async fn a_dry_run_goes_on_in_steps_within_its_range_and_knows_the_history_of_each_time() {
    let shop = with_payments().await;
    let second = json!({"object": "customer", "field": "transaction_count", "operator": "is", "value": 2});
    let trigger = shop.trigger("transaction_created", second, share("10")).await;
    let told = dry_run(&shop, &trigger, json!({})).await;
    assert_eq!((&told["fired"], &told["sums"]), (&json!(1), &json!({"USD": 20})));
    let mut body = json!({"min_created": START + 2000, "max_created": START + 5000, "limit": 3,
        "rules": {"all": []}});
    let first = dry_run(&shop, &trigger, body.clone()).await;
    assert_eq!((&first["examined"], &first["has_more"]), (&json!(3), &json!(true)));
    assert_eq!(first["sums"], json!({"USD": 90}));
    body["cursor"] = first["cursor"].clone();
    let rest = dry_run(&shop, &trigger, body).await;
    assert_eq!((&rest["examined"], &rest["sums"]), (&json!(1), &json!({"USD": 50})));
}

#[tokio::test]
async fn a_rule_about_the_tier_pays_partners_who_are_in_it() {
    let shop = with_payments().await;
    let tier = shop.ledger.make("tiers", &json!({"name": "Gold"})).await;
    let gold = json!({"object": "partnership", "field": "tier", "operator": "is", "value": "Gold"});
    let trigger = shop.trigger("transaction_created", gold, share("10")).await;
    assert_eq!(dry_run(&shop, &trigger, json!({})).await["fired"], 0);
    shop.patch("/api/v2/partnerships/referrer", json!({"tier_key": tier["key"]})).await.data();
    assert_eq!(dry_run(&shop, &trigger, json!({})).await["fired"], 6);
    shop.pay("paid-7", 700, "none").await.data();
    assert_eq!(shop.amounts().await, [70]);
}

#[tokio::test]
async fn a_replay_pays_what_was_not_paid_and_never_twice() {
    let shop = with_payments().await;
    shop.refund("paid-2", 100).await.data();
    shop.delete("/api/v2/transactions/paid-3").await.data();
    let trigger = shop.share("10").await;
    // Made before the others, it is the first, and paid already.
    shop.pay("paid-7", 700, "none").await.data();
    let told = replay(&shop, &trigger, json!({"limit": 4})).await;
    assert_eq!(
        (&told["examined"], &told["rewards"], &told["has_more"]),
        (&json!(4), &json!(3), &json!(true))
    );
    let rest = replay(&shop, &trigger, json!({"cursor": told["cursor"]})).await;
    assert_eq!((&rest["rewards"], &rest["sums"]), (&json!(3), &json!({"EUR": 60, "USD": 90})));
    let balance = shop.balance().await;
    assert_eq!(balance, 70 + 10 + 10 + 40 + 50 + 60, "refunds are repeated");
    for _ in 0..2 {
        let again = replay(&shop, &trigger, json!({})).await;
        assert_eq!(
            (&again["examined"], &again["fired"], &again["rewards"]),
            (&json!(7), &json!(7), &json!(0))
        );
    }
    assert_eq!(shop.balance().await, balance);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_replay_of_a_drip_is_due_from_the_time_of_the_payment() {
    let shop = with_payments().await;
    shop.ledger.pass(40 * 24 * 60 * 60 * 1000);
    let action = json!({"type": "commission_flat", "amount": 30, "currency": "USD",
        "drip": {"delay": "1m", "cycle": "1m", "occurrences": 3}});
    let fresh = json!({"object": "customer", "field": "age", "operator": "less_than", "value": 2});
    let trigger = shop.trigger("transaction_created", fresh, action).await;
    let told = replay(&shop, &trigger, json!({"max_created": START + 1000})).await;
    assert_eq!((&told["fired"], &told["rewards"]), (&json!(1), &json!(3)));
    assert_eq!(shop.amounts().await, [10]);
    shop.ledger.pass(100 * 24 * 60 * 60 * 1000);
    crate::drips::run_due(&shop.ledger).await;
    assert_eq!(shop.balance().await, 30);
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused_with_a_reason() {
    let shop = with_payments().await;
    let flat = json!({"type": "commission_flat", "amount": 5, "currency": "USD"});
    let signup = shop.trigger("customer_created", json!({"all": []}), flat).await;
    let off = shop.share("10").await;
    shop.patch(&format!("/api/v2/triggers/{off}"), json!({"active": false})).await.data();
    let cases = [
        ("draft/dry_run".to_owned(), json!({}), (400, "required", "action")),
        (
            "draft/dry_run".to_owned(),
            json!({"action": share("101")}),
            (400, "out_of_range", "action.percent"),
        ),
        (format!("{off}/dry_run"), json!({"limit": 0}), (400, "out_of_range", "limit")),
        (format!("{off}/dry_run"), json!({"cursor": "x"}), (400, "unknown_cursor", "cursor")),
        (format!("{signup}/dry_run"), json!({}), (409, "trigger_without_payments", "")),
        (format!("{signup}/replay"), json!({}), (409, "trigger_without_payments", "")),
        (format!("{off}/replay"), json!({}), (409, "trigger_inactive", "")),
        ("trig_none/replay".to_owned(), json!({}), (404, "trigger_not_found", "")),
    ];
    for (path, body, expected) in cases {
        let error = shop.ledger.post(&format!("/api/v2/triggers/{path}"), &body.to_string()).await.error();
        assert_eq!((error.0, error.1.as_str(), error.2.as_str()), expected, "{path}");
    }
}

#[tokio::test]
async fn the_schema_of_rules_is_served() {
    let shop = Shop::open().await;
    let schema = shop.ledger.get("/api/v2/triggers/schema").await.data();
    assert!(schema["$defs"]["product"]["anyOf"].as_array().unwrap().len() > 20);
}
