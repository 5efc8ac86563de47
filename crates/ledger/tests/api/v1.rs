//! The calls of version 1, in their older envelope.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, text};

async fn send(shop: &Shop, method: &str, path: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    shop.ledger.request(&shop.ledger.production(), method, &format!("/v1/{path}"), &body).await
}

/// The `rdata` of a success, whose envelope has nothing else.
fn rdata(reply: &Reply) -> Value {
    let whole = reply.json();
    let members: Vec<_> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((reply.status, members), (200, vec!["message", "rdata", "status"]), "{whole}");
    assert_eq!(whole["status"], 200);
    whole["rdata"].clone()
}

#[tokio::test]
async fn a_page_applies_for_somebody_and_learns_nothing_about_who_is_a_partner() {
    let shop = Shop::open().await;
    let page = async |public_key: &str, body: Value| {
        let request = axum::http::Request::post(format!("/v1/partnerships/{public_key}"))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()));
        shop.ledger.send(request.unwrap()).await
    };
    let key = shop.ledger.keys.public_key.clone();
    let new = json!({"email": "new@agency.example", "first_name": "N", "company": "Agency", "meta": {"from": "footer"}});
    let made = page(&key, new.clone()).await;
    assert_eq!(made.text, r#"{"status":200,"message":"Application received","rdata":{"received":true}}"#);
    // A partner's address and one that has applied are answered like a new one.
    for email in ["new@agency.example", "referrer@partner.example"] {
        let again = page(&key, json!({"email": email})).await;
        assert_eq!((again.status, again.text), (200, made.text.clone()));
    }
    let list = shop.ledger.get("/api/v2/applications").await.data();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["email"], &items[0]["first_name"], &items[0]["status"], &items[0]["meta"]["from"]),
        (&json!("new@agency.example"), &json!("N"), &json!("pending"), &json!("footer"))
    );
    assert_eq!(
        page(&key, json!({"email": "x"})).await.error(),
        (400, "out_of_range".to_owned(), "email".to_owned())
    );
    assert_eq!(page("pk_none", new.clone()).await.error().1, "unauthorized");
    assert_eq!(page(&shop.ledger.keys.test_public_key, new.clone()).await.error().1, "test_key_read_only");
    shop.patch("/api/v2/groups/partners", json!({"features": {"application_enabled": false}})).await.data();
    let closed = page(&key, json!({"email": "late@agency.example"})).await;
    assert_eq!(
        (closed.error().1.as_str(), closed.json()["hint"].clone()),
        ("applications_disabled", Value::Null)
    );
}

#[tokio::test]
async fn a_customer_of_version_1_is_made_read_renamed_and_pays() {
    let shop = Shop::open().await;
    let body = json!({"key": "u-1", "partner_key": "referrer", "email": "u@site.example", "name": "U", "ip_address": "192.0.2.7"});
    let made = rdata(&send(&shop, "POST", "customers", body).await);
    assert_eq!(
        (&made["key"], &made["partner_key"], &made["email"], &made["name"]),
        (&json!("u-1"), &json!("referrer"), &json!("u@site.example"), &json!("U"))
    );
    assert_eq!(shop.ledger.get("/api/v2/customers/u-1").await.data()["key"], made["customer_key"]);
    for name in ["u-1", "u@site.example", &text(&made["customer_key"])] {
        assert_eq!(
            rdata(&send(&shop, "GET", &format!("customers/{name}"), Value::Null).await),
            made,
            "{name}"
        );
    }
    let renamed = rdata(&send(&shop, "PATCH", "customers/u-1", json!({"key": "u-2"})).await);
    assert_eq!((&renamed["key"], &renamed["customer_key"]), (&json!("u-2"), &made["customer_key"]));
    let free = json!({"amount": 0, "key": "free", "product_key": "plan", "category_key": "new"});
    let free = rdata(&send(&shop, "POST", "customers/u-2/transactions", free).await);
    assert_eq!(
        (&free["amount"], &free["currency"], &free["product_key"]),
        (&json!(0), &json!("USD"), &json!("plan"))
    );
    for name in ["u@site.example", "u-2"] {
        let paid = send(
            &shop,
            "POST",
            &format!("customers/{name}/transactions"),
            json!({"amount": 5, "currency": "EUR"}),
        )
        .await;
        assert_eq!(rdata(&paid)["customer"]["key"], made["customer_key"]);
    }
    let old = send(&shop, "POST", "customers/u-1/transactions", json!({"amount": 5})).await;
    assert_eq!((old.status, &old.json()["hint"]), (404, &json!("use u-2")));
    let action = json!({"type": "call", "value": 1, "target_type": "customer", "target_key": "u-2"});
    assert_eq!(rdata(&send(&shop, "POST", "actions", action).await)["type"], "call");
    let partners = rdata(&send(&shop, "GET", "partnerships?limit=1", Value::Null).await);
    assert_eq!(
        (&partners["items"][0]["partner_key"], &partners["has_more"]),
        (&json!("referrer"), &json!(true))
    );
}

#[tokio::test]
async fn errors_of_version_1_say_their_sentence_twice_and_warnings_stay() {
    let shop = Shop::open().await;
    let without = send(&shop, "POST", "actions", json!({"type": "call", "value": 1})).await;
    let whole = without.json();
    assert_eq!((without.status, &whole["error"]), (400, &json!("'target_type' is a required property")));
    assert_eq!(
        (&whole["message"], &whole["status"], &whole["code"]),
        (&whole["error"], &json!(400), &json!("required"))
    );
    let gone = send(&shop, "GET", "customers/nobody", Value::Null).await;
    assert_eq!((gone.status, &gone.json()["error"]), (404, &json!("no customer is called 'nobody'")));
    let short = send(&shop, "POST", "customers/ada/transactions", json!({"amount": 1, "key": "abc"})).await;
    assert_eq!((short.status, &short.json()["field"]), (400, &json!("key")));
    let warned = send(&shop, "PATCH", "customers/ada", json!({"nmae": "Ada"})).await;
    assert_eq!(warned.json()["warnings"][0]["code"], "unknown_member");
    assert_eq!(warned.json()["rdata"]["key"], "ada");
    let nobody = shop.ledger.request("Basic bm9ib2R5Om5vdGhpbmc=", "GET", "/v1/customers/ada", "").await;
    assert_eq!((nobody.status, nobody.json()["error"].is_string()), (401, true));
    let method = send(&shop, "DELETE", "customers/ada", Value::Null).await;
    assert_eq!(method.status, 405);
}
