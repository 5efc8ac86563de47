//! Customers and conversions.

use serde_json::{Value, json};

use crate::test_ledger::{TestLedger, text};

#[tokio::test]
async fn a_second_customer_of_the_same_id_is_refused_and_the_first_named() {
    let ledger = TestLedger::open().await;
    ledger.partner("gigakick").await;
    let body =
        r#"{"email":"ada@site.example","customer_key":"ada","partner_key":"gigakick","meta":{"plan":"pro"}}"#;
    let made = ledger.post("/api/v2/customers", body).await.data();
    assert_eq!(
        (&made["partner_key"], &made["test"], &made["mdata"]["plan"]),
        (&json!("gigakick"), &json!(false), &json!("pro"))
    );
    let again = ledger.post("/api/v2/customers", body).await;
    assert_eq!(again.error(), (409, "customer_exists".to_owned(), "customer_key".to_owned()));
    assert!(again.text.contains(&text(&made["key"])));
    let body = r#"{"email":"ada@new.example","customer_key":"ada","partner_key":"gstest"}"#;
    let upsert = ledger.post("/api/v2/customers?upsert=true", body).await;
    assert_eq!(upsert.status, 200);
    assert_eq!(upsert.json()["warnings"][0]["code"], "partner_key_ignored");
    let data = upsert.data();
    assert_eq!(
        (&data["key"], &data["email"], &data["partner_key"]),
        (&made["key"], &json!("ada@new.example"), &json!("gigakick"))
    );
}

#[tokio::test]
async fn an_empty_or_null_partner_key_is_refused_and_a_missing_one_accepted() {
    let ledger = TestLedger::open().await;
    for partner in ["\"\"", "null"] {
        let body = format!(r#"{{"email":"ada@site.example","partner_key":{partner}}}"#);
        let reply = ledger.post("/api/v2/customers", &body).await;
        assert_eq!(reply.error(), (400, "invalid_value".to_owned(), "partner_key".to_owned()));
    }
    let made = ledger.post("/api/v2/customers", r#"{"email":"ada@site.example"}"#).await.data();
    assert_eq!((&made["partner_key"], &made["customer_key"]), (&Value::Null, &json!("ada@site.example")));
}

#[tokio::test]
async fn a_customer_is_found_by_every_name_and_a_shared_address_is_ambiguous() {
    let ledger = TestLedger::open().await;
    let body = r#"{"email":"one@site.example","customer_key":"a/b c","provider_key":"cus_Stripe1","external_key":"crm-1"}"#;
    let key = text(&ledger.post("/api/v2/customers", body).await.data()["key"]);
    for name in [key.as_str(), "a%2Fb%20c", "cus_Stripe1", "crm-1", "one%40site.example"] {
        let found = ledger.get(&format!("/api/v2/customers/{name}")).await;
        assert_eq!(found.data()["key"], key.as_str(), "{name}");
    }
    ledger.post("/api/v2/customers", r#"{"email":"one@site.example","customer_key":"second"}"#).await.data();
    assert_eq!(ledger.get("/api/v2/customers/one@site.example").await.error().1, "customer_ambiguous");
    let filters = [
        ("email=one@site.example", 2),
        ("customer_key=second", 1),
        ("provider_key=cus_Stripe1", 1),
        ("customer_key=none", 0),
    ];
    for (filter, count) in filters {
        let page = ledger.get(&format!("/api/v2/customers?{filter}")).await.data();
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn who_referred_a_customer_cannot_be_changed() {
    let ledger = TestLedger::open().await;
    ledger.partner("gigakick").await;
    ledger
        .post(
            "/api/v2/customers",
            r#"{"email":"ada@site.example","customer_key":"ada","partner_key":"gigakick"}"#,
        )
        .await
        .data();
    let whose = ledger.production();
    let change =
        async |method: &str, body: &str| ledger.request(&whose, method, "/api/v2/customers/ada", body).await;
    assert_eq!(change("PATCH", r#"{"partner_key":"gstest"}"#).await.error().1, "read_only");
    let same = change("PUT", r#"{"partner_key":"gigakick","name":"Ada","provider_key":"p1"}"#).await.data();
    assert_eq!(
        (&same["name"], &same["provider_key"], &same["email"]),
        (&json!("Ada"), &json!("p1"), &json!("ada@site.example"))
    );
}

#[tokio::test]
async fn test_keys_make_and_see_test_customers_only() {
    let ledger = TestLedger::open().await;
    let body = r#"{"email":"ada@site.example","customer_key":"ada"}"#;
    ledger.post("/api/v2/customers", body).await.data();
    let made = ledger.request(&ledger.test(), "POST", "/api/v2/customers", body).await.data();
    assert_eq!(made["test"], true);
    let path = format!("/api/v2/customers/{}", text(&made["key"]));
    assert_eq!(ledger.get(&path).await.status, 404);
    assert_eq!(
        ledger.request(&ledger.test(), "GET", "/api/v2/customers", "").await.data()["items"],
        json!([made])
    );
}

#[tokio::test]
async fn a_deleted_customer_leaves_no_personal_data_behind() {
    let ledger = TestLedger::open().await;
    let body = r#"{"email":"ada@site.example","customer_key":"ada","name":"Ada","provider_key":"p1","meta":{"phone":"1"}}"#;
    let first = ledger.post_once("/api/v2/customers", body, "k1").await.data();
    let path = format!("/api/v2/customers/{}", text(&first["key"]));
    ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    assert_eq!(ledger.get(&path).await.status, 404);
    let kept = ledger.get("/api/v2/customers?include_archived=true").await;
    assert_eq!(kept.data()["items"][0]["key"], first["key"]);
    for word in ["ada", "Ada", "p1", "phone"] {
        assert!(!kept.text.contains(word), "{word}: {}", kept.text);
    }
    let again = ledger.post_once("/api/v2/customers", body, "k1").await.data();
    assert_ne!(again["key"], first["key"], "the remembered answer still held the address");
}

#[tokio::test]
async fn a_click_converts_once_for_each_customer() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    ledger.link(&part, "gk", "https://www.example.com/").await;
    let xid = ledger.click("/gk?sid=news").await;
    let whose = format!("Bearer {}", ledger.keys.tracking_token);
    let convert = async |xid: &str, customer: &str| {
        let body = json!({"xid": xid, "customer_key": customer, "name": "Ada"}).to_string();
        let reply = ledger.request(&whose, "POST", "/conversion/xid", &body).await;
        assert_eq!((reply.status, &reply.json()["status"]), (200, &json!(200)));
        let data = reply.data();
        (text(&data["outcome"]), data["customer_key"].as_str().map(str::to_owned))
    };
    assert_eq!(convert("AAAAAAAAAAAA", "ada@site.example").await, ("unknown_xid".to_owned(), None));
    let (outcome, key) = convert(&xid, "ada@site.example").await;
    assert_eq!(outcome, "created");
    assert_eq!(convert(&xid, "ada@site.example").await, ("repeated".to_owned(), key.clone()));
    assert_eq!(convert(&xid, "bob").await.0, "created");
    let made = ledger.get(&format!("/api/v2/customers/{}", key.unwrap())).await.data();
    assert_eq!(
        (&made["partner_key"], &made["source_key"], &made["source_type"]),
        (&json!("gigakick"), &json!(xid), &json!("click"))
    );
    assert_eq!(made["email"], "ada@site.example");
    let page = ledger.get("/api/v2/customers?has_sub_id=true").await.data();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let stats = ledger.get(&format!("/api/v2/partnerships/{part}")).await.data();
    assert_eq!(stats["stats"]["CUSTOMER_COUNT"], 2);
}
