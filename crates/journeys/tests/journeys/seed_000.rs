//! The published walk through product attribution: its three request bodies, literally and in order.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Headwater;

/// Step 1 of the document.
const PRODUCT_BOOK: &str = r#"{
"name": "Inbox",
"description": "Shared team inbox for email",
"external_key": "stripe_prod_inbox"
}"#;

/// Step 2.
const PRODUCT: &str = r#"{
"product_book_key": "pbook_G9EVeoB85yungS",
"customer_key": "cus_def456",
"status": "active",
"amount": 19999,
"partnership_key": "part_xyz789",
"external_subscription_key": "stripe_prod_inbox",
"stack_key": "stck_lCuxlSpfTI0Kgo"
}"#;

/// Step 3, with the document's own mistake: a catalogue key where the subscription belongs.
const TRANSACTION: &str = r#"{
"amount": 9900,
"currency": "USD",
"customer_key": "cus_def456",
"subscription_key": "pbook_G9EVeoB85yungS"
}"#;

/// A company that speaks HTTP and nothing else.
struct Company {
    headwater: Headwater,
    http: reqwest::Client,
}

impl Company {
    async fn open() -> Self {
        let http = headwater_client::connections().no_proxy().build().expect("an HTTP client");
        Self { headwater: Headwater::open().await, http }
    }

