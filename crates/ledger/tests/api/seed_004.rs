//! The calls of seed 004, with their literal bodies, each in the answer that its document shows. Those of deals, leads
//! and webhooks are in the tests of these.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

const CALLS: &str = include_str!("../../../../tests/fixtures/seed-004-calls.json");

/// A ledger with what the document's calls name.
async fn open() -> TestLedger {
    let ledger = TestLedger::open().await;
    ledger.post("/api/v2/groups", r#"{"name":"Affiliates"}"#).await.data();
    let partner = json!({"email": "known@example.com", "partner_key": "prtnr_abc123"});
    ledger.post("/api/v2/partnerships", &partner.to_string()).await.data();
    let customer =
        json!({"email": "known@example.com", "customer_key": "cust_abc123", "partner_key": "prtnr_abc123"});
    ledger.post("/api/v2/customers", &customer.to_string()).await.data();
    ledger
}

/// Sends a call; the answer has the form that all of the document's have.
async fn send(ledger: &TestLedger, call: &Value) -> Reply {
    let (path, body) = (text(&call["path"]), text(&call["body"]));
    let reply = ledger.request(&ledger.production(), &text(&call["method"]), &path, &body).await;
    let whole = reply.json();
    assert_eq!((reply.status, &whole["status"]), (200, &json!(200)), "{path}: {whole}");
    assert!(whole["message"].is_string() && whole.get("warnings").is_none(), "{path}: {whole}");
    reply
}

#[tokio::test]
async fn every_call_of_seed_004_answers_as_its_document_shows() {
    let ledger = open().await;
    let calls: Vec<Value> = serde_json::from_str(CALLS).unwrap();
    let mut answers = Vec::new();
    for call in &calls {
        let data = send(&ledger, call).await.data();
        if call["method"] == "GET" {
            assert!(data["items"].is_array() && data["has_more"] == false, "{data}");
        }
        answers.push(data);
    }
    let [_, partner, _, customer, paid, action, reward, groups] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(
        (&partner["email"], &partner["group"]["slug"], &partner["first_name"]),
        (&json!("partner@example.com"), &json!("affiliates"), &json!("Jane"))
    );
    assert_eq!(
        (&customer["email"], &customer["partner_key"], &customer["name"]),
        (&json!("customer@example.com"), &json!("prtnr_abc123"), &json!("John Doe"))
    );
    assert_eq!(
        (&paid["amount"], &paid["currency"], &paid["product_key"], &paid["customer_key"]),
        (&json!(9900), &json!("USD"), &json!("pro_plan"), &json!("cust_abc123"))
    );
    assert_eq!((&action["type"], &action["value"]), (&json!("signup_completed"), &json!(1)));
    assert_eq!(
        (&reward["amount"], &reward["description"], &reward["status"]),
        (&json!(5000), &json!("Bonus for Q1 performance"), &json!("pending"))
    );
    assert_eq!(groups["items"][0]["slug"], "affiliates");
}
