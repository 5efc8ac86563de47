//! Webhooks: made, changed, signed, rotated and archived.

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::receiver::{ReceivedEvent, Receiver};
use crate::shop::Shop;
use crate::test_ledger::text;

/// Milliseconds of an hour.
const HOUR: i64 = 60 * 60 * 1000;

/// Checks a request as receivers do, with the library of the scheme's authors, less its clock: the test's time is not
/// now.
fn verified(event: &ReceivedEvent, secret: &str) -> bool {
    let (id, at) = (event.id(), event.headers["webhook-timestamp"].parse().unwrap());
    let expected = Webhook::new(secret).unwrap().sign(id, at, event.body.as_bytes()).unwrap();
    event.headers["webhook-signature"].split(' ').any(|signature| signature == expected)
}

/// Checks the header that PartnerStack's receivers check.
fn verified_as_partnerstack(event: &ReceivedEvent, secret: &str) -> bool {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(event.body.as_bytes());
    hex::encode(mac.finalize().into_bytes()) == event.headers["x-partnerstack-signature"]
}

#[tokio::test]
async fn a_secret_is_shown_when_it_is_made_and_never_again() {
    let shop = Shop::open().await;
    let made = shop.listen(&["customer.created", "reward.created", "customer.created"]).await;
    let (key, secret) = (text(&made["key"]), text(&made["secret"]));
    assert!(key.starts_with("whk_") && secret.starts_with("whsec_") && secret.len() == 50, "{made}");
    assert_eq!(made["events"], json!(["customer.created", "reward.created"]));
    let path = format!("/api/v2/webhooks/{key}");
    let changed = shop.patch(&path, json!({"events": ["deal.updated"]})).await;
    let replies = [shop.ledger.get(&path).await, shop.ledger.get("/api/v2/webhooks").await, changed];
    for reply in replies {
        assert!(!reply.text.contains(&secret) && reply.text.contains("\"secret\":null"), "{}", reply.text);
    }
    let archived = shop.delete(&path).await.data();
    assert_eq!((&archived["archived"], &archived["events"]), (&json!(true), &json!(["deal.updated"])));
    assert_eq!(shop.ledger.get("/api/v2/webhooks").await.data()["items"], json!([]));
    for reply in [
        shop.patch(&path, json!({})).await,
        shop.ledger.post(&format!("{path}/ping"), "").await,
        shop.ledger.post(&format!("{path}/resume"), "").await,
        shop.ledger.post(&format!("{path}/rotate"), "{}").await,
    ] {
        assert_eq!(reply.error().1, "webhook_archived");
    }
}

/// An answer with a secret must not be stored, so a key cannot make the call repeatable.
#[tokio::test]
async fn an_idempotency_key_stores_no_secret() {
    let shop = Shop::open().await;
    let body = r#"{"target":"https://hooks.example.com/","events":["deal.created"]}"#;
    let first = shop.ledger.post_once("/api/v2/webhooks", body, "once").await.data();
    let sql = "SELECT count(*) FROM idempotency WHERE answer LIKE '%whsec_%'";
    let stored: Result<Option<i64>, headwater_store::StoreError> =
        shop.ledger.store.read(move |unit| unit.query_one(sql, &[], |row| row.get(0))).await;
    assert_eq!(stored.unwrap(), Some(0));
    assert_ne!(shop.ledger.post_once("/api/v2/webhooks", body, "once").await.data()["key"], first["key"]);
}

