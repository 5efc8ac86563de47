//! Which events happen, and what they carry.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::receiver::{ReceivedEvent, Receiver};
use crate::shop::Shop;
use crate::test_ledger::text;

/// Every event.
const ALL: [&str; 21] = [
    "partnership.created",
    "partnership.updated",
    "partner.created",
    "partner.updated",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "transaction.created",
    "transaction.updated",
    "transaction.deleted",
    "reward.created",
    "reward.updated",
    "deal.created",
    "deal.updated",
    "deal.deleted",
    "lead.created",
    "lead.updated",
    "lead.deleted",
    "action.created",
    "product.created",
    "product.updated",
];

/// What was sent since the last time.
async fn sent(shop: &Shop, receiver: &Receiver) -> Vec<ReceivedEvent> {
    receiver.deliver(&shop.ledger).await;
    receiver.take()
}

/// Fails unless the last event about an object is the object as the API shows it now.
async fn is_shown(shop: &Shop, event: &ReceivedEvent, path: &str) {
    let mut body = event.json();
    body.as_object_mut().unwrap().remove("event");
    assert_eq!(body, shop.ledger.get(path).await.data(), "{}", event.event());
}

fn names(events: &[ReceivedEvent]) -> Vec<String> {
    let mut names: Vec<_> = events.iter().map(ReceivedEvent::event).collect();
    names.sort_unstable();
    names
}

fn of<'e>(events: &'e [ReceivedEvent], name: &str) -> &'e ReceivedEvent {
    events.iter().find(|event| event.event() == name).unwrap_or_else(|| panic!("{name}: {events:#?}"))
}

#[tokio::test]
async fn an_event_carries_the_object_as_the_api_shows_it() {
    let shop = Shop::open().await;
    shop.listen(&ALL).await;
    let receiver = Receiver::new();
    let partner = shop.ledger.partner("robin").await;
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["partner.created", "partnership.created"]);
    is_shown(&shop, of(&events, "partnership.created"), &format!("/api/v2/partnerships/{partner}")).await;
    let customer = shop.customer("bob", "robin").await;
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["customer.created"]);
    is_shown(&shop, &events[0], &format!("/api/v2/customers/{customer}")).await;
    let product = shop.sell("Inbox", "sub_1", json!({})).await;
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["product.created"]);
    is_shown(&shop, &events[0], &format!("/api/v2/products/{}", text(&product["key"]))).await;
    shop.pay("pay_1", 9900, "sub_1").await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["reward.created", "transaction.created"]);
    is_shown(&shop, of(&events, "transaction.created"), "/api/v2/transactions/pay_1").await;
    let reward = of(&events, "reward.created");
    is_shown(&shop, reward, &format!("/api/v2/rewards/{}", text(&reward.json()["key"]))).await;
    assert_eq!(
        (&reward.json()["amount"], &reward.json()["transaction"]["key"]),
        (&json!(1980), &json!("pay_1"))
    );
}

#[tokio::test]
async fn each_change_is_one_event_of_its_object() {
    let shop = Shop::open().await;
    shop.ledger.partner("robin").await;
    let product = text(&shop.sell("Inbox", "sub_1", json!({})).await["key"]);
    shop.pay("pay_1", 9900, "sub_1").await.data();
    shop.listen(&ALL).await;
    let receiver = Receiver::new();
    let after = async |expected: &[&str]| {
        let events = sent(&shop, &receiver).await;
        assert_eq!(names(&events), expected);
        events
    };
    shop.patch("/api/v2/customers/ada", json!({"name": "Ada", "provider_key": "cus_x"})).await.data();
    let events = after(&["customer.updated"]).await;
    is_shown(&shop, &events[0], "/api/v2/customers/ada").await;
    shop.patch("/api/v2/partnerships/robin", json!({"tags": ["gold"]})).await.data();
    after(&["partner.updated", "partnership.updated"]).await;
    shop.patch(&format!("/api/v2/products/{product}"), json!({"amount": 100})).await.data();
    after(&["product.updated"]).await;
    shop.refund("pay_1", 4950).await.data();
    let events = after(&["reward.created", "transaction.updated"]).await;
    assert_eq!(of(&events, "reward.created").json()["amount"], -990);
    // The rest is given back: the reward is declined with both of its reversals.
    shop.delete("/api/v2/transactions/pay_1").await.data();
    after(&["reward.created", "reward.updated", "reward.updated", "transaction.deleted"]).await;
    // What changes nothing is no event.
    shop.delete("/api/v2/transactions/pay_1").await.data();
    after(&[]).await;
    shop.delete(&format!("/api/v2/products/{product}")).await.data();
    after(&["product.updated"]).await;
    shop.delete("/api/v2/partnerships/robin").await.data();
    after(&["partner.updated", "partnership.updated"]).await;
}

#[tokio::test]
async fn a_late_product_and_a_corrected_credit_are_events_of_all_that_they_change() {
    let shop = Shop::open().await;
    shop.pay("pay_1", 9900, "sub_1").await.data();
    shop.ledger.partner("robin").await;
    shop.listen(&ALL).await;
    let receiver = Receiver::new();
    shop.sell("Inbox", "sub_1", json!({})).await;
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["product.created", "reward.created", "transaction.updated"]);
    is_shown(&shop, of(&events, "transaction.updated"), "/api/v2/transactions/pay_1").await;
    shop.credit("robin").await;
    let events = sent(&shop, &receiver).await;
    let expected = [
        "customer.updated",
        "product.updated",
        "reward.created",
        "reward.created",
        "reward.updated",
        "transaction.updated",
    ];
    assert_eq!(names(&events), expected);
    is_shown(&shop, of(&events, "transaction.updated"), "/api/v2/transactions/pay_1").await;
    is_shown(&shop, of(&events, "customer.updated"), "/api/v2/customers/ada").await;
    is_shown(&shop, of(&events, "product.updated"), "/api/v2/products/sub_1").await;
}

