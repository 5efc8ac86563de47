//! Messages that triggers send to partners, and rules about a partner's tier (triggers.md section 1).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{START, text};

fn welcome() -> Value {
    json!({"type": "message", "subject": "Your first sale", "text": "Well done.\nThe next one pays more."})
}

fn first_payment() -> Value {
    json!({"object": "customer", "field": "transaction_count", "operator": "is", "value": 1})
}

#[tokio::test]
async fn a_message_reaches_its_partner_once_for_an_event_and_nobody_else() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    shop.pay("before", 900, "none").await.data();
    let trigger = shop.trigger("transaction_created", json!({"all": []}), welcome()).await;
    shop.listen(&["message.created"]).await;
    shop.pay("first", 900, "none").await.data();
    assert_eq!(shop.pay("first", 900, "none").await.status, 409);
    let list = shop.ledger.get("/api/v2/messages").await.data();
    let sent = &list["items"][0];
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let key = text(&sent["key"]);
    assert!(key.starts_with("note_"), "{key}");
    let expected = json!({"key": key, "partnership_key": shop.partner, "trigger_key": trigger,
        "subject": "Your first sale", "text": "Well done.\nThe next one pays more.", "test": false,
        "created_at": START, "updated_at": START});
    assert_eq!(*sent, expected);
    let told = shop.ledger.get("/api/v2/transactions/first/explain").await.data();
    assert_eq!((&told["triggers"][4]["fired"], &told["triggers"][4]["amount"]), (&json!(true), &Value::Null));
    let again = shop.ledger.post(&format!("/api/v2/triggers/{trigger}/replay"), "{}").await.data();
    assert_eq!((&again["fired"], &again["rewards"]), (&json!(2), &json!(0)));
    let all = shop.ledger.get("/api/v2/messages?order_by=created_at").await.data();
    assert_eq!(all["items"].as_array().unwrap().len(), 2, "what came before is told by the replay, once");
    let mut own = expected.clone();
    own["trigger_key"] = Value::Null;
    let token = shop.ledger.partner_token(&shop.partner).await;
    let path = format!("/api/v2/messages/{key}");
    assert_eq!(shop.ledger.request(&token, "GET", &path, "").await.data(), own, "triggers are the company's");
    let other = shop.ledger.partner_token(&robin).await;
    assert_eq!(shop.ledger.request(&other, "GET", "/api/v2/messages", "").await.data()["items"], json!([]));
    assert_eq!(shop.ledger.request(&other, "GET", &path, "").await.status, 404);
    let none = shop.ledger.get("/api/v2/messages?partnership_key=robin").await.data();
    assert_eq!(none["items"], json!([]));
    let hooks = shop.ledger.get("/api/v2/webhooks").await.data();
    let log =
        format!("/api/v2/webhooks/{}/deliveries?event=message.created", text(&hooks["items"][0]["key"]));
    assert_eq!(shop.ledger.get(&log).await.data()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_without_subject_or_text_is_refused_and_test_records_send_test_messages() {
    let shop = Shop::open().await;
    for (member, length) in [("subject", 0), ("subject", 201), ("text", 0), ("text", 5001)] {
        let mut action = welcome();
        action[member] = json!("x".repeat(length));
        let trigger =
            json!({"name": "m", "offer_description": "m", "event": "customer_created", "action": action});
        let refused = shop.ledger.post("/api/v2/triggers", &trigger.to_string()).await.error();
        assert_eq!((refused.0, refused.2), (400, format!("action.{member}")));
    }
    shop.trigger("customer_created", json!({"all": []}), welcome()).await;
    let test = shop.ledger.test();
    let post = async |path: &str, body: Value| {
        shop.ledger.request(&test, "POST", &format!("/api/v2/{path}"), &body.to_string()).await.data()
    };
    post("test_clock", json!({"advance_to": START})).await;
    post("customers", json!({"email": "t@site.example", "customer_key": "tess", "partner_key": "referrer"}))
        .await;
    let list = shop.ledger.request(&test, "GET", "/api/v2/messages", "").await.data();
    assert_eq!(list["items"][0]["test"], true);
    assert_eq!(shop.ledger.get("/api/v2/messages").await.data()["items"], json!([]), "production sees none");
}

#[tokio::test]
async fn a_rule_about_the_tier_holds_for_its_partners_by_key_or_name_then_and_in_the_past() {
    let shop = Shop::open().await;
    let tier = text(&shop.ledger.make("tiers", &json!({"name": "Platinum"})).await["key"]);
    let flat = |amount: i64| json!({"type": "commission_flat", "amount": amount, "currency": "USD"});
    let is =
        |value: &str| json!({"object": "partnership", "field": "tier", "operator": "is", "value": value});
    let by_name = shop.trigger("transaction_created", is("Platinum"), flat(7)).await;
    shop.trigger("transaction_created", json!({"all": [is(&tier), first_payment()]}), flat(11)).await;
    shop.pay("before", 900, "none").await.data();
    assert_eq!(shop.amounts().await, [0; 0]);
    let told = shop.ledger.get("/api/v2/transactions/before/explain").await.data();
    assert_eq!(told["triggers"][4]["failed"]["actual"], Value::Null);
    shop.patch("/api/v2/partnerships/referrer", json!({"tier_key": tier})).await.data();
    shop.pay("after", 900, "none").await.data();
    assert_eq!(shop.amounts().await, [7]);
    let path = format!("/api/v2/triggers/{by_name}");
    let tried = shop.ledger.post(&format!("{path}/dry_run"), "{}").await.data();
    assert_eq!(
        (&tried["examined"], &tried["fired"]),
        (&json!(2), &json!(2)),
        "asked of the partner as it is"
    );
    shop.ledger.post(&format!("{path}/replay"), "{}").await.data();
    assert_eq!(shop.amounts().await, [7, 7]);
}
