//! Every unit of work that handles money, with a failure injected at each row it writes: it is applied wholly or not
//! at all, also after a crash, and repeating the request leads to the same ledger.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

#[path = "../../store/tests/fault/mod.rs"]
mod fault;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use base64::Engine as _;
use fault::Fault;
use headwater_ledger::{Ledger, MIGRATIONS, NewProgram, Settings};
use headwater_protocol::Millis;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

const NOW: Millis = Millis(1_775_514_585_000);

/// What a webhook listens for: each request queues its events in its own unit of work.
const EVENTS: [&str; 8] = [
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "transaction.created",
    "transaction.updated",
    "reward.created",
    "reward.updated",
    "product.created",
];

/// A test ledger on a database that fails on demand.
struct TestLedger {
    fault: Fault,
    handle: Ledger,
    vendor: String,
    /// Whether each request of [`TestLedger::change`] first fails at each of its steps.
    failing: bool,
    /// The number of steps of each request.
    steps: BTreeMap<String, i64>,
}

impl TestLedger {
    /// With a catalogue, triggers, a partner and its customer `ada`.
    async fn open(failing: bool) -> Self {
        let fault = Fault::open(MIGRATIONS);
        let drawn = AtomicU64::new(0);
        let settings = Settings {
            link_base: "https://go.example.com".to_owned(),
            clock: Arc::new(|| NOW),
            random: Arc::new(move || {
                Sha256::digest(drawn.fetch_add(1, Ordering::Relaxed).to_le_bytes()).into()
            }),
        };
        let ledger = Ledger::open(fault.store.clone(), settings).unwrap();
        let program =
            NewProgram { name: "GigaKick".to_owned(), origins: Vec::new(), link_destinations: Vec::new() };
        let keys = ledger.create_program(program).await.unwrap();
        let pair = format!("{}:{}", keys.public_key, keys.secret_key);
        let vendor = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let ledger = Self { fault, handle: ledger, vendor, failing, steps: BTreeMap::new() };
        ledger.set_up_catalogue().await;
        ledger
    }

