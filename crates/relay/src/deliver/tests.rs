//! Delivery to a receiver whose answers a test sets: the order is kept, refusals are retried, and nothing is given up
//! that may still succeed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use headwater_client::{Client, Credential};
use headwater_journal::{Filter, Journal, MIGRATIONS, State};
use headwater_protocol::event::Event;
use headwater_protocol::v2::ClaimPolicy;
use headwater_protocol::{Millis, SOURCE_HEADER, Source, limits};
use http::Request;

use crate::billing::{scope, stripe};
use crate::{Relay, RelayProgram, RelayPrograms, Scripts, admit};

mod claims;
mod customers;
mod held;
mod money;
mod payments;
mod products;
mod run;

/// `METHOD path body source`, in the order of arrival.
type ReceivedRequests = Arc<Mutex<Vec<String>>>;

struct DeliveryTest {
    relay: Relay,
    received: ReceivedRequests,
    destinations: super::Destinations,
    now: Arc<Mutex<i64>>,
    program: RelayProgram,
    events: std::sync::atomic::AtomicU32,
    _directory: tempfile::TempDir,
}

/// A test whose receiver gives these answers in turn, and `200 {}` from then on.
fn delivery_test(answers: &[(u16, &str)]) -> DeliveryTest {
    let heard = ReceivedRequests::default();
    let answers: VecDeque<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let receiver = receiver(Arc::clone(&heard), answers);
    delivery_to(receiver, heard)
}

/// A test in front of this receiver.
fn delivery_to(receiver: Router, heard: ReceivedRequests) -> DeliveryTest {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(headwater_teststore::open(directory.path(), "journal", MIGRATIONS));
    let program = RelayProgram {
        id: 1,
        public_key: "pk_example".to_owned(),
        test: false,
        origins: Vec::new(),
        checkout_amounts: ClaimPolicy::Confirm,
        secret_hash: None,
        ..RelayProgram::default()
    };
    let programs = RelayPrograms::default();
    programs.replace(vec![program.clone()]);
    let now = Arc::new(Mutex::new(1_000_000));
    let clock = {
        let now = Arc::clone(&now);
        Arc::new(move || Millis(*now.lock().unwrap()))
    };
    let client =
        Client::in_process(receiver, Credential::basic("pk_example", "sk_example".to_owned().into(), None));
    let relay = Relay::new(programs, journal, clock, Scripts::default(), crate::http::tests::rates(600));
    DeliveryTest {
        relay,
        received: heard,
        destinations: Arc::new(move |_, _| Some(client.clone())),
        now,
        program,
        events: 0x1000.into(),
        _directory: directory,
    }
}

fn receiver(heard: ReceivedRequests, answers: VecDeque<(u16, String)>) -> Router {
    let answers = Arc::new(Mutex::new(answers));
    Router::new().fallback(move |request: Request<Body>| {
        let (heard, answers) = (Arc::clone(&heard), Arc::clone(&answers));
        async move {
            let line = format!("{} {}", request.method(), request.uri().path());
            let source =
                request.headers().get(SOURCE_HEADER).map_or("", |name| name.to_str().unwrap()).to_owned();
            let body = to_bytes(request.into_body(), 100_000).await.unwrap();
            heard.lock().unwrap().push(format!("{line} {} {source}", String::from_utf8_lossy(&body)));
            let (status, body) = answers.lock().unwrap().pop_front().unwrap_or((200, "{}".to_owned()));
            Response::builder().status(status).body(Body::from(body)).unwrap()
        }
    })
}

impl DeliveryTest {
    async fn take(&self, kind: &str, data: &str) {
        self.take_from(Source::Page, kind, data).await;
    }

    async fn take_from(&self, source: Source, kind: &str, data: &str) {
        let n = self.events.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let text = format!(
            r#"{{"id":"019365b2-7c00-7abc-8def-{n:012x}","type":"{kind}","occurred_at":1000,"data":{data}}}"#
        );
        let event = Event::read(&text).unwrap();
        let entry = admit::entry(&event, text, &self.program, source, self.relay.now());
        self.relay.journal.append(vec![entry]).await.unwrap();
    }

