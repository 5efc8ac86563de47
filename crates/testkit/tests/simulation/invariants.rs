//! What must hold after every run.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::to_bytes;
use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use headwater_journal::{Entry, Filter, Journal, State};
use headwater_protocol::EventId;
use headwater_testkit::PARTNERS;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::months::model::{Owed, model};
use crate::network::WholeRequest;
use crate::run::{Script, System, shopper_key};
use crate::template::Template;

/// Records every invariant that does not hold.
pub(crate) async fn check(system: &System, script: &Script, template: &Template) {
    let entries = entries(system, template).await;
    check_journal(system, &entries);
    check_order(system, &entries);
    let api = LedgerApi { system, template };
    check_customers(&api, script).await;
    check_products(&api, script).await;
    check_money(&api, script).await;
    check_webhooks(&api).await;
    check_stores(system).await;
}

/// Every entry of the journal, the oldest first.
async fn entries(system: &System, template: &Template) -> Vec<Entry> {
    let journal = Journal::open(system.relay.store().unwrap());
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let before = entries.last().map(|entry| entry.seq);
        let filter = Filter { program: template.program, before, limit: 250, ..Filter::default() };
        let page = journal.list(filter).await.unwrap();
        if page.is_empty() {
            entries.reverse();
            return entries;
        }
        entries.extend(page);
    }
}

/// Everything that was acknowledged to a page is in the journal, and everything in it is delivered.
fn check_journal(system: &System, entries: &[Entry]) {
    let ids: BTreeSet<_> = entries.iter().map(id).collect();
    for acknowledged in system.visitors.iter().flat_map(|visitor| visitor.acknowledged()) {
        if !ids.contains(&acknowledged) {
            system
                .world
                .violation(format!("event {acknowledged} was acknowledged and is not in the journal"));
        }
    }
    for entry in entries.iter().filter(|entry| entry.state != State::Delivered) {
        let (kind, state, error) = (&entry.kind, entry.state.name(), &entry.last_error);
        system.world.violation(format!("{kind} {} of {} is {state}: {error:?}", id(entry), entry.lane));
    }
}

/// Of two entries of a lane, the first one was accepted before a request of the second one began. Parked entries, which
/// the lane does not wait for, are left out.
fn check_order(system: &System, entries: &[Entry]) {
    let mut lanes = BTreeMap::<&str, Vec<&Entry>>::new();
    for entry in entries.iter().filter(|entry| entry.times_parked == 0) {
        lanes.entry(&entry.lane).or_default().push(entry);
    }
    for (lane, entries) in lanes {
        for pair in entries.windows(2) {
            let [first, second] = [pair[0], pair[1]].map(|entry| system.watch.of(&id(entry)));
            if let (Some(accepted), Some(begun)) = (first.accepted, second.begun)
                && begun < accepted
            {
                let (first, second) = (id(pair[0]), id(pair[1]));
                system.world.violation(format!("in lane {lane}, event {second} went before event {first}"));
            }
        }
    }
}

fn id(entry: &Entry) -> String {
    EventId::from_bytes(entry.id).to_string()
}

/// The ledger's API, as the vendor uses it.
struct LedgerApi<'a> {
    system: &'a System,
    template: &'a Template,
}

impl LedgerApi<'_> {
    /// Every item of a list.
    async fn all(&self, path: &str) -> Vec<Value> {
        let pair = format!("{}:{}", self.template.public_key, self.template.secret_key);
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let headers: HeaderMap =
            [("authorization".parse().unwrap(), basic.parse().unwrap())].into_iter().collect();
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let uri = format!("/api/v2/{path}limit=250{after}").parse().unwrap();
            let request =
                WholeRequest { method: Method::GET, uri, headers: headers.clone(), body: "".into() };
            let router = self.system.ledger.router().unwrap();
            let response = router.oneshot(request.into_request()).await.unwrap();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let page = body["data"]["items"].as_array().unwrap_or_else(|| panic!("{path}: {body}"));
            items.extend(page.iter().cloned());
            if body["data"]["has_more"] != true {
                self.system.world.note(&format!("{path}: {}", Value::from(items.clone())));
                return items;
            }
            after = format!("&starting_after={}", body["data"]["ending_cursor"].as_str().unwrap());
        }
    }
}

