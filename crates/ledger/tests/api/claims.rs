//! A page's claim changes nothing that exists and takes nobody's commission (trust.md section 1). The names of the
//! tests say what went wrong before claims were told apart from confirmed records.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, text};

/// A shop with a second partner, who attacks with the public key alone.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.ledger.partner("mallory").await;
    shop
}

async fn claim(shop: &Shop, path: &str, body: Value) -> Reply {
    shop.ledger.send_as("page", "POST", path, &body).await
}

async fn sign_up(shop: &Shop, customer_key: &str, partner_key: &str, more: Value) -> Reply {
    let mut body = json!({"customer_key": customer_key, "partner_key": partner_key});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claim(shop, "/api/v2/customers", body).await
}

/// A payment that the provider reports by its own id of the customer.
async fn provider_pays(shop: &Shop, provider_key: &str, key: &str, more: Value) -> Reply {
    let mut body =
        json!({"customer_external_key": provider_key, "key": key, "amount": 9900, "currency": "USD"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop.ledger.send_as("billing", "POST", "/api/v2/transactions", &body).await
}

async fn one_percent(shop: &Shop, event: &str, action: Value) {
    let body = json!({"name": event, "offer_description": "Earn", "event": event, "action": action});
    shop.ledger.post("/api/v2/triggers", &body.to_string()).await.data();
}

#[tokio::test]
async fn a_page_whose_customer_key_is_anothers_provider_id_gets_none_of_their_payments() {
    let shop = shop().await;
    let ada = json!({"provider_key": "cus_ada"});
    shop.ledger.send_as("billing", "PATCH", "/api/v2/customers/ada", &ada).await.data();
    sign_up(&shop, "cus_ada", "mallory", json!({})).await.data();
    let paid = provider_pays(&shop, "cus_ada", "in_1/il_1", json!({})).await.data();
    assert_eq!(paid["customer"]["external_key"], "ada");
    // The vendor's own call, which may use either name, finds her too.
    let body = json!({"customer_external_key": "cus_ada", "amount": 100, "currency": "USD"});
    let paid = shop.ledger.post("/api/v2/transactions", &body.to_string()).await.data();
    assert_eq!(paid["customer"]["external_key"], "ada");
}

#[tokio::test]
async fn a_page_that_repeats_anothers_provider_id_or_address_makes_nothing_ambiguous() {
    let shop = shop().await;
    let ada = json!({"provider_key": "cus_ada"});
    shop.ledger.send_as("billing", "PATCH", "/api/v2/customers/ada", &ada).await.data();
    let copied = json!({"provider_key": "cus_ada", "email": "ada@site.example"});
    sign_up(&shop, "invented", "mallory", copied).await.data();
    let paid = provider_pays(&shop, "cus_ada", "in_1/il_1", json!({})).await.data();
    assert_eq!(paid["customer"]["external_key"], "ada");
    let by_email = json!({"customer_email": "ada@site.example", "amount": 100, "currency": "USD"});
    let paid = shop.ledger.post("/api/v2/transactions", &by_email.to_string()).await.data();
    assert_eq!(paid["customer"]["external_key"], "ada");
}

#[tokio::test]
async fn a_provider_id_that_two_pages_claim_finds_nobody_until_the_provider_confirms_it() {
    let shop = shop().await;
    one_percent(&shop, "transaction_created", json!({"type": "commission_percent", "percent": "1"})).await;
    sign_up(&shop, "honest", "referrer", json!({"provider_key": "cus_h"})).await.data();
    sign_up(&shop, "invented", "mallory", json!({"provider_key": "cus_h"})).await.data();
    let refused = provider_pays(&shop, "cus_h", "in_1/il_1", json!({})).await;
    assert_eq!((refused.error().0, refused.error().1), (409, "customer_ambiguous".to_owned()));
    let known = json!({"provider_key": "cus_h"});
    shop.ledger.send_as("billing", "PATCH", "/api/v2/customers/honest", &known).await.data();
    let paid = provider_pays(&shop, "cus_h", "in_1/il_1", json!({})).await.data();
    assert_eq!(paid["customer"]["external_key"], "honest");
    assert_eq!(shop.amounts().await, [99]);
}

#[tokio::test]
async fn a_payment_found_by_a_claim_moves_once_the_provider_says_whose_it_is() {
    let shop = shop().await;
    one_percent(&shop, "transaction_created", json!({"type": "commission_percent", "percent": "1"})).await;
    sign_up(&shop, "invented", "mallory", json!({"provider_key": "cus_ada"})).await.data();
    provider_pays(&shop, "cus_ada", "in_1/il_1", json!({})).await.data();
    let mallory = text(&shop.ledger.get("/api/v2/partnerships/mallory").await.data()["key"]);
    assert_eq!(shop.standing().await[0].0, mallory, "the only one who claims it");
    let known = json!({"provider_key": "cus_ada"});
    shop.ledger.send_as("billing", "PATCH", "/api/v2/customers/ada", &known).await.data();
    assert_eq!(shop.standing().await, [(shop.partner.clone(), 99, "pending".to_owned(), String::new())]);
    assert_eq!(shop.balance().await, 99);
    let paid = shop.ledger.get("/api/v2/transactions/in_1%2Fil_1").await.data();
    assert_eq!(paid["customer"]["external_key"], "ada");
}

#[tokio::test]
async fn one_customers_cancellation_does_not_churn_anothers_product_of_the_same_name() {
    let shop = shop().await;
    shop.customer("bob", "mallory").await;
    shop.sell("Inbox", "sub_1", json!({})).await;
    shop.sell("Inbox", "sub_1", json!({"customer_key": "bob"})).await;
    let churned = json!({
        "customer_key": "bob", "product_book_key": "book/Inbox", "status": "churned",
        "external_subscription_key": "sub_1", "occurred_at": 2000,
    });
    shop.ledger.send_as("billing", "POST", "/api/v2/products", &churned).await.data();
    let of = async |customer: &str| {
        let path = format!("/api/v2/products/sub_1?customer_key={customer}");
        shop.ledger.get(&path).await.data()["status"].clone()
    };
    assert_eq!((of("ada").await, of("bob").await), (json!("active"), json!("churned")));
    assert_eq!(shop.ledger.get("/api/v2/products/sub_1").await.error().1, "product_ambiguous");
}

#[tokio::test]
async fn a_page_that_names_a_subscription_first_does_not_hide_what_the_provider_reports() {
    let shop = shop().await;
    let claimed = json!({
        "customer_key": "ada", "product_book_key": "book/Inbox", "status": "active",
        "external_subscription_key": "sub_1",
    });
    let made = claim(&shop, "/api/v2/products", claimed).await.data();
    assert_eq!((&made["source"], &made["confirmed_at"]), (&json!("page"), &Value::Null));
    let told = json!({
        "customer_key": "ada", "product_book_key": "book/Live Chat", "status": "trial", "amount": 4900,
        "currency": "USD", "external_subscription_key": "sub_1", "occurred_at": 1000,
    });
    let known = shop.ledger.send_as("billing", "POST", "/api/v2/products", &told).await.data();
    assert_eq!(known["key"], made["key"]);
    assert_eq!((&known["status"], &known["amount"]), (&json!("trial"), &json!(4900)));
    assert_eq!(known["source"], "billing");
    let catalogue = shop.ledger.get("/api/v2/product_book?limit=250").await.data();
    let chat =
        catalogue["items"].as_array().unwrap().iter().find(|book| book["name"] == "Live Chat").unwrap();
    assert_eq!(known["product_book_key"], chat["key"]);
}

#[tokio::test]
async fn a_page_cannot_churn_cheapen_or_revive_a_product() {
    let shop = shop().await;
    shop.sell("Inbox", "sub_1", json!({"amount": 9900, "currency": "USD"})).await;
    let path = "/api/v2/products/sub_1";
    let claimed = json!({
        "customer_key": "ada", "product_book_key": "book/Surveys", "status": "churned", "amount": 1,
        "currency": "USD", "external_subscription_key": "sub_1",
    });
    let answer = claim(&shop, "/api/v2/products", claimed).await;
    assert_eq!((answer.status, &answer.json()["warnings"][0]["code"]), (200, &json!("claim_ignored")));
    let churned = json!({"status": "churned"});
    assert_eq!(shop.ledger.send_as("page", "PATCH", path, &churned).await.error().1, "claim_refused");
    let product = shop.ledger.get(path).await.data();
    assert_eq!((&product["status"], &product["amount"]), (&json!("active"), &json!(9900)));
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn a_dearer_product_named_by_a_page_is_paid_as_what_the_invoice_says() {
    let shop = shop().await;
    let claimed = json!({
        "customer_key": "ada", "product_book_key": "book/Inbox", "status": "active",
        "external_subscription_key": "sub_1",
    });
    claim(&shop, "/api/v2/products", claimed).await.data();
    // The first invoice names no product: the claim is used, and the commission is on hold.
    let paid = json!({"customer_key": "ada", "key": "in_1/il_1", "amount": 4900, "currency": "USD",
        "subscription_key": "sub_1"});
    shop.ledger.send_as("billing", "POST", "/api/v2/transactions", &paid).await.data();
    let held = ("hold".to_owned(), "product_claimed_by_page".to_owned());
    assert_eq!(shop.standing().await, [(shop.partner.clone(), 980, held.0, held.1)]);
    // The second invoice names one.
    let paid = json!({"customer_key": "ada", "key": "in_2/il_1", "amount": 4900, "currency": "USD",
        "subscription_key": "sub_1", "catalogue_keys": ["price_1", "book/Live Chat"]});
    shop.ledger.send_as("billing", "POST", "/api/v2/transactions", &paid).await.data();
    let free = (shop.partner.clone(), 490, "pending".to_owned(), String::new());
    assert_eq!(shop.standing().await, [free.clone(), free]);
    assert_eq!(shop.balance().await, 980);
    let history = shop.ledger.get("/api/v2/products/sub_1/history").await.data();
    assert_eq!(history["items"][0]["field"], "product_book_key");
    assert_eq!(history["items"][0]["source"], "billing");
}

#[tokio::test]
async fn a_commission_on_hold_for_its_product_is_released_when_the_provider_agrees() {
    let shop = shop().await;
    let mut told = json!({
        "customer_key": "ada", "product_book_key": "book/Inbox", "status": "active",
        "external_subscription_key": "sub_1",
    });
    claim(&shop, "/api/v2/products", told.clone()).await.data();
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    assert_eq!(shop.standing().await[0].2, "hold");
    let explained = shop.ledger.get("/api/v2/transactions/invoice-1/explain").await.data();
    assert_eq!(explained["product"]["confirmed_at"], Value::Null);
    told["occurred_at"] = json!(1000);
    shop.ledger.send_as("billing", "POST", "/api/v2/products", &told).await.data();
    assert_eq!(shop.standing().await, [(shop.partner.clone(), 1980, "pending".to_owned(), String::new())]);
}

#[tokio::test]
async fn a_stale_report_of_the_provider_does_not_revive_a_cancelled_product() {
    let shop = shop().await;
    let told = |status: &str, at: i64| {
        json!({"customer_key": "ada", "product_book_key": "book/Inbox", "status": status, "amount": 9900,
            "currency": "USD", "external_subscription_key": "sub_1", "occurred_at": at})
    };
    for (status, at) in [("active", 1000), ("churned", 3000), ("active", 2000), ("active", 3000)] {
        shop.ledger.send_as("billing", "POST", "/api/v2/products", &told(status, at)).await.data();
    }
    assert_eq!(shop.ledger.get("/api/v2/products/sub_1").await.data()["status"], "churned");
}

#[tokio::test]
async fn a_payment_that_a_page_claims_never_takes_a_providers_key() {
    let shop = shop().await;
    let claimed = json!({"customer_key": "ada", "key": "in_1/il_1", "amount": 1, "currency": "USD"});
    let made = claim(&shop, "/api/v2/transactions", claimed).await.data();
    assert_eq!((&made["key"], &made["source"]), (&json!("chk_in_1/il_1"), &json!("page")));
    let paid = json!({"customer_key": "ada", "key": "in_1/il_1", "amount": 9900, "currency": "USD"});
    let paid = shop.ledger.send_as("billing", "POST", "/api/v2/transactions", &paid).await.data();
    assert_eq!(paid["amount"], 9900);
}

#[tokio::test]
async fn a_page_cannot_overwrite_a_confirmed_provider_id() {
    let shop = shop().await;
    let known = json!({"provider_key": "cus_ada"});
    shop.ledger.send_as("billing", "PATCH", "/api/v2/customers/ada", &known).await.data();
    let claimed = json!({"provider_key": "cus_mallory", "email": "m@site.example"});
    let ada = shop.ledger.send_as("page", "PATCH", "/api/v2/customers/ada", &claimed).await.data();
    assert_eq!((&ada["provider_key"], &ada["email"]), (&json!("cus_ada"), &json!("ada@site.example")));
    assert_eq!(provider_pays(&shop, "cus_mallory", "in_9/il_1", json!({})).await.error().0, 404);
}

#[tokio::test]
async fn only_a_known_source_may_be_named_and_only_with_the_secret() {
    let shop = shop().await;
    let body = json!({"email": "x@site.example"});
    let refused = shop.ledger.send_as("oracle", "POST", "/api/v2/customers", &body).await;
    assert_eq!(refused.error(), (400, "invalid_value".to_owned(), "headwater-source".to_owned()));
}