    /// Takes a webhook's body as the route does after it has verified the signature.
    async fn stripe(&self, body: &[u8]) {
        let webhook = stripe::read(body, &scope(&self.program)).unwrap();
        let now = self.relay.now();
        let entries = webhook.events.iter().map(|said| said.entry(&self.program, now)).collect();
        self.relay.journal.append_with_facts(entries, webhook.facts, now.0).await.unwrap();
    }

    /// Moves the clock by so many milliseconds, and delivers every entry when it falls due.
    async fn settle_for(&self, millis: i64) {
        let end = self.relay.now().0 + millis;
        self.settle().await;
        while let Some(due) = self.relay.journal.next_due().await.unwrap().filter(|due| *due <= end) {
            self.later((due - self.relay.now().0).max(0));
            self.settle().await;
        }
        self.later(end - self.relay.now().0);
    }

    /// The bodies of the requests to a path, with their sources.
    fn said(&self, request: &str) -> Vec<(serde_json::Value, String)> {
        let heard = self.received.lock().unwrap();
        let bodies = heard.iter().filter_map(|line| line.strip_prefix(request)?.strip_prefix(' '));
        let parts = bodies.map(|line| line.rsplit_once(' ').unwrap());
        parts
            .map(|(body, source)| (serde_json::from_str(body).unwrap_or_default(), source.to_owned()))
            .collect()
    }

    async fn in_state(&self, state: State) -> Vec<headwater_journal::Entry> {
        let filter = Filter { program: 1, state: Some(state), limit: 1000, ..Filter::default() };
        self.relay.journal.list(filter).await.unwrap()
    }

    /// Delivers until nothing is due at the time of the test's clock; returns how many attempts that took.
    async fn settle(&self) -> usize {
        super::deliver_due(&self.relay, &self.destinations).await.unwrap()
    }

    fn delivery_loop(&self) -> super::DeliveryLoop {
        super::DeliveryLoop::new(self.relay.clone(), Arc::clone(&self.destinations))
    }

    fn later(&self, millis: i64) {
        *self.now.lock().unwrap() += millis;
    }

    fn received(&self) -> Vec<String> {
        self.received
            .lock()
            .unwrap()
            .iter()
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect()
    }

    async fn count(&self, state: State) -> usize {
        self.in_state(state).await.len()
    }
}

const SIGNUP: &str = r#"{"customer_key":"gk_1","email":"dana@shop.example","partner_key":"p1"}"#;
const CHECKOUT: &str = r#"{"customer_key":"gk_1","products":[{"product_book_key":"live_chat","external_subscription_key":"s/chat"},{"product_book_key":"inbox","external_subscription_key":"s/inbox"}]}"#;
const PAYMENT: &str = r#"{"customer":{"customer_key":"gk_1"},"key":"in_1/il_1","amount":4900,"currency":"usd","subscription_key":"s/chat"}"#;

#[tokio::test]
async fn a_customer_is_made_before_its_products_and_payments() {
    let delivery = delivery_test(&[(503, "{}"), (429, "{}")]);
    delivery.take("signup", SIGNUP).await;
    delivery.take("checkout", CHECKOUT).await;
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    assert_eq!(
        delivery.received(),
        ["POST /api/v2/customers"],
        "what follows waits while the customer is refused"
    );
    for _ in 0..3 {
        delivery.later(limits::DELIVERY_BACKOFF_MAX);
        delivery.settle().await;
    }
    let expect = [
        "POST /api/v2/customers",
        "POST /api/v2/customers",
        "POST /api/v2/customers",
        "POST /api/v2/products",
        "POST /api/v2/products",
        "POST /api/v2/transactions",
    ];
    assert_eq!(delivery.received(), expect);
    assert_eq!(delivery.count(State::Delivered).await, 3);
}

#[tokio::test]
async fn a_click_becomes_a_conversion_and_an_unknown_click_a_customer() {
    let unknown = r#"{"data":{"outcome":"unknown_xid","customer_key":null},"message":"","status":200}"#;
    let delivery = delivery_test(&[(200, unknown)]);
    delivery.take(
        "signup",
        r#"{"customer_key":"gk_1","email":"dana@shop.example","partner_key":"p1","xid":"Ab3dEf6hIj9kLm"}"#,
    )
    .await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /conversion/xid", "POST /api/v2/customers"]);
}