#[tokio::test]
async fn what_cannot_be_a_webhook_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let create = async |body: Value| shop.ledger.post("/api/v2/webhooks", &body.to_string()).await;
    let target = "https://hooks.example.com/";
    for (body, field) in [
        (json!({"target": "http://hooks.example.com/", "events": ["deal.created"]}), "target"),
        (json!({"target": "https://10.0.0.1/", "events": ["deal.created"]}), "target"),
        (json!({"target": "https://0x7f.1/", "events": ["deal.created"]}), "target"),
        (json!({"target": "https://u:p@hooks.example.com/", "events": ["deal.created"]}), "target"),
        (json!({"target": target, "events": []}), "events"),
        (json!({"target": target, "events": ["customer.bought"]}), "events[0]"),
        (json!({"target": target}), "events"),
        (json!({"target": target, "events": ["deal.created"], "key": "hook_1"}), "key"),
    ] {
        let (status, _, found) = create(body.clone()).await.error();
        assert_eq!((status, found.as_str()), (400, field), "{body}");
    }
    for number in 0..20 {
        let body = json!({"target": target, "events": ["deal.created"], "key": format!("whk_{number}")});
        create(body).await.data();
    }
    let one_more = create(json!({"target": target, "events": ["deal.created"]})).await;
    assert_eq!(one_more.error().1, "too_many_webhooks");
    shop.delete("/api/v2/webhooks/whk_0").await.data();
    let taken = create(json!({"target": target, "events": ["deal.created"], "key": "whk_1"})).await;
    assert_eq!(taken.error(), (409, "webhook_exists".to_owned(), "key".to_owned()));
}

