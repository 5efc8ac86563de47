//! `check` reports each kind of damage, and none where only the ledger has written.

use serde_json::json;

use crate::test_ledger::TestLedger;

/// Two customers, two payments of the first, one of them partly refunded.
async fn trade() -> TestLedger {
    let ledger = TestLedger::open().await;
    ledger.customer("ada").await;
    ledger.customer("bob").await;
    ledger.pay("ada", "paid", 10_000).await;
    ledger.pay("ada", "gone", 5_000).await;
    ledger.done("POST", "transactions/paid/refund", json!({"refunded_total": 2_500})).await;
    ledger.done("POST", "actions", json!({"customer_key": "ada", "key": "call", "value": 1})).await;
    ledger
}

/// What is broken, and the invariant that must name it.
const DAMAGES: [(&[&str], &str); 12] = [
    (
        &["UPDATE partner_total SET customers = customers + 3"],
        "a partner's kept number of customers is what a count finds",
    ),
    (
        &["UPDATE partner_total SET clicks = clicks + 1"],
        "a partner's kept number of clicks is what a count finds",
    ),
    (
        &["UPDATE partner_money SET commission = commission - 1"],
        "a partner's kept revenue and commission are what a sum finds",
    ),
    (
        &["UPDATE txn SET refunded_total = 2501 WHERE key = 'paid'"],
        "a partner's kept revenue and commission are what a sum finds",
    ),
    (
        &["UPDATE txn SET amount = amount + 1 WHERE key = 'paid'"],
        "a customer's kept payments and revenue are what a sum finds",
    ),
    (
        &["UPDATE txn SET refunded_total = 10001 WHERE key = 'paid'"],
        "no payment was given back more than once",
    ),
    (
        &[
            "INSERT INTO product (id, program, test, key, product_book, customer, by_site_key, by_partner_key, \
           status, archived, created_at, updated_at) SELECT 7, program, 0, 'prod_x', id, (SELECT id FROM \
           customer WHERE customer_key = 'bob'), 0, 0, 'active', 0, 0, 0 FROM product_book",
            "UPDATE txn SET product = 7 WHERE key = 'paid'",
        ],
        "a payment's product is its customer's own",
    ),
    (
        &[
            "DROP INDEX reward_once",
            "INSERT INTO reward (id, program, test, key, partnership, customer, txn, trigger_id, event_key, amount, \
           currency, description, status, archived, created_at, updated_at) SELECT 7, program, test, 'rwrd_x', \
           partnership, customer, txn, trigger_id, event_key, amount, currency, description, status, archived, \
           created_at, updated_at FROM reward WHERE reverses IS NULL LIMIT 1",
        ],
        "a trigger pays once for each event",
    ),
    (
        &["UPDATE reward SET amount = amount * 9 WHERE reverses IS NOT NULL"],
        "reversals take no more than their reward gave",
    ),
    (
        &["UPDATE txn SET test = 1 WHERE key = 'paid'"],
        "what a payment or a reward points to is of its own program and mode",
    ),
    (
        &["UPDATE action_total SET actions = actions + 1 WHERE partnership <> 0"],
        "the kept numbers of actions are what a count finds",
    ),
    (
        &[
            "UPDATE reward SET status = 'approved', created_at = 0",
            "INSERT INTO invoice (id, program, test, key, partnership, currency, month, amount, rewards, status, \
           created_at, updated_at) SELECT 7, program, test, 'inv_x', partnership, currency, '2026-03', amount, 1, \
           'paid', 0, 0 FROM reward WHERE reverses IS NULL ORDER BY id LIMIT 1",
            "UPDATE reward SET invoice = 7 WHERE id = (SELECT min(id) FROM reward)",
        ],
        "an invoice is the sum of its rewards, which are paid with it",
    ),
];