#[tokio::test]
async fn a_payment_before_its_customer_is_parked_until_the_customer_is_delivered() {
    let unknown = r#"{"message":"no such customer","status":404,"code":"customer_not_found"}"#;
    let delivery = delivery_test(&[(404, unknown)]);
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    assert_eq!(delivery.count(State::Parked).await, 1);
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(
        delivery.received(),
        ["POST /api/v2/transactions", "POST /api/v2/customers", "POST /api/v2/transactions"]
    );
    assert_eq!(delivery.count(State::Delivered).await, 2);
}

#[tokio::test]
async fn records_that_exist_already_count_as_delivered() {
    let exists = |code: &str| format!(r#"{{"message":"","status":409,"code":"{code}"}}"#);
    let (customer, product, paid) =
        (exists("customer_exists"), exists("product_exists"), exists("transaction_exists"));
    let delivery = delivery_test(&[(409, &customer), (409, &product), (200, "{}"), (409, &paid)]);
    delivery.take("signup", SIGNUP).await;
    delivery.take("checkout", CHECKOUT).await;
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    assert_eq!(
        delivery.received()[1..3],
        ["POST /api/v2/products"; 2],
        "a page changes nothing that is there"
    );
    assert_eq!(delivery.count(State::Delivered).await, 3);
}

#[tokio::test]
async fn a_slow_answer_delays_its_own_lane_only() {
    let answer = Arc::new(tokio::sync::Notify::new());
    let slow = Arc::clone(&answer);
    let receiver = Router::new().fallback(move |request: Request<Body>| {
        let slow = Arc::clone(&slow);
        async move {
            let body = to_bytes(request.into_body(), 100_000).await.unwrap();
            if String::from_utf8_lossy(&body).contains("gk_slow") {
                slow.notified().await;
            }
            "{}"
        }
    });
    let delivery = delivery_to(receiver, ReceivedRequests::default());
    let (slow, quick) = (r#"{"customer_key":"gk_slow"}"#, r#"{"customer_key":"gk_quick"}"#);
    for (data, name) in [(slow, "Ann"), (quick, "Bill"), (slow, "Cleo Day"), (quick, "Dana Field")] {
        delivery.take("signup", &data.replace('}', &format!(r#","name":"{name}"}}"#))).await;
    }
    let mut deliveries = delivery.delivery_loop();
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 2, "one of each lane");
    assert!(deliveries.one_ended().await);
    assert_eq!(delivery.count(State::Delivered).await, 1);
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 1, "the quick lane's second");
    assert!(deliveries.one_ended().await);
    assert_eq!(delivery.count(State::Delivered).await, 2);
    delivery.later(super::LEASE);
    assert_eq!(
        deliveries.claim(delivery.relay.now().0).await.unwrap(),
        0,
        "one in flight for each lane, lease or not"
    );
    answer.notify_one();
    assert!(deliveries.one_ended().await);
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 1);
    answer.notify_one();
    assert!(deliveries.one_ended().await && !deliveries.one_ended().await);
    assert_eq!(delivery.count(State::Delivered).await, 4);
}

#[tokio::test]
async fn a_payment_whose_key_belongs_to_another_is_parked_and_listed() {
    let conflict = r#"{"message":"transaction 'in_1/il_1' exists with another amount","status":409,"code":"transaction_conflict"}"#;
    let delivery = delivery_test(&[(409, conflict)]);
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    let filter = Filter { program: 1, state: Some(State::Parked), limit: 10, ..Filter::default() };
    let parked = delivery.relay.journal.list(filter).await.unwrap();
    assert_eq!(parked.len(), 1, "not delivered, and not forgotten");
    assert!(parked[0].last_error.as_deref().unwrap().contains("with another amount"), "{parked:?}");
}

#[tokio::test]
async fn a_final_refusal_is_kept_with_its_reason_and_the_lane_goes_on() {
    let delivery = delivery_test(&[(
        400,
        r#"{"message":"email must have 4 to 255 characters","status":400,"code":"out_of_range"}"#,
    )]);
    delivery.take("signup", r#"{"customer_key":"gk_1","partner_key":"p1"}"#).await;
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    assert_eq!((delivery.count(State::Dead).await, delivery.count(State::Delivered).await), (1, 1));
    let filter = Filter { program: 1, state: Some(State::Dead), limit: 1, ..Filter::default() };
    let dead = delivery.relay.journal.list(filter).await.unwrap();
    assert!(dead[0].last_error.as_deref().unwrap().contains("4 to 255"), "{dead:?}");
}
