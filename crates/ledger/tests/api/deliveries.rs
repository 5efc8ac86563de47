//! Deliveries: their order, retries, pauses, log and erasure.

use std::collections::HashMap;

use headwater_ledger::TargetAnswer;
use serde_json::{Value, json};

use crate::receiver::{Receiver, status};
use crate::shop::Shop;
use crate::test_ledger::text;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

async fn webhook(shop: &Shop, events: &[&str]) -> String {
    format!("/api/v2/webhooks/{}", text(&shop.listen(events).await["key"]))
}

async fn rename(shop: &Shop, customer: &str, name: &str) {
    shop.patch(&format!("/api/v2/customers/{customer}"), json!({"name": name})).await.data();
}

/// The log, oldest first.
async fn log(shop: &Shop, path: &str) -> Vec<Value> {
    let list = shop.ledger.get(&format!("{path}/deliveries?limit=250&order_by=created_at")).await.data();
    list["items"].as_array().unwrap().clone()
}

async fn statuses(shop: &Shop, path: &str) -> Vec<String> {
    log(shop, path).await.iter().map(|delivery| text(&delivery["status"])).collect()
}

#[tokio::test]
async fn an_objects_events_arrive_in_their_order_and_others_do_not_wait_for_them() {
    let shop = Shop::open().await;
    shop.customer("bob", "referrer").await;
    let path = webhook(&shop, &["customer.updated"]).await;
    for name in ["1", "2", "3"] {
        rename(&shop, "ada", name).await;
        shop.ledger.pass(1);
    }
    rename(&shop, "bob", "4").await;
    assert_eq!(statuses(&shop, &path).await, ["pending", "waiting", "waiting", "pending"]);
    let receiver = Receiver::scripted(|number, event| {
        status(if event.json()["name"] == "1" && number < 3 { 500 } else { 200 })
    });
    assert_eq!(receiver.deliver(&shop.ledger).await, 2);
    assert_eq!(statuses(&shop, &path).await, ["pending", "waiting", "waiting", "delivered"]);
    receiver.deliver_for(&shop.ledger, DAY).await;
    let names: Vec<_> = receiver.take().iter().map(|event| text(&event.json()["name"])).collect();
    assert_eq!(names.iter().filter(|name| *name != "4").collect::<Vec<_>>(), ["1", "1", "1", "2", "3"]);
    assert_eq!(statuses(&shop, &path).await, ["delivered"; 4]);
}

#[tokio::test]
async fn a_target_that_keeps_failing_is_paused_after_three_days_and_nothing_is_lost() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated", "customer.created"]).await;
    rename(&shop, "ada", "1").await;
    let dead = Receiver::scripted(|_, _| Err("connection refused".to_owned()));
    let attempts = dead.deliver_for(&shop.ledger, DAY).await;
    assert!((15..50).contains(&attempts), "{attempts}");
    let shown = shop.ledger.get(&path).await;
    assert_eq!(shown.json()["warnings"][0]["code"], "webhook_failing", "{}", shown.text);
    assert_eq!(shown.data()["paused"], false);
    rename(&shop, "ada", "2").await;
    dead.deliver_for(&shop.ledger, 3 * DAY).await;
    let shown = shop.ledger.get(&path).await;
    assert_eq!(shown.json()["warnings"][0]["code"], "webhook_paused", "{}", shown.text);
    let reason = "no attempt succeeded for three days; the last one: connection refused";
    assert_eq!((&shown.data()["paused"], &shown.data()["paused_reason"]), (&json!(true), &json!(reason)));
    assert_eq!(dead.deliver_for(&shop.ledger, DAY).await, 0);
    // What happens meanwhile is kept.
    rename(&shop, "ada", "3").await;
    shop.customer("bob", "referrer").await;
    assert_eq!(statuses(&shop, &path).await, ["held"; 4]);
    assert_eq!(shop.ledger.post(&format!("{path}/ping"), "").await.error().1, "webhook_paused");
    let resumed = shop.ledger.post(&format!("{path}/resume"), "").await.data();
    assert_eq!((&resumed["paused"], &resumed["failing_since"]), (&json!(false), &Value::Null));
    let receiver = Receiver::new();
    assert_eq!(receiver.deliver(&shop.ledger).await, 4);
    let received = receiver.take();
    let names: Vec<_> = received.iter().filter(|event| event.event() == "customer.updated").collect();
    assert_eq!(names.iter().map(|event| text(&event.json()["name"])).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(statuses(&shop, &path).await, ["delivered"; 4]);
    assert_eq!(shop.ledger.get(&path).await.json().get("warnings"), None);
}

