//! The partner's view: every product of the customer, and no other partner's name (api.md section 7).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

#[tokio::test]
async fn a_partner_sees_every_product_and_only_their_own_credit() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let rival = ledger.partner("rival").await;
    let member =
        json!({"partnership_key": "rival", "email": "secret-seller@rival.example", "name": "Sam Rival"});
    let member = text(&ledger.post("/api/v2/members", &member.to_string()).await.data()["key"]);
    shop.sell("Live Chat", "sub_chat", json!({"amount": 4900})).await;
    let hidden = json!({
        "partnership_key": "rival", "stack_key": member, "amount": 9900, "click_xid": "rivalclick12",
        "metadata": {"sold_by": "rival"},
    });
    shop.sell("Inbox", "rival_sub", hidden).await;
    shop.pay("invoice-chat", 4900, "sub_chat").await.data();
    shop.pay("invoice-inbox", 9900, "rival_sub").await.data();
    let ada = text(&ledger.get("/api/v2/customers/ada").await.data()["key"]);
    let token = ledger.partner_token(&shop.partner).await;
    let path = format!("/api/v2/products?customer_key={ada}&order_by=created_at");
    let reply = ledger.request(&token, "GET", &path, "").await;
    let items = reply.data()["items"].clone();
    let shown: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["name"], &item["amount"], &item["status"]))
        .collect();
    let active = json!("active");
    assert_eq!(
        shown,
        [(&json!("Live Chat"), &json!(4900), &active), (&json!("Inbox"), &json!(9900), &active)]
    );
    assert_eq!(
        (&items[0]["partnership_key"], &items[1]["partnership_key"]),
        (&json!(shop.partner), &Value::Null)
    );
    let one =
        ledger.request(&token, "GET", &format!("/api/v2/products/{}", text(&items[1]["key"])), "").await;
    let rewards = ledger.request(&token, "GET", "/api/v2/rewards", "").await;
    for told in [&reply, &one, &rewards] {
        for name in [rival.as_str(), member.as_str(), "rival", "Rival", "rivalclick12"] {
            assert!(!told.text.contains(name), "{name} in {}", told.text);
        }
        assert!(!told.text.contains("ada@site.example"), "{}", told.text);
    }
    let own = rewards.data()["items"].clone();
    assert_eq!((own.as_array().unwrap().len(), &own[0]["amount"]), (1, &json!(490)));
    assert_eq!((&own[0]["trigger"], &own[0]["customer"]["email"]), (&Value::Null, &Value::Null));
    assert_eq!(own[0]["offer"]["description"], "Earn 10% for every Live Chat sale");
}

#[tokio::test]
async fn records_that_a_partner_did_not_refer_answer_404() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let rival = ledger.partner("rival").await;
    let product = shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    let reward = text(&shop.rewards().await[0]["key"]);
    let ada = text(&ledger.get("/api/v2/customers/ada").await.data()["key"]);
    let token = ledger.partner_token(&rival).await;
    let paths = [
        format!("/api/v2/products?customer_key={ada}"),
        format!("/api/v2/products/{}", text(&product["key"])),
        format!("/api/v2/rewards/{reward}"),
    ];
    for path in paths {
        let theirs = ledger.request(&token, "GET", &path, "").await;
        assert_eq!(theirs.status, 404, "{path}");
        assert!(!theirs.text.contains("referrer"));
    }
    for path in ["products", "transactions", "customers"] {
        let own = ledger.request(&token, "GET", &format!("/api/v2/{path}"), "").await.data();
        assert_eq!((&own["items"], &own["total"]), (&json!([]), &json!(0)), "{path}");
    }
    let rewards = format!("/api/v2/rewards?partnership_key={}", shop.partner);
    assert_eq!(ledger.request(&token, "GET", &rewards, "").await.data()["items"], json!([]));
    for path in ["/api/v2/triggers", "/api/v2/members", "/api/v2/product_book"] {
        assert_eq!(ledger.request(&token, "GET", path, "").await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn filters_narrow_lists_of_products_and_rewards() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({"click_xid": "abcdefghijkl"})).await;
    shop.sell("Surveys", "sub_surveys", json!({"status": "trial"})).await;
    shop.customer("bob", "referrer").await;
    shop.pay("invoice-1", 9900, "sub_inbox").await.data();
    let cases = [
        ("products?customer_key=ada", 2),
        ("products?customer_key=bob", 0),
        ("products?customer_key=nobody", 0),
        ("products?status=trial", 1),
        ("products?click_xid=abcdefghijkl", 1),
        ("products?external_subscription_key=sub_surveys", 1),
        ("rewards?status=pending", 1),
        ("rewards?status=scheduled", 0),
        ("rewards?partner_key=referrer", 1),
        ("rewards?partner_key=gstest", 0),
        ("rewards?customer_key=ada", 1),
        ("rewards?customer_key=bob", 0),
        ("rewards?transaction=invoice-1", 1),
        ("transactions?customer_key=bob", 0),
        ("product_book?external_key=book%2FInbox", 1),
    ];
    for (path, count) in cases {
        let list = shop.ledger.get(&format!("/api/v2/{path}")).await.data();
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{path}");
    }
    assert_eq!(shop.ledger.get("/api/v2/rewards?status=gone").await.error().2, "status");
}

#[tokio::test]
async fn a_deleted_product_frees_its_subscription_and_a_deleted_entry_cannot_be_sold() {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    let delete = async |path: &str| shop.ledger.request(&shop.ledger.production(), "DELETE", path, "").await;
    delete("/api/v2/products/sub_inbox").await.data();
    assert_eq!(shop.ledger.get("/api/v2/products").await.data()["items"], json!([]));
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    let gone = delete("/api/v2/product-book/book%2FSurveys").await.data();
    assert_eq!(gone["archived"], true);
    let body = json!({"customer_key": "ada", "product_book_key": "book/Surveys", "status": "active"});
    let refused = shop.ledger.post("/api/v2/products", &body.to_string()).await;
    assert_eq!(refused.error().1, "unknown_product_book");
}

#[tokio::test]
async fn a_partner_reads_their_own_name_at_what_they_sold_and_no_other_partners() {
    let shop = Shop::open().await;
    shop.ledger.partner("rival").await;
    let name = async |partner: &str, first: &str| {
        let body = json!({"first_name": first, "last_name": "Seller"});
        shop.patch(&format!("/api/v2/partnerships/{partner}"), body).await.data();
    };
    let sold = [
        text(&shop.sell("Inbox", "own", json!({})).await["key"]),
        text(&shop.sell("Surveys", "theirs", json!({"partnership_key": "rival"})).await["key"]),
    ];
    let token = shop.ledger.partner_token(&shop.partner).await;
    let shown = async |at: usize| {
        let path = format!("/api/v2/products/{}", sold[at]);
        shop.ledger.request(&token, "GET", &path, "").await.data()["partner_name"].clone()
    };
    assert_eq!((shown(0).await, shown(1).await), (Value::Null, Value::Null), "nobody has a name");
    name("referrer", "Robin").await;
    name("rival", "Rita").await;
    assert_eq!((shown(0).await, shown(1).await), (json!("Robin Seller"), Value::Null));
}
