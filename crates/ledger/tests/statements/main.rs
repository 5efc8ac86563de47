//! The statements that frequent requests run in their unit of work: all writers wait for each of them. A test binary
//! of its own, because it records the statements of every thread of its process.

#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

#[path = "../scale/test_ledger.rs"]
mod test_ledger;

use std::sync::{Arc, Mutex};

use headwater_protocol::Source;
use headwater_store::{StoreError, Value as Param};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use test_ledger::TestLedger;

/// The statements of units of work, in their order.
#[derive(Clone, Default)]
struct RecordedStatements(Arc<Mutex<Vec<String>>>);

impl Subscriber for RecordedStatements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "headwater_store::statement"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        if std::thread::current().name().is_some_and(|name| name.starts_with("store-writer")) {
            event.record(&mut Statement(&self.0));
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Statement<'a>(&'a Mutex<Vec<String>>);

impl Visit for Statement<'_> {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.lock().unwrap().push(value.to_owned());
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// A statement's verb and its first table.
fn short(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or_default().to_lowercase();
    let before = match verb.as_str() {
        "insert" => "INTO",
        "update" => return format!("{verb} {}", words.next().unwrap_or_default()),
        _ => "FROM",
    };
    // A query inside the columns is not the statement's own.
    let mut depth = 0;
    let outside = words.filter(|word| {
        let outer = depth == 0;
        depth += word.matches('(').count();
        depth -= word.matches(')').count();
        outer
    });
    let table = outside.skip_while(|word| *word != before).nth(1).unwrap_or_default();
    format!("{verb} {table}")
}

impl RecordedStatements {
    /// The statements of the second of two like requests, when compiled triggers are cached. Also checks that the
    /// answer, which is made from rows in memory, equals what is read afterwards.
    async fn of(&self, ledger: &TestLedger, says: Source, path: &str, bodies: [Value; 2]) -> Vec<String> {
        let mut made = Value::Null;
        for (number, body) in bodies.into_iter().enumerate() {
            self.0.lock().unwrap().clear();
            let once = format!("{path} {} {number}", says.name());
            let (status, mut answer) = ledger.ask_for(says, "POST", path, body, &once).await;
            assert!(matches!(status, 200 | 201), "{answer}");
            made = answer["data"].take();
        }
        let ran = std::mem::take(&mut *self.0.lock().unwrap());
        for sql in &ran {
            let steps = steps(ledger, sql).await;
            // SQLite builds and frees a temporary table on each run, which costs more than most statements do.
            assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "a temporary table: {sql}");
        }
        let ran = ran.iter().map(|sql| short(sql)).collect();
        let there =
            ledger.done("GET", &format!("{path}/{}", made["key"].as_str().unwrap()), Value::Null).await;
        assert_eq!(made, there);
        ran
    }
}

/// The opcodes of the program that SQLite makes of a statement.
async fn steps(ledger: &TestLedger, sql: &str) -> Vec<String> {
    let params = (1..100).take_while(|number| sql.contains(&format!("${number}"))).count();
    let sql = format!("EXPLAIN {sql}");
    let steps: Result<Vec<String>, StoreError> =
        ledger.store.write(move |unit| unit.query(&sql, &vec![Param::Null; params], |row| row.get(1))).await;
    steps.unwrap()
}

#[tokio::test]
async fn a_request_runs_no_query_twice() {
    let heard = RecordedStatements::default();
    tracing::subscriber::set_global_default(heard.clone()).unwrap();
    let ledger = TestLedger::open().await;
    // The first query of each finds the idempotency key, and the versions of what is cached of the program.
    let signup = |name: &str| json!({"customer_key": name, "email": format!("{name}@site.example"), "partner_key": "robin"});
    assert_eq!(
        heard.of(&ledger, Source::Page, "customers", [signup("ada"), signup("bob")]).await,
        [
            "select program",
            "select partnership",
            "select customer",
            "select former_key",
            "insert customer",
            "insert partner_total",
            "insert idempotency",
        ]
    );
    let product = |name: &str| {
        json!({"customer_key": name, "product_book_key": "inbox", "status": "active",
               "external_subscription_key": "sub"})
    };
    ledger.customer("cat").await;
    ledger.customer("dan").await;
    for (says, names) in [(Source::Page, ["ada", "bob"]), (Source::Vendor, ["cat", "dan"])] {
        assert_eq!(
            heard.of(&ledger, says, "products", names.map(product)).await,
            [
                "select program",
                "select customer",
                "select product",
                "select product_book",
                "insert product",
                "select txn",
                "insert idempotency",
            ]
        );
    }
    let payment = |number: u8| {
        json!({"customer_key": "cat", "key": format!("payment{number}"), "amount": 900, "currency": "USD",
               "subscription_key": "sub"})
    };
    assert_eq!(
        heard.of(&ledger, Source::Vendor, "transactions", [payment(1), payment(2)]).await,
        [
            "select program",
            "select customer",
            "select product",
            "insert txn",
            "insert customer_total",
            "insert partner_money",
            "select partnership",
            "insert reward",
            "insert partner_money",
            "insert idempotency",
        ]
    );
}