#[tokio::test]
async fn a_delivery_that_fails_while_others_succeed_is_given_up_alone_and_can_be_sent_again() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "poison").await;
    shop.customer("bob", "referrer").await;
    let picky =
        Receiver::scripted(|_, event| status(if event.json()["name"] == "poison" { 422 } else { 200 }));
    for hour in 0..80 {
        rename(&shop, "bob", &hour.to_string()).await;
        picky.deliver_for(&shop.ledger, DAY / 24).await;
    }
    let failed = log(&shop, &path).await.remove(0);
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &json!("answered 422")));
    assert_eq!(shop.ledger.get(&path).await.data()["paused"], false);
    let ids: Vec<_> = picky
        .take()
        .iter()
        .filter(|event| event.json()["name"] == "poison")
        .map(|event| event.id().to_owned())
        .collect();
    assert!(ids.len() > 20 && ids.iter().all(|id| *id == text(&failed["key"])), "{}", ids.len());
    let resend = format!("{path}/deliveries/{}/resend", text(&failed["key"]));
    assert_eq!(shop.ledger.post(&resend, "").await.data()["status"], "pending");
    let receiver = Receiver::new();
    assert_eq!(receiver.deliver(&shop.ledger).await, 1);
    assert_eq!(receiver.take()[0].id(), text(&failed["key"]));
    // A delivered one too, under the same id.
    assert_eq!(shop.ledger.post(&resend, "").await.data()["status"], "pending");
    assert_eq!(receiver.deliver(&shop.ledger).await, 1);
    assert_eq!(receiver.take()[0].id(), text(&failed["key"]));
}

#[tokio::test]
async fn a_target_may_ask_for_a_pause_or_say_that_it_is_gone() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "1").await;
    let receiver = Receiver::scripted(|number, _| {
        let busy = TargetAnswer { status: 429, retry_after: Some(7_200), body: "later\0".to_owned() };
        if number == 0 { Ok(busy) } else { status(410) }
    });
    receiver.deliver(&shop.ledger).await;
    let waiting = log(&shop, &path).await.remove(0);
    assert_eq!(waiting["next_attempt_at"], shop.ledger.now() + 7_200_000);
    assert_eq!((&waiting["answer_status"], &waiting["answer"]), (&json!(429), &json!("later\u{fffd}")));
    assert_eq!(receiver.deliver_for(&shop.ledger, 7_199_999).await, 0);
    assert_eq!(receiver.deliver_for(&shop.ledger, 1).await, 1);
    let shown = shop.ledger.get(&path).await.data();
    assert_eq!(
        (&shown["paused"], &shown["paused_reason"]),
        (&json!(true), &json!("the target answered 410: it is gone"))
    );
    assert_eq!(statuses(&shop, &path).await, ["held"]);
}

#[tokio::test]
async fn a_redirect_is_a_failure_that_says_why() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "1").await;
    Receiver::scripted(|_, _| status(302)).deliver(&shop.ledger).await;
    let error = text(&log(&shop, &path).await[0]["error"]);
    assert!(error.starts_with("answered 302: redirects are not followed"), "{error}");
}