#[tokio::test]
async fn an_approved_reward_is_an_event_and_so_is_a_claim_that_is_confirmed() {
    let shop = Shop::open().await;
    let flat = json!({"type": "commission_flat", "amount": 500, "currency": "USD"});
    shop.trigger("customer_created", json!({"all": []}), flat).await;
    shop.listen(&["reward.created", "reward.updated", "customer.updated"]).await;
    let receiver = Receiver::new();
    let body = json!({"email": "bob@site.example", "customer_key": "bob", "partner_key": "referrer"});
    shop.post_as("page", "customers", body).await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["reward.created"]);
    assert_eq!(events[0].json()["status"], "hold");
    shop.patch("/api/v2/customers/bob", json!({"name": "Bob"})).await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(names(&events), ["customer.updated", "reward.updated"]);
    let reward = of(&events, "reward.updated").json();
    assert_eq!(reward["status"], "pending");
    let path = format!("/api/v2/rewards/{}", text(&reward["key"]));
    shop.patch(&path, json!({"status": "approved"})).await.data();
    let events = sent(&shop, &receiver).await;
    is_shown(&shop, of(&events, "reward.updated"), &path).await;
}

#[tokio::test]
async fn only_those_who_listen_are_sent_an_event() {
    let shop = Shop::open().await;
    let first = shop.listen(&["customer.created"]).await;
    let second = shop.listen(&["customer.created", "deal.created"]).await;
    let receiver = Receiver::new();
    shop.customer("bob", "referrer").await;
    shop.patch("/api/v2/customers/bob", json!({"name": "Bob"})).await.data();
    assert_eq!(names(&sent(&shop, &receiver).await), ["customer.created", "customer.created"]);
    let path = |webhook: &Value| format!("/api/v2/webhooks/{}", text(&webhook["key"]));
    shop.patch(&path(&first), json!({"events": ["customer.updated"], "target": "https://b.example/"}))
        .await
        .data();
    shop.delete(&path(&second)).await.data();
    shop.customer("cat", "referrer").await;
    shop.patch("/api/v2/customers/cat", json!({"name": "Cat"})).await.data();
    let events = sent(&shop, &receiver).await;
    assert_eq!(
        (names(&events), events[0].target.as_str()),
        (vec!["customer.updated".to_owned()], "https://b.example/")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever happens and whatever the receiver answers, as long as it does not fail for three days, after which it is
    /// paused: in the end it has seen each object's states in their order,
    /// the last one is what the API shows, and a repeated id has a repeated body.
    #[test]
    fn an_objects_last_event_is_its_last_state(
        steps in proptest::collection::vec((0..4_u8, 0..3_u8), 1..14),
        answers in proptest::collection::vec(any::<bool>(), 1..9),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(a_history(&steps, answers));
    }
}

async fn a_history(steps: &[(u8, u8)], answers: Vec<bool>) {
    let shop = Shop::open().await;
    shop.listen(&ALL).await;
    let receiver = Receiver::scripted(move |number, _| {
        crate::receiver::status(if answers[number % answers.len()] || number > 12 { 200 } else { 500 })
    });
    for (number, (what, which)) in steps.iter().enumerate() {
        let (customer, amount) = (format!("c{which}"), 1_000 + i64::try_from(number).unwrap());
        match what {
            0 => drop(shop.customer_again(&customer).await),
            1 => drop(
                shop.patch(&format!("/api/v2/customers/{customer}"), json!({"name": format!("n{number}")}))
                    .await,
            ),
            2 => {
                let pay = json!({"customer_key": customer, "key": format!("{customer}/{number}"), "amount": amount, "currency": "USD"});
                drop(shop.ledger.post("/api/v2/transactions", &pay.to_string()).await);
            }
            _ => {
                shop.ledger.pass(1_000);
                receiver.deliver(&shop.ledger).await;
            }
        }
    }
    receiver.deliver_for(&shop.ledger, 20 * 24 * 60 * 60 * 1000).await;
    let received = receiver.take();
    let mut last = std::collections::BTreeMap::new();
    let mut bodies = std::collections::BTreeMap::new();
    for event in &received {
        let body = bodies.entry(event.id().to_owned()).or_insert_with(|| event.body.clone());
        assert_eq!(*body, event.body);
        let object = event.json();
        let time = object["updated_at"].as_i64().unwrap();
        let before = last.insert(
            (event.event().split('.').next().unwrap().to_owned(), text(&object["key"])),
            (time, object),
        );
        assert!(before.is_none_or(|(at, _)| at <= time));
    }
    let mut kinds = BTreeSet::new();
    for ((kind, key), (_, mut object)) in last {
        object.as_object_mut().unwrap().remove("event");
        if kind == "customer" {
            assert_eq!(object, shop.ledger.get(&format!("/api/v2/customers/{key}")).await.data());
        }
        kinds.insert(kind);
    }
    let made = steps.iter().any(|(what, _)| *what == 0);
    assert_eq!(kinds.contains("customer"), made);
}
