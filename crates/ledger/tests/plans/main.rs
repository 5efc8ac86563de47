//! The query plan of every statement that requests run: each uses an index, with statistics of a large program and
//! without any, and is planned once. A test binary of its own, because it records the statements of every thread of
//! its process.

#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

#[path = "../scale/test_ledger.rs"]
mod test_ledger;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use headwater_ledger::{Sending, TargetAnswer, WebhookRequest, WebhookTransport};
use headwater_store::{StoreError, Value as Param};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use test_ledger::TestLedger;

/// Tables that grow with use.
const GROWING: [&str; 10] = [
    "delivery",
    "customer",
    "txn",
    "reward",
    "product",
    "click",
    "idempotency",
    "customer_total",
    "partner_total",
    "partnership",
];
/// Conditions that select few rows of a table.
const NAMES: [&str; 8] = [
    ".email =",
    ".provider_key =",
    ".external_key =",
    ".customer_key =",
    ".customer =",
    ".partnership =",
    ".key =",
    "product IS NULL",
];

/// Each statement that ran, and how often it had been prepared by its last run.
#[derive(Clone, Default)]
struct RecordedStatements(Arc<Mutex<BTreeMap<String, i64>>>);

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
        let mut statement = Statement::default();
        event.record(&mut statement);
        self.0.lock().unwrap().insert(statement.sql, statement.prepared);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Statement {
    sql: String,
    prepared: i64,
}