/// Every customer who signed up is there once, and no other.
async fn check_customers(api: &LedgerApi<'_>, script: &Script) {
    let mut found: Vec<_> =
        api.all("customers?").await.iter().map(|customer| customer["customer_key"].to_string()).collect();
    let signups = script.reports.iter().flatten().filter(|(kind, _)| *kind == "signup");
    let mut expected: Vec<_> = signups.map(|(_, data)| data["customer_key"].to_string()).collect();
    found.sort();
    expected.sort();
    if found != expected {
        api.system.world.violation(format!("the customers are {found:?}, expected {expected:?}"));
    }
}

/// What a customer chose without the provider is there as often as they chose it.
async fn check_products(api: &LedgerApi<'_>, script: &Script) {
    let products = api.all("products?").await;
    for (shopper, reports) in script.reports.iter().filter(|reports| is_shopper(&reports[0].1)).enumerate() {
        let key = shopper_key(shopper);
        let found = products.iter().filter(|product| product["customer_key"] == *key).count();
        if found != reports.len() - 1 {
            let expected = reports.len() - 1;
            api.system.world.violation(format!("{key} has {found} products, expected {expected}"));
        }
    }
}

fn is_shopper(signup: &Value) -> bool {
    signup["customer_key"].as_str().is_some_and(|key| key.starts_with("shopper_"))
}

/// Each payment is there once, and what it earns, less what was taken back, is what the model says.
async fn check_money(api: &LedgerApi<'_>, script: &Script) {
    let mut owed = Owed::new();
    for payment in api.all("transactions?include_archived=true&").await {
        let key = payment["key"].as_str().unwrap().to_owned();
        let standing = (String::new(), payment["created_at"].as_i64().unwrap(), 0);
        if owed.insert(key.clone(), standing).is_some() {
            api.system.world.violation(format!("transaction {key} is there twice"));
        }
    }
    for partner in PARTNERS {
        for reward in api.all(&format!("rewards?partnership_key={partner}&")).await {
            let Some(standing) = owed.get_mut(reward["transaction"]["key"].as_str().unwrap_or_default())
            else {
                api.system.world.violation(format!("a reward has no transaction: {reward}"));
                continue;
            };
            if reward["status"] != "declined" {
                standing.2 += reward["amount"].as_i64().unwrap();
            }
            partner.clone_into(&mut standing.0);
        }
    }
    let expected = model(&script.account.bills);
    let keys: BTreeSet<_> = owed.keys().chain(expected.keys()).collect();
    for key in keys {
        let (found, expected) = (owed.get(key), expected.get(key));
        if found != expected {
            api.system.world.violation(format!("of {key} is owed {found:?}, expected {expected:?}"));
        }
    }
}

/// Of everything that was made, one webhook has arrived, perhaps repeatedly; and of nothing else.
async fn check_webhooks(api: &LedgerApi<'_>) {
    let received = api.system.receiver.received();
    let mut expected = BTreeSet::new();
    for (list, event) in [
        ("customers?", "customer.created"),
        ("products?", "product.created"),
        ("transactions?include_archived=true&", "transaction.created"),
        ("rewards?", "reward.created"),
    ] {
        for one in api.all(list).await {
            expected.insert((event.to_owned(), one["key"].as_str().unwrap().to_owned()));
        }
    }
    for made in received.keys().chain(&expected) {
        let ids = received.get(made).map_or(0, BTreeSet::len);
        if ids != 1 || !expected.contains(made) {
            let (event, key) = made;
            let is = if expected.contains(made) { "there" } else { "not there" };
            api.system.world.violation(format!("{key} is {is}, and {ids} webhooks {event} have arrived"));
        }
    }
}

/// The checks of `headwater check`.
async fn check_stores(system: &System) {
    for (process, check) in [
        (&system.ledger, headwater_ledger::check as fn(&mut headwater_store::Unit<'_>) -> _),
        (&system.relay, headwater_journal::check),
    ] {
        for line in process.store().unwrap().read(check).await.unwrap() {
            system.world.violation(format!("{}: {line}", process.name()));
        }
    }
}
