//! «Rewarding partners based on what customers buy» (seed 001): its example, and each of its frequently asked questions
//! by name.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

#[tokio::test]
async fn the_right_commission_fires_for_each_product_and_no_other() {
    let shop = Shop::open().await;
    shop.sell("Live Chat", "sub_chat", json!({})).await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("chat-1", 4900, "sub_chat").await.data();
    shop.pay("inbox-1", 9900, "sub_inbox").await.data();
    let rewards = shop.rewards().await;
    let of = |row: &Value| (text(&row["offer"]["description"]), row["amount"].as_i64().unwrap());
    let expected = [("Earn 10% for every Live Chat sale", 490), ("Earn 20% for every Inbox sale", 1980)];
    assert_eq!(
        rewards.iter().map(of).collect::<Vec<_>>(),
        expected.map(|(offer, paid)| (offer.to_owned(), paid))
    );
    let token = shop.ledger.partner_token(&shop.partner).await;
    let seen = shop.ledger.request(&token, "GET", "/api/v2/rewards", "").await.data();
    let seen = seen["items"].as_array().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|row| row["trigger"].is_null() && row["offer"]["description"].is_string()));
}

#[tokio::test]
async fn product_created_current_month_combines_with_group_amount_and_customer_age() {
    let shop = Shop::open().await;
    let leaf = |object: &str, field: &str, operator: &str, value: Value| json!({"object": object, "field": field, "operator": operator, "value": value});
    let rules = json!({"all": [
        leaf("product", "created", "within", json!("current_month")),
        leaf("partnership", "group", "is", json!("partners")),
        leaf("transaction", "amount", "greater_than", json!(5000)),
        leaf("customer", "age", "less_than", json!(30)),
    ]});
    shop.trigger("transaction_created", rules, json!({"type": "commission_percent", "percent": "1"})).await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("inbox-1", 9900, "sub_inbox").await.data();
    shop.pay("inbox-2", 4900, "sub_inbox").await.data();
    shop.ledger.pass(31 * 24 * 60 * 60 * 1000);
    shop.pay("inbox-3", 9900, "sub_inbox").await.data();
    assert_eq!(shop.amounts().await, [1980, 99, 980, 1980]);
}

#[tokio::test]
async fn do_i_need_to_set_this_up_for_every_customer() {
    let shop = Shop::open().await;
    let paid = shop.bill("in_1", 9900, 2000, &["book/Inbox"]).await.data();
    assert!(text(&paid["product_key"]).starts_with("prod_"), "the provider's payment makes the product");
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn what_happens_if_a_customer_buys_a_second_product() {
    let shop = Shop::open().await;
    shop.sell("Live Chat", "sub_chat", json!({})).await;
    let second = shop.sell("Inbox", "sub_inbox", json!({})).await;
    assert_eq!(second["partnership_key"], shop.partner.as_str());
    let list = shop.ledger.get("/api/v2/products?customer_key=ada").await.data();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_if_a_customer_cancels_a_product() {
    let shop = Shop::open().await;
    shop.sell("Surveys", "sub_surveys", json!({})).await;
    shop.pay("surveys-1", 3900, "sub_surveys").await.data();
    shop.patch("/api/v2/products/sub_surveys", json!({"status": "churned"})).await.data();
    shop.pay("surveys-2", 3900, "sub_surveys").await.data();
    assert_eq!(shop.amounts().await, [390]);
    let told = shop.ledger.get("/api/v2/transactions/surveys-2/explain").await.data();
    assert_eq!(told["triggers"][2]["failed"]["actual"], "churned");
}

#[tokio::test]
async fn what_if_i_only_want_to_commission_one_specific_product() {
    let shop = Shop::open().await;
    let list = shop.ledger.get("/api/v2/triggers").await.data();
    for trigger in list["items"].as_array().unwrap() {
        shop.delete(&format!("/api/v2/triggers/{}", text(&trigger["key"]))).await.data();
    }
    let entry = shop.ledger.get("/api/v2/product-book/book%2FInbox").await.data();
    let only =
        json!({"object": "product", "field": "product_book_key", "operator": "is", "value": entry["key"]});
    shop.trigger("transaction_created", only, json!({"type": "commission_percent", "percent": "20"})).await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.sell("Surveys", "sub_surveys", json!({})).await;
    shop.pay("inbox-1", 9900, "sub_inbox").await.data();
    shop.pay("surveys-1", 3900, "sub_surveys").await.data();
    assert_eq!(shop.amounts().await, [1980]);
}

#[tokio::test]
async fn will_my_existing_triggers_still_work() {
    let shop = Shop::open().await;
    shop.share("5").await;
    shop.sell("Inbox", "sub_inbox", json!({"status": "churned"})).await;
    shop.pay("with", 10_000, "sub_inbox").await.data();
    shop.pay("without", 10_000, "none").await.data();
    assert_eq!(shop.amounts().await, [500, 500]);
}

#[tokio::test]
async fn the_wrong_commission_is_firing_what_should_i_check() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "Sub_1", json!({})).await;
    let reply = shop.pay("inbox-1", 9900, "sub_1").await;
    let warning = &reply.json()["warnings"][0];
    assert_eq!(warning["code"], "subscription_key_unmatched");
    assert_eq!(warning["hint"], "differs only in case from 'Sub_1'");
    assert_eq!(shop.amounts().await, [0; 0]);
    let told = shop.ledger.get("/api/v2/transactions/inbox-1/explain").await.data();
    let reason = text(&told["triggers"][3]["failed"]["reason"]);
    assert!(reason.contains("no product is linked to this transaction"), "{reason}");
}

