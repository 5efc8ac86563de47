//! Changes of customers: the site's own id, fields and team member; filters of customers and payments; what has changed.

use headwater_protocol::Millis;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{START, text};

async fn pay(shop: &Shop, customer: &str, key: &str) -> crate::test_ledger::Reply {
    let body = json!({"customer_key": customer, "key": key, "amount": 500, "currency": "USD"});
    shop.ledger.post("/api/v2/transactions", &body.to_string()).await
}

#[tokio::test]
async fn a_customer_gets_another_id_and_payments_by_the_old_one_are_refused_for_90_days() {
    let shop = Shop::open().await;
    shop.customer("bob", "referrer").await;
    let ada = text(&shop.ledger.get("/api/v2/customers/ada").await.data()["key"]);
    let taken = shop.patch("/api/v2/customers/ada", json!({"customer_key": "bob"})).await;
    assert_eq!(taken.error(), (409, "customer_exists".to_owned(), "customer_key".to_owned()));
    let renamed = shop.patch("/api/v2/customers/ada", json!({"customer_key": "u-1"})).await.data();
    assert_eq!((&renamed["key"], &renamed["customer_key"]), (&json!(ada), &json!("u-1")));
    let refused = pay(&shop, "ada", "paid-1").await;
    assert_eq!(refused.error(), (404, "customer_renamed".to_owned(), "customer_key".to_owned()));
    assert_eq!(refused.json()["hint"], "use u-1");
    pay(&shop, "u-1", "paid-1").await.data();
    pay(&shop, &ada, "paid-2").await.data();
    let history = shop.ledger.get(&format!("/api/v2/customers/{ada}/history")).await.data();
    let change = &history["items"][0];
    assert_eq!(
        (&change["field"], &change["old"], &change["new"]),
        (&json!("customer_key"), &json!("ada"), &json!("u-1"))
    );
    // A page may not take the id that was given up, the company may.
    let body = json!({"customer_key": "ada", "email": "eve@site.example", "partner_key": "referrer"});
    assert_eq!(shop.post_as("page", "customers", body.clone()).await.error().1, "customer_renamed");
    shop.ledger.post("/api/v2/customers", &body.to_string()).await.data();
    let paid = pay(&shop, "ada", "paid-3").await.data();
    assert_ne!(paid["customer"]["key"], ada.as_str());
    // An id that nobody else has taken is forgotten in the end.
    shop.patch("/api/v2/customers/bob", json!({"customer_key": "u-2"})).await.data();
    shop.ledger.pass(90 * Millis::DAY - 1);
    assert_eq!(pay(&shop, "bob", "paid-4").await.error().1, "customer_renamed");
    shop.ledger.pass(1);
    assert_eq!(pay(&shop, "bob", "paid-4").await.error().1, "customer_not_found");
}

#[tokio::test]
async fn a_page_renames_nobody_and_a_customer_goes_back_to_its_old_id() {
    let shop = Shop::open().await;
    let body = json!({"customer_key": "mine"});
    shop.ledger.send_as("page", "PATCH", "/api/v2/customers/ada", &body).await.data();
    assert_eq!(shop.ledger.get("/api/v2/customers/ada").await.data()["customer_key"], "ada");
    for name in ["u-1", "ada"] {
        let path = if name == "u-1" { "ada" } else { "u-1" };
        shop.patch(&format!("/api/v2/customers/{path}"), json!({"customer_key": name})).await.data();
    }
    pay(&shop, "ada", "paid-1").await.data();
    assert_eq!(pay(&shop, "u-1", "paid-2").await.error().1, "customer_renamed");
}

#[tokio::test]
async fn fields_of_a_customer_are_set_one_by_one_and_shown_as_data() {
    let shop = Shop::open().await;
    let patch = async |fields: Value| shop.patch("/api/v2/customers/ada", json!({"fields": fields})).await;
    patch(json!({"plan": "pro", "seats": 5, "trial": false})).await.data();
    let shown = patch(json!({"plan": "team", "trial": null})).await.data();
    let field = |name: &str, value: Value, kind: &str| {
        json!({"api_name": name, "name": name, "value": value, "type": kind, "read_only": false,
            "required": false, "options": []})
    };
    let expected = json!([field("plan", json!("team"), "text"), field("seats", json!(5), "number")]);
    assert_eq!((&shown["field_data"], &shown["fields"]), (&expected, &expected));
    for (fields, named) in [
        (json!({"a": [1]}), "fields.a".to_owned()),
        (json!({"": 1}), "fields".to_owned()),
        (json!({"a": "x".repeat(1001)}), "fields.a".to_owned()),
        (json!("text"), "fields".to_owned()),
        (
            (0..49).map(|at| (format!("f{at}"), json!(1))).collect::<serde_json::Map<_, _>>().into(),
            "fields".to_owned(),
        ),
    ] {
        assert_eq!(patch(fields.clone()).await.error().2, named, "{fields}");
    }
    let token = shop.ledger.partner_token(&shop.partner).await;
    let seen = shop.ledger.request(&token, "GET", "/api/v2/customers", "").await.data();
    assert_eq!(seen["items"][0]["field_data"], json!([]));
}

