//! Applications to become a partner, and what is decided about them.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

const ALL: &str = "/api/v2/applications";

async fn apply(ledger: &TestLedger, name: &str) -> String {
    let body =
        json!({"email": format!("{name}@agency.example"), "first_name": name, "fields": {"audience": "smb"}});
    text(&ledger.post(ALL, &body.to_string()).await.data()["key"])
}

async fn decide(ledger: &TestLedger, key: &str, decision: Value) -> Reply {
    let path = format!("{ALL}/{key}");
    ledger.request(&ledger.production(), "PATCH", &path, &decision.to_string()).await
}

#[tokio::test]
async fn an_approved_applicant_becomes_a_partner_once() {
    let ledger = TestLedger::open().await;
    let key = apply(&ledger, "robin").await;
    assert_eq!(ledger.get(&format!("{ALL}/{key}")).await.data()["status"], "pending");
    assert_eq!(ledger.get("/api/v2/partnerships/robin@agency.example").await.status, 404);
    let approved = decide(&ledger, &key, json!({"status": "approved"})).await.data();
    let partner = ledger.get("/api/v2/partnerships/robin@agency.example").await.data();
    assert_eq!(approved["partnership_key"], partner["key"]);
    assert_eq!(
        (&partner["first_name"], &partner["last_name"], &partner["group"]["default"], &partner["fields"]),
        (&json!("robin"), &json!(""), &json!(true), &json!([{"api_name": "audience", "value": "smb"}]))
    );
    assert_eq!(decide(&ledger, &key, json!({"status": "approved"})).await.data(), approved);
    let late = decide(&ledger, &key, json!({"status": "declined", "reason": "changed our mind"})).await;
    assert_eq!(late.error(), (409, "application_approved".to_owned(), "status".to_owned()));
    let again = json!({"email": "robin@agency.example"}).to_string();
    assert_eq!(ledger.post(ALL, &again).await.error().1, "partnership_exists");
}

#[tokio::test]
async fn a_declined_applicant_may_apply_again_and_be_approved_later() {
    let ledger = TestLedger::open().await;
    let key = apply(&ledger, "robin").await;
    let again = json!({"email": "robin@agency.example"}).to_string();
    assert_eq!(
        ledger.post(ALL, &again).await.error(),
        (409, "application_exists".to_owned(), "email".to_owned())
    );
    assert_eq!(decide(&ledger, &key, json!({"status": "declined"})).await.error().2, "reason");
    assert_eq!(decide(&ledger, &key, json!({"status": "pending"})).await.error().2, "status");
    let declined = decide(&ledger, &key, json!({"decision": "declined", "reason": "too small"})).await.data();
    assert_eq!((&declined["reason"], &declined["partnership_key"]), (&json!("too small"), &Value::Null));
    ledger.post(ALL, &again).await.data();
    assert_eq!(decide(&ledger, &key, json!({"status": "approved"})).await.data()["status"], "approved");
}

#[tokio::test]
async fn many_applications_are_decided_together_or_not_at_all() {
    let ledger = TestLedger::open().await;
    let keys = [apply(&ledger, "robin").await, apply(&ledger, "wren").await];
    let patch =
        async |body: Value| ledger.request(&ledger.production(), "PATCH", ALL, &body.to_string()).await;
    let wrong = patch(json!({"keys": [keys[0], "appl_none"], "status": "approved"})).await;
    assert_eq!(wrong.error().1, "application_not_found");
    let listed = async |query: &str| {
        let page = ledger.get(&format!("{ALL}?{query}")).await.data();
        page["items"].as_array().unwrap().iter().map(|item| text(&item["key"])).collect::<Vec<_>>()
    };
    assert_eq!(listed("status=pending").await.len(), 2);
    let decided = patch(json!({"keys": keys, "status": "approved"})).await.data();
    assert_eq!(decided["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed("status=pending").await.len(), 0);
    assert_eq!(listed("status=approved&group_key=partners&order_by=created_at").await, keys);
    assert_eq!(listed("email=wren@agency.example").await, [keys[1].clone()]);
    for count in [0, 251] {
        let body = json!({"keys": vec!["appl_x"; count], "status": "approved"});
        assert_eq!(patch(body).await.error().2, "keys");
    }
    assert_eq!(ledger.get(&format!("{ALL}?status=maybe")).await.error().2, "status");
}

#[tokio::test]
async fn a_group_may_take_no_applications() {
    let ledger = TestLedger::open().await;
    let group = json!({"name": "Closed", "features": {"application_enabled": false}}).to_string();
    let group = ledger.post("/api/v2/groups", &group).await.data();
    let features = json!({"application_enabled": false, "deals_enabled": true, "disable_link_create": false,
                          "leads_enabled": true});
    assert_eq!(group["features"], features);
    let body = json!({"email": "r@agency.example", "group_key": "closed"}).to_string();
    assert_eq!(ledger.post(ALL, &body).await.error().1, "applications_disabled");
    assert_eq!(ledger.request(&ledger.test(), "POST", ALL, &body).await.error().1, "test_key_read_only");
}
