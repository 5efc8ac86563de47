//! The steps of PartnerStack's guide (seed 000) with its literal bodies, the guide's own mistake included.

use serde_json::{Value, json};

use crate::test_ledger::{START, TestLedger, text};

const PRODUCT_BOOK: &str = include_str!("../../../../tests/fixtures/seed-000-product-book.json");
const PRODUCT: &str = include_str!("../../../../tests/fixtures/seed-000-product.json");
const TRANSACTION: &str = include_str!("../../../../tests/fixtures/seed-000-transaction.json");

async fn prepare() -> TestLedger {
    let ledger = TestLedger::open().await;
    ledger.partner("part_xyz789").await;
    let customer = json!({
        "email": "ada@site.example", "customer_key": "cus_def456", "partner_key": "part_xyz789"
    });
    ledger.post("/api/v2/customers", &customer.to_string()).await.data();
    let member = json!({
        "key": "stck_lCuxlSpfTI0Kgo", "partnership_key": "part_xyz789", "email": "seller@partner.example"
    });
    ledger.post("/api/v2/members", &member.to_string()).await.data();
    let book = json!({"key": "pbook_G9EVeoB85yungS", "name": "Inbox 2"});
    ledger.post("/api/v2/product_book", &book.to_string()).await.data();
    ledger
}

/// Compares an answer with the guide's, except the key that we mint and the program's number.
fn check(mut answer: Value, expected: &Value, prefix: &str) {
    let data = answer["data"].as_object_mut().unwrap();
    assert!(text(&data["key"]).starts_with(prefix), "{data:?}");
    assert!(data["company_id"].as_i64().is_some_and(|id| (10_000_000..100_000_000).contains(&id)));
    data.insert("key".to_owned(), json!("KEY"));
    data.insert("company_id".to_owned(), json!(95_746_372));
    assert_eq!(&answer, expected);
}

#[tokio::test]
async fn the_guides_product_book_is_answered_member_by_member() {
    let ledger = prepare().await;
    for path in ["/api/v2/product_book", "/api/v2/product-book"] {
        let reply = ledger.post(path, PRODUCT_BOOK).await;
        assert_eq!(reply.status, 200);
        let expected = json!({
            "data": {
                "archived": false,
                "company_id": 95_746_372,
                "created_at": START,
                "description": "Shared team inbox for email",
                "external_key": "stripe_prod_inbox",
                "id": null,
                "key": "KEY",
                "name": "Inbox",
                "updated_at": START
            },
            "message": "Product Book Created",
            "status": 200
        });
        check(reply.json(), &expected, "pbook_");
    }
}

#[tokio::test]
async fn the_guides_product_is_answered_member_by_member_and_in_its_order() {
    let ledger = prepare().await;
    let reply = ledger.post("/api/v2/products", PRODUCT).await;
    assert_eq!(reply.status, 201);
    let expected = json!({
        "data": {
            "amount": 19999,
            "click_xid": null,
            "company_id": 95_746_372,
            "created_at": START,
            "currency": null,
            "customer_key": "cus_def456",
            "external_subscription_key": "stripe_prod_inbox",
            "field_data": null,
            "key": "KEY",
            "member_email": null,
            "member_logo": null,
            "member_name": null,
            "metadata": null,
            "name": null,
            "partner_logo": null,
            "partner_name": null,
            "partnership_key": "part_xyz789",
            "product_book_key": "pbook_G9EVeoB85yungS",
            "stack_key": "stck_lCuxlSpfTI0Kgo",
            "status": "active",
            "team_color": null,
            "updated_at": START
        },
        "message": "Product created successfully",
        "status": 201
    });
    check(reply.json(), &expected, "prod_");
    let members: Vec<_> = expected["data"].as_object().unwrap().keys().cloned().collect();
    let places: Vec<_> =
        members.iter().map(|name| reply.text.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{}", reply.text);
}

#[tokio::test]
async fn the_guides_transaction_matches_no_product_and_gets_a_warning() {
    let ledger = prepare().await;
    ledger.post("/api/v2/products", PRODUCT).await.data();
    let reply = ledger.post("/api/v2/transactions", TRANSACTION).await;
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(body["warnings"][0]["code"], "subscription_key_unmatched");
    assert_eq!(body["warnings"][0]["field"], "subscription_key");
    let data = &body["data"];
    assert_eq!(
        (&data["amount"], &data["currency"], &data["customer_key"], &data["product_key"]),
        (&json!(9900), &json!("USD"), &json!("cus_def456"), &Value::Null)
    );
    let list = ledger.get("/api/v2/transactions?customer_key=cus_def456").await.json();
    assert_eq!(list["data"]["items"][0], *data);
    assert_eq!(list["warnings"][0]["field"], "items[0].subscription_key");
    assert_eq!(list["warnings"][0]["code"], "subscription_key_unmatched");
}

#[tokio::test]
async fn the_guides_edge_cases_behave_as_it_says() {
    let ledger = prepare().await;
    let with = |name: &str, value: &str| {
        let mut body: Value = serde_json::from_str(PRODUCT).unwrap();
        body[name] = json!(value);
        body.to_string()
    };
    let cases = [
        ("customer_key", "cus_nobody", "unknown_customer"),
        ("partnership_key", "part_foreign", "unknown_partnership"),
        ("product_book_key", "pbook_none", "unknown_product_book"),
    ];
    for (field, value, code) in cases {
        let reply = ledger.post("/api/v2/products", &with(field, value)).await;
        assert_eq!(reply.error(), (403, code.to_owned(), field.to_owned()));
    }
    let reply = ledger.post("/api/v2/products", &with("stack_key", "stck_nobody")).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["data"]["stack_key"], Value::Null);
    assert_eq!(reply.json()["warnings"][0]["code"], "stack_key_ignored");
    let again = ledger.post("/api/v2/products", PRODUCT).await;
    let wanted = (409, "product_exists".to_owned(), "external_subscription_key".to_owned());
    assert_eq!(again.error(), wanted);
    assert!(again.text.contains(&text(&reply.data()["key"])), "{}", again.text);
}