#[tokio::test]
async fn each_damage_to_a_ledger_is_named() {
    for (damage, name) in DAMAGES {
        let ledger = trade().await;
        assert_eq!(ledger.check().await, Vec::<String>::new());
        ledger.sql(damage).await;
        let told = ledger.check().await;
        assert!(told.iter().any(|line| line.starts_with(&format!("{name}: "))), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn stored_totals_equal_a_recount_after_every_kind_of_change() {
    let ledger = trade().await;
    let customers = async || {
        ledger.done("GET", "partnerships/robin", serde_json::Value::Null).await["stats"]["CUSTOMER_COUNT"]
            .clone()
    };
    assert_eq!(customers().await, 2);
    ledger.done("PATCH", "customers/ada", json!({"name": "Ada"})).await;
    ledger.done("DELETE", "customers/bob", serde_json::Value::Null).await;
    assert_eq!(customers().await, 1);
    let action = ledger.done("GET", "actions", serde_json::Value::Null).await["items"][0]["key"].clone();
    ledger.done("DELETE", &format!("actions/{}", action.as_str().unwrap()), serde_json::Value::Null).await;
    ledger.done("DELETE", "transactions/gone", serde_json::Value::Null).await;
    ledger.done("POST", "transactions/paid/refund", json!({"refunded_total": 3_000})).await;
    // A payment before its product, which is linked when the product comes.
    let early = json!({"customer_key": "ada", "key": "early", "amount": 700, "currency": "EUR",
                       "subscription_key": "sub_1"});
    ledger.done("POST", "transactions", early).await;
    let product = json!({"customer_key": "ada", "product_book_key": "inbox", "status": "active",
                         "external_subscription_key": "sub_1"});
    ledger.done("POST", "products", product).await;
    let kept = |column: &str, currency: &str| {
        let sql = format!("SELECT {column} FROM customer_total WHERE currency = '{currency}'");
        &*sql.leak()
    };
    assert_eq!(ledger.number(kept("payments", "USD")).await, 1);
    assert_eq!(ledger.number(kept("revenue", "USD")).await, 7_000);
    assert_eq!(ledger.number(kept("revenue", "EUR")).await, 700);
    assert_eq!(ledger.check().await, Vec::<String>::new());
}

#[tokio::test]
async fn clicks_that_were_deleted_for_their_age_stay_counted() {
    let ledger = trade().await;
    ledger
        .done(
            "POST",
            "links",
            json!({"partnership_key": "robin", "slug": "go", "dest": "https://www.example.com/"}),
        )
        .await;
    let clicks = async || {
        ledger.done("GET", "partnerships/robin", serde_json::Value::Null).await["stats"]["LINK_CLICKS"]
            .clone()
    };
    for agent in ["Mozilla/5.0", "Mozilla/5.0", "a bot"] {
        ledger.click("/go", agent).await;
    }
    assert_eq!(clicks().await, 2);
    ledger.pass(401 * 24 * 60 * 60 * 1000);
    ledger.click("/go", "Mozilla/5.0").await;
    while ledger.handle.prune().await.unwrap() {}
    assert_eq!(ledger.number("SELECT count(*) FROM click").await, 1);
    assert_eq!(clicks().await, 3);
}

#[tokio::test]
async fn a_deleted_action_takes_back_what_it_earned_as_a_refund_does() {
    let ledger = TestLedger::open().await;
    ledger.customer("ada").await;
    let trigger = json!({"name": "call", "offer_description": "Earn 9 for a call", "event": "action_recorded",
        "rules": {"object": "action", "field": "type", "operator": "is", "value": "call"},
        "action": {"type": "commission_flat", "amount": 900, "currency": "USD"}});
    ledger.done("POST", "triggers", trigger).await;
    for kind in ["mail", "call"] {
        ledger.done("POST", "actions", json!({"customer_key": "ada", "key": kind, "value": 1})).await;
    }
    let listed = ledger.done("GET", "actions?action_type=call", serde_json::Value::Null).await;
    let action = &listed["items"][0];
    let path = format!("actions/{}", action["key"].as_str().unwrap());
    let rewards = ledger.done("GET", "rewards", serde_json::Value::Null).await;
    assert_eq!(rewards["items"].as_array().unwrap().len(), 1, "the mail earns nothing");
    let earned = &rewards["items"][0];
    assert_eq!(earned["action"], json!({"key": action["key"], "type": "call"}));
    ledger.done("DELETE", &path, serde_json::Value::Null).await;
    ledger.done("DELETE", &path, serde_json::Value::Null).await;
    let rows = ledger.done("GET", "rewards", serde_json::Value::Null).await;
    let told: Vec<_> =
        rows["items"].as_array().unwrap().iter().map(|row| (&row["amount"], &row["status"])).collect();
    let declined = json!("declined");
    assert_eq!(told, [(&json!(-900), &declined), (&json!(900), &declined)]);
    assert_eq!(ledger.check().await, Vec::<String>::new());
}
