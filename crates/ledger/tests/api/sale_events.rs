//! Events of deals, leads, actions, invoiced rewards and partners whom a trigger moves.

use headwater_protocol::Millis;
use serde_json::{Value, json};

use crate::receiver::{ReceivedEvent, Receiver};
use crate::shop::Shop;
use crate::test_ledger::text;

/// The names and bodies of what was sent since the last time, in the order of names.
async fn sent(shop: &Shop, receiver: &Receiver) -> Vec<(String, Value)> {
    receiver.deliver(&shop.ledger).await;
    let mut events: Vec<_> = receiver.take().iter().map(|event| (event.event(), event.json())).collect();
    events.sort_by(|one, other| one.0.cmp(&other.0));
    events
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn deals_and_leads_are_events_when_they_are_made_changed_and_archived() {
    let shop = Shop::open().await;
    let all =
        ["deal.created", "deal.updated", "deal.deleted", "lead.created", "lead.updated", "lead.deleted"];
    shop.listen(&all).await;
    let receiver = Receiver::new();
    let deal = json!({"partner_key": "referrer", "account_name": "Acme"});
    let lead = json!({"partner_key": "referrer", "email": "eve@site.example"});
    for (kind, new, change) in [("deal", deal, json!({"amount": 5})), ("lead", lead, json!({"amount": 5}))] {
        let key = text(&shop.ledger.make(&format!("{kind}s"), &new).await["key"]);
        let path = format!("/api/v2/{kind}s/{key}");
        let mut events = sent(&shop, &receiver).await;
        assert_eq!(names(&events), [format!("{kind}.created")]);
        let mut body = events.remove(0).1;
        body.as_object_mut().unwrap().remove("event");
        assert_eq!(body, shop.ledger.get(&path).await.data());
        shop.patch(&path, change).await.data();
        assert_eq!(names(&sent(&shop, &receiver).await), [format!("{kind}.updated")]);
        shop.delete(&path).await.data();
        let events = sent(&shop, &receiver).await;
        assert_eq!(
            (names(&events), &events[0].1["archived"]),
            (vec![&*format!("{kind}.deleted")], &json!(true))
        );
    }
}

#[tokio::test]
async fn an_action_is_an_event() {
    let shop = Shop::open().await;
    shop.listen(&["action.created"]).await;
    let receiver = Receiver::new();
    let action = json!({"type": "call", "value": 1, "target_type": "customer", "target_key": "ada"});
    let made = shop.ledger.post("/api/v2/actions", &action.to_string()).await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!((names(&events), &events[0].1["key"]), (vec!["action.created"], &made["key"]));
}

#[tokio::test]
async fn what_was_sent_of_a_deal_is_erased_with_the_customer_that_it_became() {
    let shop = Shop::open().await;
    shop.listen(&["deal.created", "deal.updated"]).await;
    let receiver = Receiver::new();
    let deal =
        json!({"partner_key": "referrer", "account_name": "Secret Inc", "contact_email": "eve@site.example"});
    let deal = text(&shop.ledger.make("deals", &deal).await["key"]);
    let other = json!({"partner_key": "referrer", "account_name": "Other Inc"});
    shop.ledger.make("deals", &other).await;
    receiver.deliver(&shop.ledger).await;
    assert!(receiver.take().iter().any(|event: &ReceivedEvent| event.body.contains("Secret Inc")));
    let customer = shop.ledger.post(&format!("/api/v2/deals/{deal}/convert"), "{}").await.data();
    shop.delete(&format!("/api/v2/customers/{}", text(&customer["key"]))).await.data();
    let left: Result<Option<(i64, i64)>, headwater_store::StoreError> = shop
        .ledger
        .store
        .read(|unit| {
            let texts = "SELECT sum(CASE WHEN body LIKE '%Secret%' OR body LIKE '%eve@%' THEN 1 ELSE 0 END), \
                         sum(CASE WHEN body LIKE '%Other Inc%' THEN 1 ELSE 0 END) FROM delivery";
            unit.query_one(texts, &[], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await;
    assert_eq!(left.unwrap(), Some((0, 1)));
}

#[tokio::test]
async fn a_reward_that_is_paid_with_its_invoice_is_an_event() {
    let shop = Shop::open().await;
    let given = json!({"partner_key": "referrer", "amount": 5, "description": "bonus"});
    let reward = text(&shop.ledger.post("/api/v2/rewards", &given.to_string()).await.data()["key"]);
    shop.patch(&format!("/api/v2/rewards/{reward}"), json!({"status": "approved"})).await.data();
    shop.ledger.pass(32 * Millis::DAY);
    shop.ledger.post("/api/v2/invoices/close", "{}").await.data();
    let invoices = shop.ledger.get("/api/v2/invoices").await.data();
    shop.listen(&["reward.updated"]).await;
    let receiver = Receiver::new();
    let invoice = format!("/api/v2/invoices/{}", text(&invoices["items"][0]["key"]));
    shop.patch(&invoice, json!({"status": "paid"})).await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["reward.updated"]);
    assert_eq!((text(&events[0].1["key"]), &events[0].1["status"]), (reward, &json!("paid")));
}

#[tokio::test]
async fn a_partner_whom_a_trigger_moves_is_an_event() {
    let shop = Shop::open().await;
    let group = json!({"name": "Gold", "slug": "gold"});
    shop.ledger.make("groups", &group).await;
    let count = json!({"object": "customer", "field": "transaction_count", "operator": "is", "value": 1});
    shop.trigger("transaction_created", count, json!({"type": "group_move", "group": "gold"})).await;
    shop.listen(&["partnership.updated"]).await;
    let receiver = Receiver::new();
    shop.pay("first", 900, "none").await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(
        (names(&events), &events[0].1["group"]["slug"]),
        (vec!["partnership.updated"], &json!("gold"))
    );
}
