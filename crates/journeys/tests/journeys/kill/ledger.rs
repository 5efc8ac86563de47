//! Checks journal and ledger at the end of a run: they hold everything that was sent, and nothing twice.

use serde_json::{Value, json};

use super::load::{Fact, Request};
use crate::stage::Headwater;
use crate::view::View;

/// Creates a partner, a catalogue entry, and a trigger that pays for it.
pub(crate) async fn set_up_catalogue(headwater: &Headwater) {
    let view = View::of(headwater);
    let trigger = json!({
        "name": "20% of Inbox", "offer_description": "Earn 20%", "event": "transaction_created",
        "rules": {"where": {"object": "product", "rules": [
            {"field": "name", "operator": "is_any_of", "value": ["Inbox"]},
        ]}},
        "action": {"type": "commission_percent", "percent": "20"},
    });
    view.post("/api/v2/partnerships", &json!({"email": "robin@partner.example", "partner_key": "robin"}))
        .await;
    view.post("/api/v2/product_book", &json!({"name": "Inbox", "external_key": "inbox"})).await;
    view.post("/api/v2/triggers", &trigger).await;
}

/// The texts at a place in each item, such as `/transaction/key`.
fn texts(items: &[Value], place: &str) -> Vec<String> {
    let text = |item: &Value| {
        item.pointer(place).and_then(Value::as_str).unwrap_or_else(|| panic!("no {place}: {item}")).to_owned()
    };
    sorted(items.iter().map(text))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    texts
}

/// Compares two lists and shows only where they differ.
fn assert_same(what: &str, found: &[String], expected: &[String]) {
    let missing: Vec<_> = expected.iter().filter(|one| found.binary_search(one).is_err()).collect();
    let strange: Vec<_> = found.iter().filter(|one| expected.binary_search(one).is_err()).collect();
    let twice: Vec<_> = found.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(
        missing.is_empty() && strange.is_empty() && twice.is_empty(),
        "{what}: missing {missing:?}, twice {twice:?}, never sent {strange:?}"
    );
}

/// Waits until everything is delivered, then compares every list with what was sent.
pub(crate) async fn assert_everything_once(headwater: &Headwater, sent: &[Request]) {
    let view = View::of(headwater);
    let events = || sent.iter().flat_map(|request| &request.events);
    let ids = sorted(events().map(|(id, _)| id.to_string()));
    assert_same("entries", &texts(&view.all("/v1/entries").await, "/id"), &ids);
    view.everything_delivered().await;
    let facts = |of: fn(&Fact) -> Option<&String>| sorted(events().filter_map(|(_, fact)| of(fact)).cloned());
    let customers = facts(|fact| if let Fact::Customer(key) = fact { Some(key) } else { None });
    let products = facts(|fact| if let Fact::Product(key) = fact { Some(key) } else { None });
    let payments = facts(|fact| if let Fact::Payment(key) = fact { Some(key) } else { None });
    assert!(!customers.is_empty() && !payments.is_empty(), "something was sent");
    let listed = async |list: &str| view.all(&format!("/api/v2/{list}")).await;
    assert_same("customers", &texts(&listed("customers").await, "/customer_key"), &customers);
    assert_same("products", &texts(&listed("products").await, "/external_subscription_key"), &products);
    assert_same("payments", &texts(&listed("transactions").await, "/key"), &payments);
    let rewards = listed("rewards").await;
    assert_same("rewards", &texts(&rewards, "/transaction/key"), &payments);
    assert!(rewards.iter().all(|reward| reward["amount"] == 1980), "20% of 99.00 each");
}