/// A process that ends between sending and recording that: the event is sent again, under the same id.
#[tokio::test]
async fn an_attempt_that_was_never_recorded_is_made_again() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "1").await;
    let receiver = Receiver::new();
    let claim = "UPDATE delivery SET due_at = due_at + 60000, attempts = 1, claimed_by = 1000000";
    let done: Result<usize, headwater_store::StoreError> =
        shop.ledger.store.write(move |unit| unit.execute(claim, &[])).await;
    assert_eq!(done.unwrap(), 1);
    assert_eq!(receiver.deliver(&shop.ledger).await, 0);
    // Its successor knows at once; without one, the lease ends.
    assert_eq!(shop.ledger.handle.release_webhooks().await.unwrap(), 1);
    assert_eq!(receiver.deliver(&shop.ledger).await, 1);
    assert_eq!(receiver.take()[0].id(), text(&log(&shop, &path).await[0]["key"]));
    rename(&shop, "ada", "2").await;
    let done: Result<usize, headwater_store::StoreError> = shop
        .ledger
        .store
        .write(move |unit| unit.execute(&format!("{claim} WHERE settled_at IS NULL"), &[]))
        .await;
    assert_eq!(done.unwrap(), 1);
    shop.ledger.pass(60_000);
    assert_eq!(receiver.deliver(&shop.ledger).await, 1);
}

#[tokio::test]
async fn two_processes_deliver_each_event_once() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.created"]).await;
    for number in 0..40 {
        shop.customer(&format!("c{number}"), "referrer").await;
    }
    let receiver = Receiver::new();
    let (first, second) = (shop.ledger.handle.clone(), shop.ledger.second());
    let transport = receiver.transport();
    let (one, other) = tokio::join!(first.deliver_webhooks(&transport), second.deliver_webhooks(&transport));
    assert_eq!(one.unwrap() + other.unwrap(), 40);
    let mut counts: HashMap<String, u32> = HashMap::new();
    for event in receiver.take() {
        *counts.entry(event.id().to_owned()).or_default() += 1;
    }
    assert!(counts.len() == 40 && counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(statuses(&shop, &path).await, ["delivered"; 40]);
    // A change that the second process makes is queued by what the first one knows of webhooks.
    shop.patch(&path, json!({"events": ["customer.updated"]})).await.data();
    rename(&shop, "ada", "1").await;
    assert_eq!(second.deliver_webhooks(&transport).await.unwrap(), 1);
}

#[tokio::test]
async fn the_log_tells_deliveries_apart_by_event_and_status() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated", "customer.created"]).await;
    rename(&shop, "ada", "1").await;
    Receiver::new().deliver(&shop.ledger).await;
    shop.customer("bob", "referrer").await;
    let listed = async |query: &str| {
        let list = shop.ledger.get(&format!("{path}/deliveries?{query}")).await.data();
        list["items"].as_array().unwrap().iter().map(|one| text(&one["event"])).collect::<Vec<_>>()
    };
    assert_eq!(listed("event=customer.created").await, ["customer.created"]);
    assert_eq!(listed("status=delivered").await, ["customer.updated"]);
    assert_eq!(listed("event=customer.created&status=delivered").await, [""; 0]);
    assert_eq!(listed("limit=1").await, ["customer.created"]);
    let wrong = shop.ledger.get(&format!("{path}/deliveries?status=lost")).await;
    assert_eq!(wrong.error().2, "status");
    assert_eq!(shop.ledger.get("/api/v2/webhooks/whk_none/deliveries").await.error().1, "webhook_not_found");
    let other = webhook(&shop, &["deal.created"]).await;
    let of_first = text(&log(&shop, &path).await[0]["key"]);
    assert_eq!(
        shop.ledger.get(&format!("{other}/deliveries/{of_first}")).await.error().1,
        "delivery_not_found"
    );
    // The first of an object's events is sent again only after none waits.
    rename(&shop, "bob", "2").await;
    let waiting = text(&log(&shop, &path).await[2]["key"]);
    let refused = shop.ledger.post(&format!("{path}/deliveries/{waiting}/resend"), "").await;
    assert_eq!(refused.error().1, "delivery_waiting");
}

