//! Dry runs over many payments: in bounded steps, each payment once.

use serde_json::json;

use crate::test_ledger::TestLedger;

#[tokio::test]
async fn a_dry_run_of_many_payments_goes_on_in_bounded_steps_and_sees_each_payment_once() {
    let ledger = TestLedger::open().await;
    ledger.customer("ada").await;
    ledger.pay("ada", "first", 100).await;
    // Several payments of each millisecond, so that the number decides between them.
    ledger
        .sql(&["WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 24999) \
                INSERT INTO txn (id, program, test, key, customer, by_site_key, partnership, amount, currency, \
                refunded_total, archived, created_at, updated_at) SELECT i, program, 0, 'tran' || i, customer, 0, \
                partnership, 100, currency, 0, 0, i / 7, i FROM s, txn"])
        .await;
    let mut body = json!({"action": {"type": "commission_percent", "percent": "10"},
        "rules": {"any": (0..100).map(|amount| json!({"object": "transaction", "field": "amount",
            "operator": "is", "value": amount + 1})).collect::<Vec<_>>()}});
    let (mut steps, mut examined, mut sum) = (0, 0, 0);
    loop {
        let found = ledger.done("POST", "triggers/draft/dry_run", body.clone()).await;
        steps += 1;
        examined += found["examined"].as_i64().unwrap();
        sum += found["sums"]["USD"].as_i64().unwrap();
        if found["has_more"] == false {
            break;
        }
        body["cursor"] = found["cursor"].clone();
    }
    assert_eq!((steps, examined, sum), (3, 25_000, 250_000));
}
