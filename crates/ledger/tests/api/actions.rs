//! Actions: what customers and partners did that is no payment.

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, TestLedger, text};

async fn track(ledger: &TestLedger, body: Value) -> Reply {
    ledger.post("/api/v2/actions", &body.to_string()).await
}

fn keys(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| text(&item["key"])).collect()
}

#[tokio::test]
async fn an_action_is_tracked_in_the_official_form_and_in_that_of_seed_004() {
    let shop = Shop::open().await;
    let official = json!({"type": "demo_booked", "value": 2, "target_type": "customer", "target_key": "ada"});
    let reply = track(&shop.ledger, official).await;
    assert_eq!((reply.status, &reply.json()["message"]), (200, &json!("Action tracked successfully")));
    let made = reply.data();
    let ada = shop.ledger.get("/api/v2/customers/ada").await.data();
    let program = shop.ledger.request(&shop.ledger.admin(), "GET", "/api/v2/program", "").await.data();
    let expected = json!({
        "key": made["key"], "archived": false, "type": "demo_booked", "value": 2,
        "company": {"key": program["company_key"], "name": "GigaKick"},
        "customer": {"key": ada["key"], "sub_ids": []}, "partnership_key": shop.partner,
        "external_key": null, "created_at": made["created_at"], "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    assert!(text(&made["key"]).starts_with("act_"));
    let path = format!("/api/v2/actions/{}", text(&made["key"]));
    assert_eq!(shop.ledger.get(&path).await.data(), expected);
    let seed = json!({"customer_key": "ada", "key": "signup_completed", "value": 1});
    let seed = track(&shop.ledger, seed).await.data();
    assert_eq!(
        (&seed["type"], &seed["value"], &seed["customer"]),
        (&json!("signup_completed"), &json!(1), &expected["customer"])
    );
    let own = json!({"type": "webinar", "value": 1, "target_type": "partnership", "target_key": "referrer"});
    let own = track(&shop.ledger, own).await.data();
    assert_eq!((&own["customer"], &own["partnership_key"]), (&Value::Null, &json!(shop.partner)));
}

#[tokio::test]
async fn a_missing_or_wrong_member_of_an_action_is_named() {
    let shop = Shop::open().await;
    let whole = json!({"type": "t", "value": 1, "target_type": "customer", "target_key": "ada"});
    for member in ["target_type", "target_key", "type", "value"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(member);
        let reply = track(&shop.ledger, body).await;
        assert_eq!(reply.json()["message"], format!("'{member}' is a required property"));
        assert_eq!(reply.error(), (400, "required".to_owned(), member.to_owned()));
    }
    for (member, value, status) in [
        ("value", json!(0), 400),
        ("value", json!(100_000_001), 400),
        ("type", json!(""), 400),
        ("target_type", json!("deal"), 400),
        ("external_key", json!(""), 400),
        ("target_key", json!("nobody"), 404),
    ] {
        let mut body = whole.clone();
        body[member] = value.clone();
        let (told, _, field) = track(&shop.ledger, body).await.error();
        assert_eq!((told, field.as_str()), (status, member), "{value}");
    }
    let nobody = json!({"type": "t", "value": 1, "target_type": "partnership", "target_key": "nobody"});
    assert_eq!(track(&shop.ledger, nobody).await.error().1, "partnership_not_found");
    assert_eq!(
        track(&shop.ledger, json!({"customer_key": "bob", "key": "t", "value": 1})).await.error().2,
        "customer_key"
    );
    assert_eq!(shop.ledger.get("/api/v2/actions").await.data()["total"], 0);
}

#[tokio::test]
async fn lists_of_actions_are_narrowed_and_carry_their_number() {
    let shop = Shop::open().await;
    shop.customer("bob", "gstest").await;
    let mut made = Vec::new();
    for (customer, kind) in
        [("ada", "call"), ("bob", "call"), ("ada", "demo"), ("bob", "demo"), ("ada", "call")]
    {
        shop.ledger.pass(1);
        let body = json!({"customer_key": customer, "key": kind, "value": 1});
        made.push(text(&track(&shop.ledger, body).await.data()["key"]));
    }
    let of = |at: &[usize]| at.iter().map(|at| made[*at].clone()).collect::<Vec<_>>();
    for (query, expected) in [
        ("", of(&[4, 3, 2, 1, 0])),
        ("customer_key=ada", of(&[4, 2, 0])),
        ("partnership_key=gstest", of(&[3, 1])),
        ("action_type=demo", of(&[3, 2])),
        ("action_type=demo&customer_key=ada&partnership_key=referrer", of(&[2])),
        ("action_type=nothing", of(&[])),
    ] {
        let page = shop.ledger.get(&format!("/api/v2/actions?{query}")).await.data();
        assert_eq!((keys(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{query}");
        let page = shop.ledger.get(&format!("/api/v2/actions?limit=1&{query}")).await.data();
        assert_eq!(
            (keys(&page).len(), &page["total"]),
            (expected.len().min(1), &json!(expected.len())),
            "{query}"
        );
    }
    let path = format!("/api/v2/actions/{}", made[2]);
    for _ in 0..2 {
        let gone = shop.ledger.request(&shop.ledger.production(), "DELETE", &path, "").await.data();
        assert_eq!((&gone["key"], &gone["archived"]), (&json!(made[2]), &json!(true)));
    }
    let page = shop.ledger.get("/api/v2/actions").await.data();
    assert_eq!((keys(&page), &page["total"]), (of(&[4, 3, 1, 0]), &json!(4)));
    let page = shop.ledger.get("/api/v2/actions?include_archived=true").await.data();
    assert_eq!((keys(&page).len(), &page["total"]), (5, &json!(5)));
}

#[tokio::test]
async fn an_external_key_is_of_one_action_and_erased_with_its_customer() {
    let shop = Shop::open().await;
    let mut body = json!({"customer_key": "ada", "key": "call", "value": 1, "external_key": "crm/1"});
    let made = track(&shop.ledger, body.clone()).await.data();
    let again = track(&shop.ledger, body.clone()).await;
    assert_eq!(again.error(), (409, "action_exists".to_owned(), "external_key".to_owned()));
    assert!(again.json()["message"].as_str().unwrap().contains(&text(&made["key"])));
    body["value"] = json!(2);
    assert_eq!(track(&shop.ledger, body.clone()).await.error().1, "action_conflict");
    assert_eq!(shop.ledger.get("/api/v2/actions").await.data()["total"], 1);
    shop.ledger.request(&shop.ledger.production(), "DELETE", "/api/v2/customers/ada", "").await.data();
    let path = format!("/api/v2/actions/{}", text(&made["key"]));
    assert_eq!(shop.ledger.get(&path).await.data()["external_key"], Value::Null);
}

#[tokio::test]
async fn test_keys_see_and_make_test_actions_only() {
    let shop = Shop::open().await;
    let (ledger, test) = (&shop.ledger, shop.ledger.test());
    let body = json!({"email": "t@site.example", "customer_key": "tess"}).to_string();
    ledger.request(&test, "POST", "/api/v2/customers", &body).await.data();
    let body = json!({"customer_key": "tess", "key": "call", "value": 1, "external_key": "x"});
    assert_eq!(track(ledger, body.clone()).await.status, 404);
    let made = ledger.request(&test, "POST", "/api/v2/actions", &body.to_string()).await.data();
    let path = format!("/api/v2/actions/{}", text(&made["key"]));
    assert_eq!(ledger.get(&path).await.status, 404);
    assert_eq!(ledger.get("/api/v2/actions").await.data()["total"], 0);
    assert_eq!(ledger.request(&test, "GET", "/api/v2/actions", "").await.data()["total"], 1);
    // The other mode's external key is free.
    track(ledger, json!({"customer_key": "ada", "key": "call", "value": 1, "external_key": "x"}))
        .await
        .data();
}