#[tokio::test]
async fn a_loopback_target_is_taken_where_the_operator_allows_it() {
    let shop = Shop::open().await;
    let body = r#"{"target":"http://127.0.0.1:9/hook","events":["customer.created"]}"#;
    assert_eq!(shop.ledger.post("/api/v2/webhooks", body).await.error().2, "target");
    shop.ledger.handle.allow_private_targets();
    shop.ledger.post("/api/v2/webhooks", body).await.data();
    // A process without the permission does not send to it either.
    shop.customer("bob", "referrer").await;
    let receiver = Receiver::new();
    shop.ledger.second().deliver_webhooks(&receiver.transport()).await.unwrap();
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn every_request_is_signed_and_with_both_secrets_while_one_is_replaced() {
    let shop = Shop::open().await;
    let made = shop.listen(&["customer.created"]).await;
    let (path, first) = (format!("/api/v2/webhooks/{}", text(&made["key"])), text(&made["secret"]));
    let receiver = Receiver::new();
    let sent = async |name: &str| {
        shop.customer(name, "referrer").await;
        receiver.deliver(&shop.ledger).await;
        receiver.take().pop().unwrap()
    };
    let event = sent("bob").await;
    assert!(verified(&event, &first) && verified_as_partnerstack(&event, &first), "{event:?}");
    assert_eq!(event.headers["content-type"], "application/json");
    assert!(event.id().starts_with("msg_") && event.target == "https://hooks.example.com/headwater");
    let rotated = shop.ledger.post(&format!("{path}/rotate"), r#"{"overlap_hours":2}"#).await.data();
    let second = text(&rotated["secret"]);
    assert_ne!(first, second);
    assert_eq!(rotated["old_secret_until"], shop.ledger.now() + 2 * HOUR);
    let event = sent("cat").await;
    assert!(verified(&event, &first) && verified(&event, &second));
    // The one signature of this header is the one that a receiver can check before it has the new secret.
    assert!(verified_as_partnerstack(&event, &first));
    shop.ledger.pass(2 * HOUR);
    let event = sent("dan").await;
    assert!(
        !verified(&event, &first) && verified(&event, &second) && verified_as_partnerstack(&event, &second)
    );
    assert_eq!(shop.ledger.get(&path).await.data()["old_secret_until"], Value::Null);
    // A leaked secret is replaced at once.
    let rotated = shop.ledger.post(&format!("{path}/rotate"), r#"{"overlap_hours":0}"#).await.data();
    let event = sent("eve").await;
    assert!(!verified(&event, &second) && verified(&event, &text(&rotated["secret"])));
    assert_eq!(
        shop.ledger.post(&format!("{path}/rotate"), r#"{"overlap_hours":721}"#).await.error().2,
        "overlap_hours"
    );
}

/// The library's own check, which looks at the clock too.
#[tokio::test]
async fn the_library_of_the_scheme_takes_a_request_that_was_just_signed() {
    let shop = Shop::open().await;
    let secret = text(&shop.listen(&["customer.created"]).await["secret"]);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    shop.ledger.pass(i64::try_from(now.as_millis()).unwrap() - shop.ledger.now());
    shop.customer("bob", "referrer").await;
    let receiver = Receiver::new();
    receiver.deliver(&shop.ledger).await;
    let event = receiver.take().pop().unwrap();
    let mut headers = axum::http::HeaderMap::new();
    for (name, value) in &event.headers {
        headers.insert(*name, value.parse().unwrap());
    }
    let webhook = Webhook::new(&secret).unwrap();
    webhook.verify(event.body.as_bytes(), &headers).unwrap();
    webhook.verify(event.body.replace("bob", "eve").as_bytes(), &headers).unwrap_err();
}

#[tokio::test]
async fn test_keys_read_webhooks_and_each_mode_has_its_own_deliveries() {
    let shop = Shop::open().await;
    let made = shop.listen(&["customer.created"]).await;
    let (path, test) = (format!("/api/v2/webhooks/{}", text(&made["key"])), shop.ledger.test());
    let ask =
        async |method: &str, path: &str, body: &str| shop.ledger.request(&test, method, path, body).await;
    assert_eq!(ask("GET", &path, "").await.data()["key"], made["key"]);
    for (method, path, body) in [
        (
            "POST",
            "/api/v2/webhooks".to_owned(),
            r#"{"target":"https://a.example/","events":["deal.created"]}"#,
        ),
        ("PATCH", path.clone(), "{}"),
        ("DELETE", path.clone(), ""),
        ("POST", format!("{path}/rotate"), "{}"),
        ("POST", format!("{path}/resume"), ""),
    ] {
        assert_eq!(ask(method, &path, body).await.error().1, "test_key_read_only", "{method} {path}");
    }
    // A customer of one id in both modes is two objects.
    let body = r#"{"email":"bob@site.example","customer_key":"bob","key":"cus_bob"}"#;
    ask("POST", "/api/v2/customers", body).await.data();
    shop.ledger.post("/api/v2/customers", body).await.data();
    let receiver = Receiver::new();
    assert_eq!(receiver.deliver(&shop.ledger).await, 2);
    let received = receiver.take();
    let mut modes: Vec<_> = received.iter().map(|event| event.json()["test"].as_bool().unwrap()).collect();
    modes.sort_unstable();
    assert_eq!(modes, [false, true]);
    let log = format!("{path}/deliveries");
    let (own, others) = (ask("GET", &log, "").await.data(), shop.ledger.get(&log).await.data());
    let only = |list: &Value| {
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        (list["items"][0]["test"].clone(), text(&list["items"][0]["key"]))
    };
    let ((of_test, key), (of_production, other)) = (only(&own), only(&others));
    assert_eq!((of_test, of_production), (json!(true), json!(false)));
    assert_eq!(ask("GET", &format!("{log}/{other}"), "").await.error().1, "delivery_not_found");
    assert_eq!(ask("POST", &format!("{log}/{key}/resend"), "").await.data()["status"], "pending");
}

#[tokio::test]
async fn a_ping_tests_a_target_without_any_event() {
    let shop = Shop::open().await;
    let made = shop.listen(&["deal.created"]).await;
    let path = format!("/api/v2/webhooks/{}", text(&made["key"]));
    let queued = shop.ledger.post(&format!("{path}/ping"), "").await.data();
    assert_eq!((&queued["event"], &queued["status"]), (&json!("ping"), &json!("pending")));
    let receiver = Receiver::new();
    assert_eq!(receiver.deliver(&shop.ledger).await, 1);
    let event = receiver.take().pop().unwrap();
    assert_eq!((event.event().as_str(), event.json()["key"].clone()), ("ping", made["key"].clone()));
    assert!(verified(&event, &text(&made["secret"])));
    let logged = shop.ledger.get(&format!("{path}/deliveries/{}", event.id())).await.data();
    assert_eq!((&logged["status"], &logged["answer_status"]), (&json!("delivered"), &json!(204)));
}