#[tokio::test]
async fn can_partners_see_products_sold_by_other_partners() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    shop.sell("Inbox", "sub_inbox", json!({"partnership_key": "robin"})).await;
    shop.sell("Surveys", "sub_surveys", json!({"status": "churned"})).await;
    let token = shop.ledger.partner_token(&shop.partner).await;
    let customer = shop.ledger.get("/api/v2/customers/ada").await.data();
    let path = format!("/api/v2/products?customer_key={}", text(&customer["key"]));
    let seen = shop.ledger.request(&token, "GET", &path, "").await.data();
    let items = seen["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{seen}");
    let robin = text(&shop.ledger.get("/api/v2/partnerships/robin").await.data()["key"]);
    assert!(!seen.to_string().contains("robin") && !seen.to_string().contains(&robin), "{seen}");
    let mut statuses: Vec<_> = items.iter().map(|item| text(&item["status"])).collect();
    statuses.sort();
    assert_eq!(statuses, ["active", "churned"]);
}

#[tokio::test]
async fn can_i_use_product_attribution_with_drip_commissions() {
    let shop = Shop::open().await;
    let rules = json!({"where": {"object": "product", "rules": [
        {"field": "name", "operator": "is_any_of", "value": ["Knowledge Base"]},
        {"field": "status", "operator": "is_any_of", "value": ["Active"]},
    ]}});
    let spread =
        json!({"type": "commission_percent", "percent": "12", "drip": {"cycle": "1m", "occurrences": 12}});
    shop.trigger("transaction_created", rules, spread).await;
    shop.sell("Knowledge Base", "sub_kb", json!({})).await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("inbox-1", 9900, "sub_inbox").await.data();
    shop.pay("kb-1", 10_000, "sub_kb").await.data();
    let scheduled = shop.ledger.get("/api/v2/rewards?limit=100&status=scheduled").await.data();
    let amounts: Vec<_> = scheduled["items"].as_array().unwrap().iter().map(|row| &row["amount"]).collect();
    assert_eq!(amounts, [100; 11], "twelve parts of 12.00, of which the first is earned now");
    assert_eq!(shop.amounts().await, [1980, 1500, 100]);
}

#[tokio::test]
async fn partners_only_see_offers_they_are_eligible_for() {
    let shop = Shop::open().await;
    let body = json!({"name": "gold", "offer_description": "Earn 5% more", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "5"}, "eligibility": {"groups": ["gold"]}});
    shop.ledger.post("/api/v2/triggers", &body.to_string()).await.data();
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("inbox-1", 9900, "sub_inbox").await.data();
    assert_eq!(shop.amounts().await, [1980]);
    let told = shop.ledger.get("/api/v2/transactions/inbox-1/explain").await.data();
    assert_eq!(told["triggers"][4]["failed"]["path"], "eligibility.groups");
}
