//! What is stored for a time only or in memory only: idempotency answers, clicks, compiled triggers.

use headwater_store::StoreError;
use serde_json::json;

use crate::test_ledger::{START, TestLedger};

const HOUR: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn expired_answers_are_deleted_in_small_steps_and_never_in_a_request() {
    let ledger = TestLedger::open().await;
    let fill = format!(
        "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1200)
         INSERT INTO idempotency (program, test, key, request_hash, status, answer, created_at)
         SELECT {}, 0, 'old' || i, zeroblob(32), 201, '{{}}', {START} - 80 * {HOUR} + i FROM s",
        ledger.program
    );
    ledger.sql(vec![&*fill.leak()].leak()).await;
    let answers = async || ledger.number("SELECT count(*) FROM idempotency").await;
    let body = json!({"customer_key": "ada", "email": "ada@site.example"});
    let (status, _) = ledger.ask("POST", "customers", body.clone(), "old7").await;
    assert_eq!(status, 200, "an expired answer does not block its key");
    assert_eq!(answers().await, 1200, "a request deletes no answer but the one that it replaces");
    let mut left = Vec::new();
    loop {
        let more = ledger.handle.prune().await.unwrap();
        left.push(answers().await);
        if !more {
            break;
        }
    }
    assert_eq!(left, [700, 200, 1]);
    let (status, again) = ledger.ask("POST", "customers", body, "old7").await;
    assert_eq!((status, &again["data"]["customer_key"]), (200, &json!("ada")), "the first answer again");
}

#[tokio::test]
async fn clicks_are_deleted_after_thirteen_months_and_not_before() {
    let ledger = TestLedger::open().await;
    ledger
        .done(
            "POST",
            "links",
            json!({"partnership_key": "robin", "slug": "spring", "dest": "https://www.example.com/"}),
        )
        .await;
    for days in [399_i64, 401, 500] {
        let at = START - days * 24 * HOUR;
        let sql = format!(
            "INSERT INTO click (id, program, key, xid, link, partnership, sub_ids, bot, created_at, updated_at) \
             SELECT {} , program, 'c{days}', 'x{days}', id, partnership, '[]', 0, {at}, {at} FROM link",
            at << 20
        );
        let done: Result<usize, StoreError> = ledger.store.write(move |unit| unit.execute(&sql, &[])).await;
        assert_eq!(done.unwrap(), 1);
    }
    assert!(!ledger.handle.prune().await.unwrap());
    assert_eq!(ledger.number("SELECT count(*) FROM click").await, 1);
    ledger.pass(2 * 24 * HOUR);
    ledger.handle.prune().await.unwrap();
    assert_eq!(ledger.number("SELECT count(*) FROM click").await, 0);
}

#[tokio::test]
async fn each_payment_is_evaluated_with_current_triggers_also_after_a_change_was_rolled_back() {
    let ledger = TestLedger::open().await;
    ledger.customer("ada").await;
    let earned = async |key: &str| {
        let rewards =
            ledger.done("GET", &format!("rewards?transaction={key}"), serde_json::Value::Null).await;
        rewards["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reward| reward["amount"].as_i64().unwrap())
            .sum::<i64>()
    };
    ledger.pay("ada", "first", 1_000).await;
    assert_eq!(earned("first").await, 200);
    let second = ledger.trigger("10").await;
    ledger.pay("ada", "second", 1_000).await;
    assert_eq!(earned("second").await, 300);
    ledger.done("DELETE", &format!("triggers/{second}"), serde_json::Value::Null).await;
    ledger.pay("ada", "third", 1_000).await;
    assert_eq!(earned("third").await, 200);
    // A change that is rolled back after it set a new version: the next payment must not use it.
    ledger
        .sql(&[
            "CREATE TRIGGER fail BEFORE INSERT ON idempotency BEGIN SELECT RAISE(FAIL, 'on purpose'); END",
        ])
        .await;
    let body = json!({"name": "t", "offer_description": "Earn", "event": "transaction_created",
                      "action": {"type": "commission_percent", "percent": "50"}});
    let (status, _) = ledger.ask("POST", "triggers", body, "undone").await;
    assert_eq!(status, 500);
    ledger.pay("ada", "fourth", 1_000).await;
    assert_eq!(earned("fourth").await, 200);
}