    async fn call(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let secret = self.headwater.credential("secret_key");
        let request = self.http.request(method, format!("{}{path}", self.headwater.url));
        let request = request.basic_auth(self.headwater.credential("public_key"), Some(secret));
        let request = request.header("Content-Type", "application/json").body(body.to_owned());
        let answer = request.send().await.expect("headwater answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("every answer is JSON"))
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.call(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, "").await.1
    }

    /// Creates the records that the document assumes: partner, team member, customer and catalogue entry.
    async fn prepare(&self) {
        let partner = json!({"email": "partner@agency.example", "partner_key": "part_xyz789"});
        let member = json!({
            "partnership_key": "part_xyz789", "email": "member@agency.example", "key": "stck_lCuxlSpfTI0Kgo",
        });
        let customer = json!({"email": "buyer@shop.example", "customer_key": "cus_def456"});
        let entry = json!({"name": "Inbox 2", "key": "pbook_G9EVeoB85yungS"});
        let records = [
            ("partnerships", partner),
            ("members", member),
            ("customers", customer),
            ("product_book", entry),
        ];
        for (list, record) in records {
            let (status, answer) = self.post(&format!("/api/v2/{list}"), &record.to_string()).await;
            assert!((200..300).contains(&status), "{list}: {answer}");
        }
    }
}

/// Removes the members that differ from run to run from an answer, and returns them.
fn take(answer: &mut Value, names: &[&str]) -> Vec<Value> {
    let data = answer["data"].as_object_mut().expect("data is an object");
    names.iter().map(|name| data.remove(*name).unwrap_or_else(|| panic!("{name} is missing"))).collect()
}

/// Checks that a key has its prefix, and that times are epoch milliseconds as integers.
fn assert_made(prefix: &str, key: &Value, times: &[Value]) {
    let key = key.as_str().expect("a key is text");
    assert!(key.starts_with(prefix) && key.len() > prefix.len() + 8, "{key}");
    assert!(times.iter().all(|time| time.as_i64().is_some_and(|time| time > 1_700_000_000_000)), "{times:?}");
}

#[tokio::test]
async fn the_three_published_requests_get_the_documented_answers() {
    let company = Company::open().await;
    company.prepare().await;

    let (status, mut book) = company.post("/api/v2/product_book", PRODUCT_BOOK).await;
    assert_eq!(status, 200, "{book}");
    let taken = take(&mut book, &["key", "created_at", "updated_at", "company_id"]);
    assert_made("pbook_", &taken[0], &taken[1..3]);
    assert!(taken[3].is_i64());
    let expected = json!({
        "archived": false, "description": "Shared team inbox for email", "external_key": "stripe_prod_inbox",
        "id": null, "name": "Inbox",
    });
    assert_eq!(book, json!({"data": expected, "message": "Product Book Created", "status": 200}));

    let (status, mut product) = company.post("/api/v2/products", PRODUCT).await;
    assert_eq!(status, 201, "{product}");
    let taken = take(&mut product, &["key", "created_at", "updated_at", "company_id"]);
    assert_made("prod_", &taken[0], &taken[1..3]);
    let expected = json!({
        "amount": 19999, "click_xid": null, "currency": null, "customer_key": "cus_def456",
        "external_subscription_key": "stripe_prod_inbox", "field_data": null, "member_email": null,
        "member_logo": null, "member_name": null, "metadata": null, "name": null, "partner_logo": null,
        "partner_name": null, "partnership_key": "part_xyz789", "product_book_key": "pbook_G9EVeoB85yungS",
        "stack_key": "stck_lCuxlSpfTI0Kgo", "status": "active", "team_color": null,
    });
    assert_eq!(product, json!({"data": expected, "message": "Product created successfully", "status": 201}));

    let (status, transaction) = company.post("/api/v2/transactions", TRANSACTION).await;
    assert!((200..300).contains(&status), "{transaction}");
    let data = &transaction["data"];
    assert_made("tran_", &data["key"], &[data["created_at"].clone(), data["updated_at"].clone()]);
    for (name, value) in [
        ("amount", json!(9900)),
        ("currency", json!("USD")),
        ("customer_key", json!("cus_def456")),
        ("subscription_key", json!("pbook_G9EVeoB85yungS")),
        ("product_key", Value::Null),
        ("test", json!(false)),
        ("archived", json!(false)),
    ] {
        assert_eq!(data[name], value, "{name} of {transaction}");
    }
    // The document's mistake makes the payment unlinked, which is a warning and no error.
    assert_eq!(transaction["status"], json!(status));
    assert_eq!(transaction["warnings"][0]["code"], "subscription_key_unmatched", "{transaction}");
}

#[tokio::test]
async fn the_published_check_finds_the_product_once_the_subscription_is_named() {
    let company = Company::open().await;
    company.prepare().await;
    let (_, product) = company.post("/api/v2/products", PRODUCT).await;
    company.post("/api/v2/transactions", TRANSACTION).await;
    let named = TRANSACTION.replace("pbook_G9EVeoB85yungS", "stripe_prod_inbox");
    let (_, matched) = company.post("/api/v2/transactions", &named).await;
    assert!(matched.get("warnings").is_none(), "{matched}");

    let list = company.get("/api/v2/transactions?customer_key=cus_def456&order_by=created_at").await;
    let found: Vec<_> = list["data"]["items"].as_array().expect("a list").iter().collect();
    assert_eq!(found.len(), 2, "{list}");
    assert_eq!(found[0]["product_key"], Value::Null);
    assert_eq!(found[1]["product_key"], product["data"]["key"]);
}

#[tokio::test]
async fn the_published_edge_cases_are_refused_or_ignored_as_written() {
    let company = Company::open().await;
    company.prepare().await;
    let stranger = PRODUCT.replace("cus_def456", "cus_nobody");
    let (status, refused) = company.post("/api/v2/products", &stranger).await;
    assert_eq!((status, &refused["status"]), (403, &json!(403)), "{refused}");
    let foreign = PRODUCT.replace("part_xyz789", "part_foreign");
    let (status, refused) = company.post("/api/v2/products", &foreign).await;
    assert_eq!(status, 403, "{refused}");
    let unlinked = PRODUCT.replace("stck_lCuxlSpfTI0Kgo", "stck_unlinked12345");
    let (status, taken) = company.post("/api/v2/products", &unlinked).await;
    assert_eq!((status, &taken["data"]["stack_key"]), (201, &Value::Null), "{taken}");
    assert_eq!(taken["warnings"][0]["field"], "stack_key", "{taken}");
}
