//! The names that a customer is found by: which of two that compete wins, and whose payments follow a name that is
//! confirmed (trust.md section 1.2).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, text};

/// A payment by an external key, as the source reports it.
async fn pays(shop: &Shop, source: &str, name: &str, key: &str, more: Value) -> Reply {
    let mut body = json!({"customer_external_key": name, "key": key, "amount": 9900, "currency": "USD"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop.post_as(source, "transactions", body).await
}

async fn sign_up(shop: &Shop, customer_key: &str, provider_key: &str) -> Value {
    let body = json!({"customer_key": customer_key, "partner_key": "referrer", "provider_key": provider_key});
    shop.post_as("page", "customers", body).await.data()
}

fn customer(reply: &Reply) -> String {
    text(&reply.data()["customer"]["external_key"])
}

#[tokio::test]
async fn the_companys_new_provider_id_replaces_the_old_and_the_providers_is_one_more() {
    let shop = Shop::open().await;
    let change = async |source: &str, name: &str| {
        let body = json!({"provider_key": name});
        text(
            &shop.ledger.send_as(source, "PATCH", "/api/v2/customers/ada", &body).await.data()["provider_key"],
        )
    };
    for (source, name) in [("vendor", "p1"), ("vendor", "p1"), ("billing", "p2"), ("billing", "p2")] {
        assert_eq!(change(source, name).await, name);
    }
    let found = async |name: &str, key: &str| pays(&shop, "billing", name, key, json!({})).await.status;
    assert_eq!((found("p1", "in_1/il_1").await, found("p2", "in_1/il_2").await), (200, 200));
    assert_eq!(change("vendor", "p3").await, "p3");
    assert_eq!(found("p1", "in_2/il_1").await, 200, "the one before the last is another id of hers");
    assert_eq!((found("p2", "in_2/il_2").await, found("p3", "in_2/il_3").await), (404, 200));
}

#[tokio::test]
async fn a_confirmed_customers_own_id_counts_before_a_claimed_provider_id() {
    let shop = Shop::open().await;
    sign_up(&shop, "invented", "ada").await;
    assert_eq!(customer(&pays(&shop, "vendor", "ada", "invoice-1", json!({})).await), "ada");
    sign_up(&shop, "claimed", "only").await;
    assert_eq!(customer(&pays(&shop, "vendor", "only", "invoice-2", json!({})).await), "claimed");
}

#[tokio::test]
async fn two_claims_to_one_name_are_ambiguous_unless_one_customer_makes_both() {
    let shop = Shop::open().await;
    sign_up(&shop, "same", "same").await;
    assert_eq!(customer(&pays(&shop, "vendor", "same", "invoice-1", json!({})).await), "same");
    sign_up(&shop, "honest", "else").await;
    sign_up(&shop, "invented", "honest").await;
    let refused = pays(&shop, "vendor", "honest", "invoice-2", json!({})).await;
    assert_eq!(refused.error().1, "customer_ambiguous");
}

#[tokio::test]
async fn only_the_company_may_name_a_customer_by_any_name() {
    let shop = Shop::open().await;
    let ada = text(&shop.ledger.get("/api/v2/customers/ada").await.data()["key"]);
    let pays = async |source: &str, body: Value| {
        let mut paid = json!({"amount": 100, "currency": "USD"});
        paid.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        shop.post_as(source, "transactions", paid).await.status
    };
    let (by_our_key, by_email) =
        (json!({"customer_key": ada}), json!({"customer_email": "ada@site.example"}));
    for (body, vendor, billing) in [
        (json!({"customer_key": "ada"}), 200, 200),
        (by_our_key, 200, 404),
        (json!({"customer_external_key": "ada"}), 200, 404),
        (by_email.clone(), 200, 404),
    ] {
        assert_eq!(pays("vendor", body.clone()).await, vendor, "{body}");
        assert_eq!(pays("billing", body.clone()).await, billing, "{body}");
    }
    assert_eq!(shop.settings(json!({"email_matching": true})).await.data()["email_matching"], true);
    assert_eq!(pays("billing", by_email).await, 200);
    let path = format!("/api/v2/customers/{ada}");
    let change = json!({"name": "Ada"});
    assert_eq!(shop.ledger.send_as("billing", "PATCH", &path, &change).await.status, 404);
    assert_eq!(shop.ledger.send_as("vendor", "PATCH", &path, &change).await.status, 200);
}

#[tokio::test]
async fn a_payment_answers_with_the_name_that_it_was_sent_with() {
    let shop = Shop::open().await;
    let ada = text(&shop.ledger.get("/api/v2/customers/ada").await.data()["key"]);
    for (name, shown) in [("ada", "ada"), (ada.as_str(), ada.as_str())] {
        let body = json!({"customer_key": name, "amount": 100, "currency": "USD"});
        let paid = shop.post_as("vendor", "transactions", body).await.data();
        assert_eq!((&paid["customer_key"], &paid["customer"]["key"]), (&json!(shown), &json!(ada)));
        let body = json!({"customer_key": name, "product_book_key": "book/Inbox", "status": "active"});
        let product = shop.post_as("vendor", "products", body).await.data();
        assert_eq!(product["customer_key"], shown);
    }
}

#[tokio::test]
async fn a_second_claim_of_a_name_moves_nothing_that_the_first_attracted() {
    let shop = Shop::open().await;
    sign_up(&shop, "first", "cus_h").await;
    pays(&shop, "billing", "cus_h", "in_1/il_1", json!({})).await.data();
    sign_up(&shop, "second", "cus_h").await;
    let paid = shop.ledger.get("/api/v2/transactions/in_1%2Fil_1").await;
    assert_eq!(customer(&paid), "first");
}

/// A subscription that a payment by a claimed name has made a product of.
async fn attract(shop: &Shop) -> Value {
    sign_up(shop, "invented", "cus_ada").await;
    let more = json!({"subscription_key": "sub_1", "catalogue_keys": ["book/Inbox"]});
    let paid = pays(shop, "billing", "cus_ada", "in_1/il_1", more).await.data();
    assert_eq!(paid["customer"]["external_key"], "invented");
    paid["product_key"].clone()
}

async fn confirm(shop: &Shop, customer: &str) {
    let path = format!("/api/v2/customers/{customer}");
    shop.ledger.send_as("billing", "PATCH", &path, &json!({"provider_key": "cus_ada"})).await.data();
}

#[tokio::test]
async fn a_product_found_by_a_claim_moves_with_its_payment() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    shop.credit("robin").await;
    let product = attract(&shop).await;
    confirm(&shop, "ada").await;
    let of_ada = shop.ledger.get("/api/v2/products?customer_key=ada").await.data();
    let moved = &of_ada["items"][0];
    assert_eq!((&moved["key"], &moved["partnership_key"]), (&product, &json!(robin)));
    let paid = shop.ledger.get("/api/v2/transactions/in_1%2Fil_1").await.data();
    assert_eq!((&paid["product_key"], &paid["partnership_key"]), (&product, &json!(robin)));
    assert_eq!(shop.standing().await, [(robin, 1980, "pending".to_owned(), String::new())]);
}

#[tokio::test]
async fn a_product_that_was_reported_by_a_claimed_name_moves_to_the_customer_whose_name_it_is() {
    let shop = Shop::open().await;
    sign_up(&shop, "invented", "cus_ada").await;
    let told = json!({"provider_key": "cus_ada", "product_book_key": "book/Inbox", "status": "active",
        "external_subscription_key": "sub_1", "occurred_at": 1000});
    let made = shop.post_as("billing", "products", told).await.data();
    confirm(&shop, "ada").await;
    for (customer, has) in [("ada", vec![&made["key"]]), ("invented", Vec::new())] {
        let all = shop.ledger.get(&format!("/api/v2/products?customer_key={customer}")).await.data();
        let keys: Vec<_> = all["items"].as_array().unwrap().iter().map(|row| &row["key"]).collect();
        assert_eq!(keys, has, "{customer}");
    }
}

#[tokio::test]
async fn a_payment_that_moves_is_for_the_customers_own_product_of_that_subscription() {
    let shop = Shop::open().await;
    let claimed = attract(&shop).await;
    let own = shop.sell("Surveys", "sub_1", json!({})).await;
    confirm(&shop, "ada").await;
    let paid = shop.ledger.get("/api/v2/transactions/in_1%2Fil_1").await.data();
    assert_eq!(paid["product_key"], own["key"]);
    let all = shop.ledger.get("/api/v2/products?customer_key=invented").await.data();
    assert_eq!(all["items"], json!([]), "{claimed} is archived");
    // Both name sub_1, and only one is left that does.
    assert_eq!(shop.ledger.get("/api/v2/products/sub_1").await.data()["key"], own["key"]);
}

#[tokio::test]
async fn a_claim_that_proves_true_keeps_what_it_attracted() {
    let shop = Shop::open().await;
    let product = attract(&shop).await;
    confirm(&shop, "invented").await;
    let kept = shop.ledger.get("/api/v2/products?customer_key=invented").await.data();
    assert_eq!(kept["items"][0]["key"], product);
    // The name is settled: another customer's report of it moves nothing more.
    confirm(&shop, "ada").await;
    let paid = shop.ledger.get("/api/v2/transactions/in_1%2Fil_1").await;
    assert_eq!(customer(&paid), "invented");
}

#[tokio::test]
async fn a_payment_stays_linked_to_its_deleted_product_when_the_credit_moves() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    let product = shop.sell("Inbox", "sub_1", json!({})).await;
    shop.pay("invoice-1", 9900, "sub_1").await.data();
    shop.delete("/api/v2/products/sub_1").await.data();
    shop.credit("robin").await;
    let paid = shop.ledger.get("/api/v2/transactions/invoice-1").await.data();
    assert_eq!(paid["product_key"], product["key"]);
}
