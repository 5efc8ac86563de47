//! The scheduler when something goes wrong: what fails is put off and holds up nothing else.

use serde_json::{Value, json};

use crate::test_ledger::TestLedger;

const HOUR: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn a_due_thing_that_fails_is_put_off_by_an_hour_and_holds_up_no_other() {
    let ledger = TestLedger::open().await;
    let action = json!({"type": "commission_flat", "amount": 100, "currency": "USD",
        "drip": {"delay": "1d", "occurrences": 1}});
    let drip =
        json!({"name": "t", "offer_description": "Earn", "event": "transaction_created", "action": action});
    ledger.done("POST", "triggers", drip).await;
    ledger.customer("ada").await;
    for key in ["first", "second", "third"] {
        ledger.pay("ada", key, 900).await;
    }
    ledger.sql(&["UPDATE due SET kind = 'of a later version' WHERE id = (SELECT min(id) FROM due)"]).await;
    ledger.pass(24 * HOUR);
    assert!(ledger.handle.run_due().await.unwrap());
    assert!(!ledger.handle.run_due().await.unwrap(), "the one that failed is not tried at once");
    assert_eq!(ledger.number("SELECT count(*) FROM due").await, 1);
    assert_eq!(ledger.number("SELECT count(*) FROM reward WHERE status = 'scheduled'").await, 1);
    ledger.sql(&["UPDATE due SET kind = 'drip'"]).await;
    ledger.pass(HOUR - 1);
    assert!(!ledger.handle.run_due().await.unwrap());
    ledger.pass(1);
    assert!(ledger.handle.run_due().await.unwrap());
    let pending = ledger.done("GET", "rewards?status=pending", Value::Null).await;
    assert_eq!(pending["items"].as_array().unwrap().len(), 6, "20 % of each, and each installment");
    assert_eq!(ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn check_tells_of_a_cap_that_was_miscounted_and_of_an_installment_that_nothing_waits_for() {
    let ledger = TestLedger::open().await;
    let action = json!({"type": "commission_flat", "amount": 100, "currency": "USD",
        "caps": [{"per": "partner", "amounts": {"USD": 1000}}], "drip": {"delay": "1d", "occurrences": 1}});
    let drip =
        json!({"name": "t", "offer_description": "Earn", "event": "transaction_created", "action": action});
    ledger.done("POST", "triggers", drip).await;
    ledger.customer("ada").await;
    ledger.pay("ada", "first", 900).await;
    assert_eq!(ledger.check().await, [""; 0]);
    ledger.sql(&["UPDATE cap_total SET amount = amount + 7", "DELETE FROM due"]).await;
    let found = ledger.check().await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("keeps 7 USD in 0 rewards more"), "{}", found[0]);
    assert!(found[1].ends_with("is scheduled and nothing waits for it"), "{}", found[1]);
}