#[tokio::test]
async fn a_deleted_customers_texts_are_emptied_in_what_was_sent_and_what_was_not() {
    let shop = Shop::open().await;
    let names = [
        "customer.created",
        "customer.updated",
        "customer.deleted",
        "transaction.created",
        "reward.created",
        "product.created",
    ];
    let path = webhook(&shop, &names).await;
    shop.customer("bob", "referrer").await;
    rename(&shop, "ada", "Secret Name").await;
    shop.sell("Inbox", "sub_1", json!({})).await;
    let receiver = Receiver::new();
    receiver.deliver(&shop.ledger).await;
    let sent = receiver.take();
    assert!(sent.iter().any(|event| event.body.contains("Secret Name")));
    shop.pay("pay_1", 9900, "sub_1").await.data();
    rename(&shop, "ada", "Other Name").await;
    shop.delete("/api/v2/customers/ada").await.data();
    assert!(receiver.deliver(&shop.ledger).await >= 1);
    let after = receiver.take();
    assert_eq!(
        after.iter().map(crate::receiver::ReceivedEvent::event).collect::<Vec<_>>(),
        ["customer.deleted"]
    );
    assert!(!after[0].body.contains("ada"), "{}", after[0].body);
    let found = log(&shop, &path).await;
    let told = found.iter().map(|one| (text(&one["event"]), text(&one["status"]))).collect::<Vec<_>>();
    let erased = told.iter().filter(|(_, status)| status == "erased").count();
    assert_eq!((erased, told.len()), (5, 7), "{told:?}");
    let texts = r#"SELECT count(*) FROM delivery WHERE body LIKE '%ada@%' OR body LIKE '% Name%' OR body LIKE '%"ada"%'"#;
    let left: Result<Option<i64>, headwater_store::StoreError> =
        shop.ledger.store.read(move |unit| unit.query_one(texts, &[], |row| row.get(0))).await;
    assert_eq!(left.unwrap(), Some(0));
    let key = text(&found.iter().find(|one| one["status"] == "erased").unwrap()["key"]);
    let again = shop.ledger.post(&format!("{path}/deliveries/{key}/resend"), "").await;
    assert_eq!(again.error().1, "delivery_erased");
}

#[tokio::test]
async fn the_log_is_kept_for_thirty_days() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "1").await;
    Receiver::new().deliver(&shop.ledger).await;
    shop.ledger.pass(30 * DAY);
    rename(&shop, "ada", "2").await;
    shop.ledger.handle.prune().await.unwrap();
    assert_eq!(statuses(&shop, &path).await, ["delivered", "pending"]);
    shop.ledger.pass(1);
    shop.ledger.handle.prune().await.unwrap();
    assert_eq!(statuses(&shop, &path).await, ["pending"]);
    // What is still tried is never deleted; what a paused webhook holds is, in its time.
    shop.ledger.pass(31 * DAY);
    shop.ledger.handle.prune().await.unwrap();
    assert_eq!(statuses(&shop, &path).await, ["pending"]);
    Receiver::scripted(|_, _| status(410)).deliver(&shop.ledger).await;
    shop.ledger.handle.prune().await.unwrap();
    assert_eq!(statuses(&shop, &path).await, [""; 0]);
}

#[tokio::test]
async fn an_archived_webhook_is_sent_nothing_that_waited() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.updated"]).await;
    rename(&shop, "ada", "1").await;
    shop.delete(&path).await.data();
    assert_eq!(Receiver::new().deliver(&shop.ledger).await, 0);
    assert_eq!(text(&log(&shop, &path).await[0]["error"]), "the webhook was archived");
}

#[tokio::test]
async fn the_delivery_loop_sends_what_is_queued_at_once_and_ends_when_it_is_stopped() {
    let shop = Shop::open().await;
    let path = webhook(&shop, &["customer.created"]).await;
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let receiver = Receiver::scripted(move |_, event| {
        arrived.send(event.event()).unwrap();
        status(200)
    });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(shop.ledger.handle.clone().run_webhooks(receiver.transport(), stopped));
    for name in ["bob", "cat"] {
        shop.customer(name, "referrer").await;
        // Without a notification the loop looks again after a minute only.
        let soon = tokio::time::timeout(std::time::Duration::from_secs(50), arrivals.recv()).await;
        assert_eq!(soon.unwrap().unwrap(), "customer.created");
        while statuses(&shop, &path).await.contains(&"pending".to_owned()) {}
        // Time for the loop to find that nothing else is due.
        for _ in 0..20 {
            log(&shop, &path).await;
        }
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(statuses(&shop, &path).await, ["delivered"; 2]);
}
