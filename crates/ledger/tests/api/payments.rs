//! Payments: what they earn, and how they are answered.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

#[tokio::test]
async fn each_gigakick_product_pays_its_own_commission_and_nothing_else() {
    let shop = Shop::open().await;
    let chat = shop.sell("Live Chat", "sub_chat", json!({})).await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    let paid = shop.pay("invoice-chat", 4900, "sub_chat").await;
    assert_eq!((paid.status, &paid.data()["product_key"]), (200, &chat["key"]));
    assert!(paid.json().get("warnings").is_none());
    shop.pay("invoice-inbox", 9900, "sub_inbox").await.data();
    let rewards = shop.rewards().await;
    assert_eq!(shop.amounts().await, [490, 1980]);
    let first = &rewards[0];
    assert_eq!(
        (&first["status"], &first["currency"], &first["transaction"]["key"], &first["partnership"]["key"]),
        (&json!("pending"), &json!("USD"), &json!("invoice-chat"), &json!(shop.partner))
    );
    assert_eq!(first["description"], "Earn 10% for every Live Chat sale");
}

#[tokio::test]
async fn a_churned_product_and_a_payment_without_product_earn_nothing() {
    let shop = Shop::open().await;
    shop.sell("Surveys", "sub_surveys", json!({})).await;
    shop.patch("/api/v2/products/sub_surveys", json!({"status": "churned"})).await.data();
    shop.pay("invoice-1", 3900, "sub_surveys").await.data();
    shop.pay("invoice-2", 3900, "sub_other").await.data();
    assert_eq!(shop.amounts().await, [0_i64; 0]);
    shop.patch("/api/v2/products/sub_surveys", json!({"status": "active"})).await.data();
    shop.pay("invoice-3", 3900, "sub_surveys").await.data();
    assert_eq!(shop.amounts().await, [390], "only what is paid from now on");
}

#[tokio::test]
async fn a_replayed_payment_earns_nothing_twice() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    let again = shop.pay("invoice-1", 9900, "sub_inbox").await;
    assert_eq!(again.error(), (409, "transaction_exists".to_owned(), "key".to_owned()));
    assert!(again.text.contains("invoice-1"));
    let other = shop.pay("invoice-1", 9901, "sub_inbox").await;
    assert_eq!(other.error(), (409, "transaction_conflict".to_owned(), "key".to_owned()));
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn a_product_that_comes_after_its_payment_is_linked_and_earns_once() {
    let shop = Shop::open().await;
    let any = json!({
        "name": "any", "offer_description": "Earn 1% of everything", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "1"},
    });
    shop.ledger.post("/api/v2/triggers", &any.to_string()).await.data();
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    assert_eq!(shop.amounts().await, [99], "what asks for no product does not wait for one");
    let later = json!({
        "name": "later", "offer_description": "Made after the payment", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "2"},
    });
    shop.ledger.post("/api/v2/triggers", &later.to_string()).await.data();
    let product = shop.sell("Inbox", "sub_other", json!({})).await;
    assert_eq!(shop.amounts().await, [99]);
    let path = format!("/api/v2/products/{}", text(&product["key"]));
    for name in ["sub_inbox", "sub_other", "sub_inbox"] {
        shop.patch(&path, json!({"external_subscription_key": name})).await.data();
    }
    assert_eq!(shop.amounts().await, [99, 1980]);
    let linked = shop.ledger.get("/api/v2/transactions/invoice-1").await.data();
    assert_eq!(linked["product_key"], product["key"]);
    let list = shop.ledger.get("/api/v2/transactions?unmatched=true").await.json();
    assert_eq!((&list["data"]["items"], list.get("warnings")), (&json!([]), None));
}