#[tokio::test]
async fn a_member_of_the_partners_team_is_credited_with_a_customer_and_a_payment() {
    let shop = Shop::open().await;
    let mut members = Vec::new();
    for partner in ["referrer", "gstest"] {
        let body = json!({"partnership_key": partner, "email": format!("m@{partner}.example")}).to_string();
        members.push(text(&shop.ledger.post("/api/v2/members", &body).await.data()["key"]));
    }
    shop.patch("/api/v2/customers/ada", json!({"member_key": members[0]})).await.data();
    let foreign = shop.patch("/api/v2/customers/ada", json!({"member_key": members[1]})).await;
    assert_eq!(foreign.error(), (400, "unknown_member".to_owned(), "member_key".to_owned()));
    for (at, warned) in [(0, false), (1, true)] {
        let body = json!({"customer_key": "ada", "key": format!("paid-{at}"), "amount": 1, "currency": "USD",
            "member_key": members[at]});
        let reply = shop.ledger.post("/api/v2/transactions", &body.to_string()).await;
        let credited = if warned { Value::Null } else { json!(members[at]) };
        assert_eq!(
            (&reply.data()["member_key"], reply.json().get("warnings").is_some()),
            (&credited, warned)
        );
        let read = shop.ledger.get(&format!("/api/v2/transactions/paid-{at}")).await.data();
        assert_eq!(read["member_key"], credited);
    }
}

#[tokio::test]
async fn lists_of_customers_and_payments_are_narrowed_by_every_filter_that_clients_send() {
    let shop = Shop::open().await;
    shop.ledger.post("/api/v2/groups", r#"{"name":"Agencies"}"#).await.data();
    shop.patch("/api/v2/partnerships/gstest", json!({"group_key": "agencies"})).await.data();
    shop.customer("bob", "gstest").await;
    shop.patch("/api/v2/customers/bob", json!({"external_key": "crm-bob"})).await.data();
    let product = shop.sell("Inbox", "sub_1", json!({})).await;
    shop.pay("paid-1", 9900, "sub_1").await.data();
    let body = json!({"customer_key": "bob", "key": "paid-2", "amount": 1, "currency": "USD", "product_key": "pro_plan"});
    shop.ledger.post("/api/v2/transactions", &body.to_string()).await.data();
    let product = format!("transactions?product_key={}", text(&product["key"]));
    let partner = format!("customers?partnership_key={}", shop.partner);
    for (path, count) in [
        ("customers?partner_key=gstest", 1),
        (partner.as_str(), 1),
        ("customers?group=agencies", 1),
        ("customers?group=nowhere", 0),
        ("customers?email=bob@site.example", 1),
        ("customers?test=true", 0),
        ("customers?test=false", 2),
        ("transactions?customer_key=bob", 1),
        ("transactions?customer_external_key=crm-bob", 1),
        ("transactions?customer_external_key=nobody", 0),
        ("transactions?customer_email=ada@site.example", 1),
        ("transactions?partnership_key=referrer", 1),
        ("transactions?product_key=pro_plan", 1),
        (product.as_str(), 1),
        ("transactions?subscription_key=sub_1", 1),
        ("transactions?subscription_key=Sub_1", 0),
        ("transactions?test=true", 0),
        ("transactions?test=0", 2),
    ] {
        let list = shop.ledger.get(&format!("/api/v2/{path}")).await;
        assert!(list.json().get("warnings").is_none(), "{path}: {}", list.text);
        assert_eq!(list.data()["items"].as_array().unwrap().len(), count, "{path}");
    }
    assert_eq!(shop.ledger.get("/api/v2/customers?test=maybe").await.error().2, "test");
}

#[tokio::test]
async fn what_has_changed_since_a_time_comes_latest_change_first() {
    let shop = Shop::open().await;
    for (at, name) in ["b", "c", "d"].into_iter().enumerate() {
        shop.ledger.pass(1000);
        shop.customer(name, "referrer").await;
        assert!(at < 3);
    }
    shop.ledger.pass(1000);
    shop.patch("/api/v2/customers/ada", json!({"name": "Ada"})).await.data();
    shop.ledger.pass(1000);
    shop.patch("/api/v2/customers/c", json!({"name": "Cleo"})).await.data();
    let names = async |query: &str| {
        let page = shop.ledger.get(&format!("/api/v2/customers?{query}")).await.data();
        page["items"].as_array().unwrap().iter().map(|item| text(&item["customer_key"])).collect::<Vec<_>>()
    };
    let since = START + 2000;
    assert_eq!(names(&format!("min_updated={since}")).await, ["c", "ada", "d"]);
    assert_eq!(names(&format!("max_updated={since}")).await, ["b"]);
    assert_eq!(names(&format!("min_updated={since}&order_by=created_at")).await, ["ada", "c", "d"]);
    assert_eq!(names("order_by=updated_at").await, ["b", "d", "ada", "c"]);
    let first = shop.ledger.get(&format!("/api/v2/customers?limit=1&min_updated={since}")).await.data();
    let next = format!("limit=1&min_updated={since}&starting_after={}", text(&first["ending_cursor"]));
    assert_eq!(names(&next).await, ["ada"]);
}
