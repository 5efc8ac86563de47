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
        ("partner_key=gstest", 0),
        ("partner_key=nobody", 0),
        ("has_sub_id=true", 0),
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

#[tokio::test]
async fn every_member_of_a_customer_is_kept_and_changed_alone() {
    let ledger = TestLedger::open().await;
    let body = json!({
        "key": "cus_own1", "customer_key": "ada", "email": "ada@site.example", "name": "Ada",
        "provider_key": "p1", "external_key": "crm-1", "meta": {"plan": "pro"}, "partner_key": "gstest",
    });
    let made = ledger.post("/api/v2/customers", &body.to_string()).await.data();
    for (member, value) in body.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
    let changes = [
        ("email", json!("ada@new.example")),
        ("name", json!("Ada L.")),
        ("external_key", json!("crm-2")),
        ("meta", json!({"plan": "free"})),
        ("provider_key", json!("p2")),
    ];
    let mut expected = made;
    for (member, value) in changes {
        ledger.pass(1);
        let body = json!({member: value}).to_string();
        let changed =
            ledger.request(&ledger.production(), "PATCH", "/api/v2/customers/ada", &body).await.data();
        expected[member] = value;
        expected["mdata"] = expected["meta"].clone();
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected, "{member}");
        assert_eq!(ledger.get("/api/v2/customers/ada").await.data(), expected, "{member}");
    }
    let long = json!({"name": "n".repeat(101)}).to_string();
    let refused = ledger.request(&ledger.production(), "PATCH", "/api/v2/customers/ada", &long).await;
    assert_eq!(refused.error().2, "name");
}

#[tokio::test]
async fn an_upsert_with_the_same_partner_warns_of_nothing() {
    let ledger = TestLedger::open().await;
    let body =
        r#"{"email":"ada@site.example","customer_key":"ada","partner_key":"gstest","external_key":"e1"}"#;
    ledger.post("/api/v2/customers", body).await.data();
    let body = r#"{"email":"ada@site.example","customer_key":"ada","partner_key":"gstest","name":"Ada"}"#;
    let again = ledger.post("/api/v2/customers?upsert=true", body).await;
    assert_eq!(again.json().get("warnings"), None);
    assert_eq!((&again.data()["name"], &again.data()["external_key"]), (&json!("Ada"), &json!("e1")));
}

#[tokio::test]
async fn a_page_gives_no_external_key_and_changes_no_name() {
    let ledger = TestLedger::open().await;
    let body =
        json!({"customer_key": "ada", "partner_key": "gstest", "external_key": "crm-1", "name": "Ada"});
    let claim = async |method: &str, path: &str, body: &Value| {
        ledger.send_as("page", method, &format!("/api/v2/{path}"), body).await
    };
    let made = claim("POST", "customers", &body).await.data();
    assert_eq!((&made["external_key"], &made["name"]), (&Value::Null, &json!("Ada")));
    let other = json!({"customer_key": "ada", "partner_key": "gstest", "name": "Eve"});
    let again = claim("POST", "customers", &other).await.json();
    assert_eq!(
        (&again["data"]["name"], &again["warnings"][0]["code"]),
        (&json!("Ada"), &json!("customer_key_ignored"))
    );
    let bound = claim("PATCH", "customers/ada", &json!({"name": "Eve", "provider_key": "p1"})).await.data();
    assert_eq!((&bound["name"], &bound["provider_key"]), (&json!("Ada"), &json!("p1")));
    let other = claim("PATCH", "customers/ada", &json!({"provider_key": "p2"})).await.data();
    assert_eq!(other["provider_key"], "p1", "there is one already");
}

#[tokio::test]
async fn a_deleted_customer_leaves_no_sub_ids_and_no_key_of_another_system() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let xid = ledger.click("/gk?sid=from-ada").await;
    ledger.post("/conversion/xid", &json!({"xid": xid, "customer_key": "ada"}).to_string()).await.data();
    let change = r#"{"external_key":"crm-ada"}"#;
    ledger.request(&ledger.production(), "PATCH", "/api/v2/customers/ada", change).await.data();
    let paid = r#"{"customer_key":"ada","key":"invoice-1","amount":100,"currency":"USD"}"#;
    ledger.post("/api/v2/transactions", paid).await.data();
    ledger.pass(1000);
    let gone = ledger.request(&ledger.production(), "DELETE", "/api/v2/customers/ada", "").await.data();
    let at = json!(crate::test_ledger::START + 1000);
    assert_eq!(
        (&gone["archived"], &gone["external_key"], &gone["updated_at"]),
        (&json!(true), &Value::Null, &at)
    );
    let kept = ledger.get("/api/v2/customers?include_archived=true").await;
    let paid = ledger.get("/api/v2/transactions/invoice-1").await;
    assert!(!kept.text.contains("crm-ada") && !paid.text.contains("from-ada"), "{} {}", kept.text, paid.text);
}
