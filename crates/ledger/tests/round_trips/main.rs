//! How often frequent requests wait for the answer of a database that is another process: each wait holds the program's
//! lock. A test binary of its own, because it counts the waits of every thread of its process.

#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

#[path = "../scale/test_ledger.rs"]
mod test_ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headwater_protocol::Source;
use serde_json::{Value, json};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use test_ledger::TestLedger;

/// Counts the round trips of sessions that write.
#[derive(Clone, Default)]
struct RoundTrips(Arc<AtomicUsize>);

impl Subscriber for RoundTrips {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "headwater_store::round_trip"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        if std::thread::current().name().is_some_and(|name| name.starts_with("store-writer")) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl RoundTrips {
    /// The fewest of eight like requests: of the four sessions, each prepares its statements at its first request.
    async fn of(
        &self,
        ledger: &TestLedger,
        says: Source,
        path: &str,
        body: impl Fn(usize) -> Value,
    ) -> usize {
        let mut fewest = usize::MAX;
        for number in 0..8 {
            let before = self.0.load(Ordering::Relaxed);
            let once = format!("{path} {number}");
            let (status, answer) = ledger.ask_for(says, "POST", path, body(number), &once).await;
            assert_eq!(status, 200, "{answer}");
            fewest = fewest.min(self.0.load(Ordering::Relaxed) - before);
        }
        fewest
    }
}

#[tokio::test]
async fn a_request_waits_only_for_answers_that_it_needs() {
    let trips = RoundTrips::default();
    tracing::subscriber::set_global_default(trips.clone()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = headwater_teststore::open(directory.path(), "ledger", headwater_ledger::MIGRATIONS);
    let shared = store.is_shared();
    let ledger = TestLedger::open_on(store, directory).await;
    let signup = |number| {
        let key = format!("new{number}");
        json!({"customer_key": key, "email": format!("{key}@site.example"), "partner_key": "robin"})
    };
    let signups = trips.of(&ledger, Source::Page, "customers", signup).await;
    // The lock, four queries (idempotency, partner, customer, former keys), the insertion, the commit.
    assert_eq!(signups, if shared { 7 } else { 0 });
    ledger.customer("ada").await;
    let product = json!({"customer_key": "ada", "product_book_key": "inbox", "status": "active",
                         "external_subscription_key": "sub"});
    ledger.done("POST", "products", product).await;
    let payment = |number| {
        json!({"customer_key": "ada", "key": format!("payment{number}"), "amount": 900, "currency": "USD",
               "subscription_key": "sub"})
    };
    let payments = trips.of(&ledger, Source::Vendor, "transactions", payment).await;
    // The lock, four queries (idempotency, customer, product, partner), the insertions of the payment and of its reward,
    // which decide what is counted, the commit.
    assert_eq!(payments, if shared { 8 } else { 0 });
}
