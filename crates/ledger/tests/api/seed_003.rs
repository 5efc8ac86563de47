//! The calls of seed 003, with their literal bodies, each in the answer that its document shows.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

const CALLS: &str = include_str!("../../../../tests/fixtures/seed-003-calls.json");

/// A ledger with what the document's calls name.
async fn open() -> TestLedger {
    let ledger = TestLedger::open().await;
    // A key of a group has the prefix `grup_`, so the document's placeholder is replaced by the group's real key.
    ledger.post("/api/v2/groups", r#"{"name":"Affiliate Program","slug":"affiliate"}"#).await.data();
    let partner = json!({"email": "partner@example.com", "partner_key": "prt_abc123", "first_name": "Jane",
        "last_name": "Doe", "group_key": "affiliate"});
    ledger.post("/api/v2/partnerships", &partner.to_string()).await.data();
    ledger
}

/// Sends a call of the document's list.
async fn send(ledger: &TestLedger, number: usize) -> Reply {
    let calls: Vec<Value> = serde_json::from_str(CALLS).unwrap();
    let (call, group) = (&calls[number], ledger.get("/api/v2/groups/affiliate").await.data());
    let path = text(&call["path"]).replace("grp_abc123", &text(&group["key"]));
    let body = text(&call["body"]);
    let reply = ledger.request(&ledger.production(), &text(&call["method"]), &path, &body).await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    assert!(reply.json().get("warnings").is_none(), "{path}: {}", reply.text);
    reply
}

/// Asserts that `told` has every member of `shown`, of the same type.
fn has_members(told: &Value, shown: &Value) {
    for (name, value) in shown.as_object().unwrap() {
        let same = std::mem::discriminant(&told[name]) == std::mem::discriminant(value);
        assert!(same, "{name} of {told}");
    }
}

#[tokio::test]
async fn every_call_of_seed_003_answers_as_its_document_shows() {
    let ledger = open().await;
    let partners = send(&ledger, 0).await.data();
    has_members(&partners, &json!({"items": [], "has_more": false, "ending_cursor": "cursor_xyz"}));
    let jane = partners["items"].as_array().unwrap().iter().find(|item| item["name"] == "Jane Doe").unwrap();
    has_members(jane, &json!({"key": "prt_abc123", "email": "partner@example.com", "name": "Jane Doe"}));
    let partner = send(&ledger, 1).await.data();
    assert_eq!(
        (&partner["email"], &partner["name"], &partner["status"]),
        (&json!("partner@example.com"), &json!("Jane Doe"), &json!("active"))
    );
    let made = send(&ledger, 2).await.data();
    // `key` is ours; the site's own id is `customer_key`, as in the official form (api.md section 3).
    assert_eq!(
        (&made["customer_key"], &made["email"], &made["partner_key"]),
        (&json!("cust_001"), &json!("user@example.com"), &json!("prt_abc123"))
    );
    has_members(&made, &json!({"key": "cust_001", "created_at": 1_700_000_000}));
    let changed = send(&ledger, 3).await.data();
    assert_eq!(
        (&changed["customer_key"], &changed["email"]),
        (&json!("cust_001"), &json!("newemail@example.com"))
    );
    let customers = send(&ledger, 4).await.data();
    has_members(&customers, &json!({"items": [], "has_more": true, "ending_cursor": "cursor_abc"}));
    assert_eq!(customers["items"][0]["customer_key"], "cust_001");
    let paid = send(&ledger, 5).await.data();
    assert_eq!(
        (&paid["customer_key"], &paid["amount"], &paid["currency"]),
        (&json!("cust_001"), &json!(9900), &json!("USD"))
    );
    // Payments are approved at once here; what waits for approval is the reward.
    has_members(&paid, &json!({"key": "txn_xyz", "status": "pending"}));
    let group = send(&ledger, 6).await.data();
    assert_eq!((&group["name"], &group["slug"]), (&json!("Affiliate Program"), &json!("affiliate")));
    for number in [7, 8] {
        let list = send(&ledger, number).await.data();
        let item = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["partner_key"] == "prt_abc123")
            .unwrap();
        assert_eq!(
            (&item["group_key"], &item["status"], &list["has_more"]),
            (&group["key"], &json!("active"), &json!(false))
        );
    }
}

#[tokio::test]
async fn a_repeated_customer_key_is_an_error_and_no_upsert() {
    let ledger = open().await;
    send(&ledger, 2).await;
    let calls: Vec<Value> = serde_json::from_str(CALLS).unwrap();
    let again = ledger.post("/api/v2/customers", &text(&calls[2]["body"])).await;
    assert_eq!(again.error().1, "customer_exists");
}