impl Visit for Statement {
    fn record_str(&mut self, _: &Field, value: &str) {
        value.clone_into(&mut self.sql);
    }
    fn record_i64(&mut self, _: &Field, value: i64) {
        self.prepared = value;
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// A target that takes everything, or nothing.
struct Target(u16);

impl WebhookTransport for Target {
    fn send(&self, _: WebhookRequest) -> Sending {
        let answer = TargetAnswer { status: self.0, ..TargetAnswer::default() };
        Box::pin(async move { Ok(answer) })
    }
}

/// Events of a webhook: tried and failed, delivered, listed, held and released.
async fn deliver(ledger: &TestLedger, round: usize) {
    let name = format!("webhooks/whk_{round}");
    let [fails, takes]: [Arc<dyn WebhookTransport>; 2] = [Arc::new(Target(410)), Arc::new(Target(204))];
    ledger.handle.deliver_webhooks(&fails).await.unwrap();
    ledger.done("POST", &format!("{name}/resume"), Value::Null).await;
    ledger.handle.deliver_webhooks(&takes).await.unwrap();
    ledger.handle.release_webhooks().await.unwrap();
    for query in ["", "?status=delivered", "?event=customer.created"] {
        ledger.done("GET", &format!("{name}/deliveries{query}"), Value::Null).await;
    }
    ledger.done("DELETE", &name, Value::Null).await;
}

/// Sends one of each request that is frequent in operation.
async fn work(ledger: &TestLedger, round: usize) {
    let name = format!("c{round}");
    let events = ["customer.created", "customer.updated", "transaction.created", "reward.created"];
    let hook =
        json!({"target": "https://hooks.example.com/", "events": events, "key": format!("whk_{round}")});
    ledger.done("POST", "webhooks", hook).await;
    let customer = json!({"customer_key": name, "email": format!("{name}@site.example"), "partner_key": "robin",
                          "provider_key": format!("cus_{round}")});
    ledger.ask("POST", "customers", customer, &format!("customer {round}")).await;
    let product = json!({"customer_key": name, "product_book_key": "inbox", "status": "active",
                         "external_subscription_key": format!("sub_{round}")});
    ledger.ask("POST", "products", product, &format!("product {round}")).await;
    for (by, value) in [
        ("customer_key", name.clone()),
        ("customer_external_key", format!("cus_{round}")),
        ("customer_email", format!("{name}@site.example")),
    ] {
        let payment = json!({by: value, "key": format!("{by}{round}"), "amount": 900, "currency": "USD",
                             "subscription_key": format!("sub_{round}")});
        let (status, answer) = ledger.ask("POST", "transactions", payment, &format!("{by} {round}")).await;
        assert_eq!(status, 200, "{answer}");
    }
    ledger
        .done("POST", &format!("transactions/customer_key{round}/refund"), json!({"refunded_total": 100}))
        .await;
    ledger.done("PATCH", &format!("customers/{name}"), json!({"name": "Ada"})).await;
    for path in [
        format!("customers/cus_{round}"),
        format!("customers/{name}@site.example"),
        "customers?limit=2".to_owned(),
        format!("customers?email={name}@site.example"),
        format!("customers?provider_key=cus_{round}"),
        "customers?partner_key=robin".to_owned(),
        format!("transactions?customer_key={name}"),
        "transactions?unmatched=true".to_owned(),
        "transactions?limit=2".to_owned(),
        "rewards?partnership_key=robin".to_owned(),
        format!("rewards?transaction=customer_key{round}"),
        format!("rewards?customer_key={name}"),
        "partnerships/robin".to_owned(),
        "partnerships?limit=2".to_owned(),
        format!("transactions/customer_key{round}/explain"),
    ] {
        ledger.done("GET", &path, Value::Null).await;
    }
    deliver(ledger, round).await;
    ledger.handle.prune().await.unwrap();
}

/// Inserts twenty thousand rows of one program into the large tables.
async fn fill(ledger: &TestLedger) {
    let program = ledger.program;
    let series = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000)";
    let partner = "(SELECT id FROM partnership WHERE partner_key = 'robin')";
    let texts = [
        format!(
            "{series} INSERT INTO customer (id, program, test, key, customer_key, email, provider_key, partnership, \
            source_type, sub_ids, archived, created_at, updated_at) SELECT i, {program}, 0, 'cus_f' || i, 'k' || i, \
            'e' || i, 'cus_S' || i, {partner}, 'api', '[]', 0, i, i FROM s"
        ),
        format!(
            "{series} INSERT INTO txn (id, program, test, key, customer, by_site_key, amount, currency, \
            refunded_total, archived, created_at, updated_at, subscription_key) SELECT i, {program}, 0, 'tran' || i, \
            i, 0, 100, 'USD', 0, 0, i, i, CASE WHEN i % 2 = 0 THEN 'sub' END FROM s"
        ),
        format!(
            "{series} INSERT INTO reward (id, program, test, key, partnership, customer, txn, amount, currency, \
            description, status, archived, created_at, updated_at) SELECT i, {program}, 0, 'rwrd_f' || i, {partner}, \
            i, i, 20, 'USD', 'd', 'pending', 0, i, i FROM s"
        ),
        format!(
            "{series} INSERT INTO product (id, program, test, key, product_book, customer, by_site_key, \
            by_partner_key, external_subscription_key, status, archived, created_at, updated_at) SELECT i, {program}, \
            0, 'prod_f' || i, (SELECT id FROM product_book), i, 0, 0, 's' || i, 'active', 0, i, i FROM s"
        ),
        format!(
            "{series} INSERT INTO idempotency (program, test, key, request_hash, status, answer, created_at) \
            SELECT {program}, 0, 'k' || i, zeroblob(32), 201, '{{}}', 1775514585000 + i FROM s"
        ),
        format!(
            "{series} INSERT INTO delivery (program, test, key, webhook, event, object, lane, customer, body, status, \
            request, attempts, due_at, tried_since, claimed_by, settled_at, created_at, updated_at) SELECT {program}, \
            0, 'msg_f' || i, (SELECT max(id) FROM webhook), 'customer.created', 'o' || i % 100, '0 o' || i % 100, i, '{{}}', \
            CASE WHEN i % 4 = 0 THEN 'waiting' ELSE 'delivered' END, i, 1, 1775514585000 + i, 1, 0, \
            CASE WHEN i % 4 > 0 THEN i END, 1775514585000 + i, 1 FROM s"
        ),
    ];
    // Statistics of large tables only, as the store itself gathers them.
    let statistics = ["customer", "txn", "reward", "product", "idempotency", "delivery"]
        .map(|table| format!("ANALYZE {table}"));
    for text in texts.into_iter().chain(statistics) {
        let done: Result<usize, StoreError> = ledger.store.write(move |unit| unit.execute(&text, &[])).await;
        done.unwrap();
    }
}

async fn plan(ledger: &TestLedger, sql: &str) -> Vec<String> {
    let params = (1..100).take_while(|number| sql.contains(&format!("${number}"))).count();
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let steps: Result<Vec<String>, StoreError> = ledger
        .store
        .write(move |unit| unit.query(&sql, &vec![Param::Int(1); params], |row| row.get(3)))
        .await;
    steps.unwrap()
}

/// The step that is wrong in a plan: a growing table is scanned; or, when it is large, all rows of a program are read
/// although the condition selects few; or many rows are sorted.
fn wrong(sql: &str, steps: &[String], large: bool) -> Option<String> {
    let asked =
        sql.split_once(" WHERE ").map_or("", |(_, rest)| rest.split(" ORDER BY ").next().unwrap_or(rest));
    let named = NAMES.iter().any(|name| asked.contains(name));
    let growing = |step: &str| GROWING.contains(&step.split(' ').nth(1).unwrap_or_default());
    let share = |step: &str| step.ends_with("(program=? AND test=?)") || step.ends_with("(program=?)");
    // The rows of one payment, customer or address are few enough to sort.
    let few = ["(txn=?", "(customer=?", "(product=?", "claimed_name=?", "email=?"]
        .iter()
        .any(|own| steps.first().is_some_and(|step| step.contains(own)))
        || !steps.iter().any(|step| growing(step));
    let wrong = |step: &&String| {
        // The index of claimed deliveries holds only those under way.
        step.starts_with("SCAN ") && growing(step) && !step.contains("delivery_claimed")
            || large && named && share(step) && growing(step) && !step.contains("txn_unmatched")
            || step.contains("TEMP B-TREE FOR ORDER BY") && !few
    };
    steps.iter().find(wrong).cloned()
}

#[tokio::test]
async fn every_statement_of_a_busy_program_uses_an_index_and_is_planned_once() {
    let heard = RecordedStatements::default();
    tracing::subscriber::set_global_default(heard.clone()).unwrap();
    let ledger = TestLedger::open().await;
    work(&ledger, 1).await;
    let ran: Vec<String> = heard.0.lock().unwrap().keys().cloned().collect();
    assert!(ran.len() > 40, "{}", ran.len());
    let mut found = Vec::new();
    for when in ["without statistics", "with statistics"] {
        for sql in ran
            .iter()
            .filter(|sql| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb)))
        {
            let steps = plan(&ledger, sql).await;
            found.extend(
                wrong(sql, &steps, when == "with statistics")
                    .map(|step| format!("{when}: {step}\n  of {sql}")),
            );
        }
        if when == "without statistics" {
            fill(&ledger).await;
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    // New statistics make each statement be planned once more, which only the run after that shows.
    work(&ledger, 2).await;
    work(&ledger, 3).await;
    let settled = heard.0.lock().unwrap().clone();
    for round in 4..7 {
        work(&ledger, round).await;
    }
    let again: Vec<_> = heard
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|(sql, prepared)| settled.get(*sql).is_some_and(|before| *before < **prepared))
        .map(|(sql, _)| sql.clone())
        .collect();
    assert!(again.is_empty(), "planned again: {again:?}");
}