#[tokio::test]
async fn a_subscription_that_differs_in_case_matches_nothing_and_the_warning_says_so() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "Sub_1", json!({})).await;
    let reply = shop.pay("invoice-1", 9900, "sub_1").await.json();
    assert_eq!(reply["warnings"][0]["hint"], "differs only in case from 'Sub_1'");
    assert_eq!(reply["data"]["product_key"], Value::Null);
    shop.pay("invoice-2", 9900, "Sub_1").await.data();
    let list = shop.ledger.get("/api/v2/transactions?unmatched=true").await.json();
    assert_eq!(list["data"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"]["items"][0]["key"], "invoice-1");
}

#[tokio::test]
async fn a_payment_names_its_customer_in_exactly_one_way() {
    let shop = Shop::open().await;
    let post = async |more: Value| {
        let mut body = json!({"amount": 100, "currency": "usd"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shop.ledger.post("/api/v2/transactions", &body.to_string()).await
    };
    let none = post(json!({})).await;
    assert_eq!(none.error(), (400, "required".to_owned(), "customer_key".to_owned()));
    assert_eq!(none.json()["message"], "'customer_key' is a required property");
    let two = post(json!({"customer_key": "ada", "customer_email": "ada@site.example"})).await;
    assert_eq!(two.error().0, 400);
    let unknown = post(json!({"customer_key": "bob"})).await;
    assert_eq!(unknown.error(), (404, "customer_not_found".to_owned(), "customer_key".to_owned()));
    for named in [json!({"customer_email": "ada@site.example"}), json!({"customer_external_key": "ada"})] {
        let made = post(named).await.data();
        assert_eq!((&made["currency"], &made["customer"]["external_key"]), (&json!("USD"), &json!("ada")));
    }
}

#[tokio::test]
async fn a_value_out_of_bounds_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let many: serde_json::Map<_, _> = (0..26).map(|at| (format!("k{at}"), json!(at))).collect();
    let cases = [
        (json!({"amount": 50_000_000_001_i64}), "amount"),
        (json!({"amount": i64::MIN}), "amount"),
        (json!({"amount": 19.99}), "amount"),
        (json!({"currency": "dollars"}), "currency"),
        (json!({"key": "abc"}), "key"),
        (json!({"metadata": many}), "metadata"),
        (json!({"metadata": {"n": {"nested": 1}}}), "metadata.n"),
        (json!({"metadata": {"n": "x".repeat(101)}}), "metadata.n"),
        (json!({"created_at": -1}), "created_at"),
    ];
    for (more, field) in cases {
        let mut body = json!({"customer_key": "ada", "amount": 100, "currency": "USD"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = shop.ledger.post("/api/v2/transactions", &body.to_string()).await;
        assert_eq!((reply.error().0, reply.error().2.as_str()), (400, field), "{}", reply.text);
    }
    assert_eq!(shop.ledger.get("/api/v2/transactions").await.data()["items"], json!([]));
}

#[tokio::test]
async fn test_customers_take_test_keys_and_earn_nothing() {
    let shop = Shop::open().await;
    let (test, ledger) = (shop.ledger.test(), &shop.ledger);
    let any = json!({
        "name": "any", "offer_description": "Earn 1%", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "1"},
    });
    ledger.post("/api/v2/triggers", &any.to_string()).await.data();
    let body = r#"{"email":"t@site.example","customer_key":"tess","partner_key":"gstest"}"#;
    ledger.request(&test, "POST", "/api/v2/customers", body).await.data();
    let pay =
        |customer: &str| json!({"customer_key": customer, "amount": 9900, "currency": "USD"}).to_string();
    let wrong = ledger.post("/api/v2/transactions", &pay("tess")).await;
    assert_eq!(wrong.error(), (400, "test_mismatch".to_owned(), "customer_key".to_owned()));
    let wrong = ledger.request(&test, "POST", "/api/v2/transactions", &pay("ada")).await;
    assert_eq!(wrong.error(), (400, "test_mismatch".to_owned(), "customer_key".to_owned()));
    let made = ledger.request(&test, "POST", "/api/v2/transactions", &pay("tess")).await.data();
    assert_eq!(made["test"], true);
    let rewards = ledger.request(&test, "GET", "/api/v2/rewards", "").await.data();
    assert_eq!((&rewards["items"], shop.amounts().await), (&json!([]), vec![]));
}

#[tokio::test]
async fn a_deleted_customer_leaves_payments_without_personal_data() {
    let shop = Shop::open().await;
    let sold = json!({"metadata": {"owner": "ada lovelace"}, "click_xid": "adasclick123"});
    shop.sell("Inbox", "sub_inbox", sold).await;
    let body = json!({
        "customer_key": "ada", "key": "invoice-1", "amount": 9900, "currency": "USD",
        "subscription_key": "sub_inbox", "metadata": {"paid_by": "ada lovelace"},
    });
    shop.ledger.post("/api/v2/transactions", &body.to_string()).await.data();
    shop.ledger.request(&shop.ledger.production(), "DELETE", "/api/v2/customers/ada", "").await.data();
    assert_eq!(shop.amounts().await, [1980]);
    for path in ["transactions/invoice-1", "products/sub_inbox", "rewards"] {
        let reply = shop.ledger.get(&format!("/api/v2/{path}")).await;
        assert_eq!(reply.status, 200, "{path}");
        for personal in ["\"ada\"", "ada@site", "lovelace", "adasclick"] {
            assert!(!reply.text.contains(personal), "{personal} in {}", reply.text);
        }
    }
}

#[tokio::test]
async fn a_payment_sent_again_under_its_idempotency_key_gets_its_first_answer() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    let body = r#"{"customer_key":"ada","amount":9900,"currency":"USD","subscription_key":"sub_inbox"}"#;
    let first = shop.ledger.post_once("/api/v2/transactions", body, "event-1").await;
    let again = shop.ledger.post_once("/api/v2/transactions", body, "event-1").await;
    assert_eq!((first.status, &first.text), (200, &again.text));
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn only_a_payment_in_dollars_has_an_amount_in_dollars() {
    let shop = Shop::open().await;
    for (currency, shown, dollars) in [("usd", "USD", json!(100)), ("EUR", "EUR", Value::Null)] {
        let body = json!({"customer_key": "ada", "amount": 100, "currency": currency});
        let paid = shop.post_as("vendor", "transactions", body).await.data();
        assert_eq!((&paid["currency"], &paid["amount_usd"]), (&json!(shown), &dollars));
        assert_eq!((&paid["approved"], &paid["status"]), (&json!(true), &json!("approved")));
    }
}