    async fn set_up_catalogue(&self) {
        let of_inbox = json!({"where": {"object": "product", "rules": [
            {"field": "name", "operator": "is_any_of", "value": ["Inbox"]},
        ]}});
        let trigger = |event: &str, rules: &Value, action: Value| json!({"name": "t", "offer_description": "Earn", "event": event, "rules": rules, "action": action});
        let percent = |percent: &str| json!({"type": "commission_percent", "percent": percent});
        let fixed = json!({"type": "commission_flat", "amount": 500, "currency": "USD"});
        for (list, record) in [
            ("webhooks", json!({"target": "https://hooks.example.com/", "events": EVENTS})),
            ("product_book", json!({"name": "Inbox", "external_key": "inbox"})),
            ("triggers", trigger("transaction_created", &of_inbox, percent("20"))),
            ("triggers", trigger("transaction_created", &Value::Null, percent("1"))),
            ("triggers", trigger("customer_created", &Value::Null, fixed)),
            ("partnerships", json!({"email": "partner@agency.example", "partner_key": "robin"})),
            (
                "customers",
                json!({"email": "ada@site.example", "customer_key": "ada", "partner_key": "robin"}),
            ),
        ] {
            let (status, answer) = self.ask("POST", list, &record, "").await;
            assert!(status < 300, "{list}: {answer}");
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value, idempotency_key: &str) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v2/{path}"));
        request = request.header(header::AUTHORIZATION, &self.vendor);
        if !idempotency_key.is_empty() {
            request = request.header("Idempotency-Key", idempotency_key);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.handle.router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// A request that changes something, under an idempotency key of its own.
    async fn change(&mut self, method: &str, path: &str, body: Value) {
        let name = format!("{method} {path}");
        let attempt = async || {
            let (status, answer) = self.ask(method, path, &body, &name).await;
            let failed_on_purpose = status == 500 && answer["code"] == "internal";
            assert!(status < 300 || failed_on_purpose, "{name}: {answer}");
            status < 300
        };
        if self.failing {
            let steps = self.fault.at_every_step(attempt).await;
            self.steps.insert(name, steps);
        } else {
            assert!(attempt().await);
        }
    }

    /// Payments before and after their product, a refund, a new customer, and the deletion of a customer.
    async fn trade(&mut self) {
        let pay = |key: &str, subscription: &str| {
            json!({"customer_key": "ada", "key": key, "amount": 9900, "currency": "USD",
                   "subscription_key": subscription})
        };
        let product = |subscription: &str| {
            json!({"customer_key": "ada", "product_book_key": "inbox", "status": "active",
                   "external_subscription_key": subscription})
        };
        self.change("POST", "products", product("sub_1")).await;
        self.change("POST", "transactions", pay("paid", "sub_1")).await;
        self.change("POST", "transactions?early", pay("early", "sub_2")).await;
        self.change("POST", "products?late", product("sub_2")).await;
        self.change("POST", "transactions/paid/refund", json!({"refunded_total": 5000})).await;
        let bob = json!({"email": "bob@site.example", "customer_key": "bob", "partner_key": "robin"});
        self.change("POST", "customers", bob).await;
        self.change("DELETE", "customers/ada", Value::Null).await;
    }

    /// How many events of each name were queued, and how many of them have lost their text.
    async fn events(&self) -> (BTreeMap<String, usize>, usize) {
        let (_, hooks) = self.ask("GET", "webhooks", &Value::Null, "").await;
        let key = hooks["data"]["items"][0]["key"].as_str().unwrap();
        let path = format!("webhooks/{key}/deliveries?limit=250");
        let (_, list) = self.ask("GET", &path, &Value::Null, "").await;
        let items = list["data"]["items"].as_array().unwrap();
        let mut counts = BTreeMap::new();
        for one in items {
            *counts.entry(one["event"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        (counts, items.iter().filter(|one| one["request"] == "").count())
    }

    /// What two runs of the same requests must have in common; keys differ between runs. Rows of each table, amounts
    /// of the rewards, and the explanations of two payments.
    async fn contents(&self) -> (BTreeMap<String, usize>, Vec<i64>, Value, Value) {
        let mut rows = BTreeMap::new();
        for row in self.fault.left_behind() {
            let (table, _) = row.split_once(':').unwrap();
            *rows.entry(table.to_owned()).or_default() += 1;
        }
        let (_, rewards) = self.ask("GET", "rewards?limit=250", &Value::Null, "").await;
        let items = rewards["data"]["items"].as_array().unwrap().iter();
        let mut amounts: Vec<_> = items.map(|reward| reward["amount"].as_i64().unwrap()).collect();
        amounts.sort_unstable();
        let explain = async |key: &str| {
            let (_, told) = self.ask("GET", &format!("transactions/{key}/explain"), &Value::Null, "").await;
            told["data"]["triggers"].clone()
        };
        (rows, amounts, explain("paid").await, explain("early").await)
    }
}

#[tokio::test]
async fn a_request_that_fails_at_any_step_leaves_nothing_behind_and_earns_once_when_it_is_repeated() {
    let (mut calm, mut rough) = (TestLedger::open(false).await, TestLedger::open(true).await);
    calm.trade().await;
    rough.trade().await;
    let (expected, found) = (calm.contents().await, rough.contents().await);
    assert_eq!(found, expected);
    // 20 % and 1 % of each payment, what the refund takes of the first, and 5.00 for each customer.
    assert_eq!(found.1, [-1000, -50, 99, 99, 500, 500, 1980, 1980], "{:?}", found.1);
    assert_eq!((found.2.as_array().unwrap().len(), found.3.as_array().unwrap().len()), (2, 2), "explained");
    // A payment writes itself, two rewards and the stored answer; a late product also updates its payment.
    // And the events: of the payment, and of each reward.
    assert!(rough.steps["POST transactions"] >= 7, "{:?}", rough.steps);
    assert!(rough.steps["POST products?late"] >= 4, "{:?}", rough.steps);
    assert!(rough.steps["POST transactions/paid/refund"] >= 4, "{:?}", rough.steps);
    // Every event was queued once: of two customers, of one customer's deletion, of two products and two payments with
    // two rewards each, of a link, and of a refund with its reversals.
    let (queued, erased) = rough.events().await;
    assert_eq!((&queued, &erased), (&calm.events().await.0, &calm.events().await.1));
    assert_eq!(queued["customer.deleted"], 1, "{queued:?}");
    assert_eq!(
        (queued["customer.created"], queued["product.created"], queued["transaction.created"]),
        (2, 2, 2)
    );
    assert_eq!((queued["transaction.updated"], queued["reward.created"]), (2, 8), "{queued:?}");
    assert!(erased >= 10, "{erased}");
    assert!(rough.steps.values().all(|steps| *steps >= 2), "{:?}", rough.steps);
}
