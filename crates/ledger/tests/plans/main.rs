//! The query plan of every statement that requests run: each uses an index, with statistics of a large program and
//! without any, and is planned once. A test binary of its own, because it records the statements of every thread of
//! its process.

#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod requests;
#[path = "../scale/test_ledger.rs"]
mod test_ledger;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use headwater_store::{StoreError, Value as Param};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use requests::{deliver, reward};
use test_ledger::TestLedger;

/// Tables that grow with use.
const GROWING: [&str; 22] = [
    "message",
    "partner_past",
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
    "cap_use",
    "cap_total",
    "due",
    "partner_money",
    "partnership_tag",
    "sale",
    "application",
    "action",
    "invoice",
    "payout",
];
/// Conditions that select few rows of a table.
const NAMES: [&str; 13] = [
    ".email =",
    ".provider_key =",
    ".external_key =",
    ".customer_key =",
    ".customer =",
    ".partnership =",
    ".key =",
    ".grp =",
    ".stage =",
    ".status =",
    ".tier =",
    ".manager_email =",
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
    reward(ledger, &name, round).await;
    list(ledger, &name, round).await;
    deliver(ledger, round).await;
    ask_of_the_past(ledger).await;
    sell(ledger, round).await;
    ledger.handle.prune().await.unwrap();
}

/// Reads what operators, pages and partners ask for most.
async fn list(ledger: &TestLedger, name: &str, round: usize) {
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
        "rewards?status=hold".to_owned(),
        "rewards?min_updated=1".to_owned(),
        "messages?partnership_key=robin".to_owned(),
        "customers?min_updated=1".to_owned(),
        "transactions?min_updated=1&max_updated=9".to_owned(),
        "products?min_updated=1".to_owned(),
        "partnerships?min_updated=1".to_owned(),
        "transactions?partnership_key=robin".to_owned(),
        format!("transactions?subscription_key=sub_{round}"),
        "transactions?product_key=pro_plan".to_owned(),
        format!("transactions?customer_email={name}@site.example"),
        "rewards?invoice_key=inv_none".to_owned(),
        "actions?limit=2".to_owned(),
        "actions?partnership_key=robin".to_owned(),
        "actions?action_type=call".to_owned(),
        format!("actions?customer_key={name}"),
        "invoices?limit=2".to_owned(),
        "invoices?month=2026-03&partnership_key=robin".to_owned(),
        "invoices/export".to_owned(),
        "payouts?partnership_key=robin".to_owned(),
        "partnerships/robin".to_owned(),
        "partnerships?limit=2".to_owned(),
        format!("transactions/customer_key{round}/explain"),
    ] {
        ledger.done("GET", &path, Value::Null).await;
    }
}

/// Dry runs, a replay, and what is due a day later.
async fn ask_of_the_past(ledger: &TestLedger) {
    for (path, body) in [
        ("triggers/draft/dry_run", json!({"limit": 2, "rules": first_payment(), "action": capped_drip()})),
        ("triggers/draft/dry_run", json!({"limit": 2, "action": capped_drip()})),
    ] {
        ledger.done("POST", path, body).await;
    }
    let triggers = ledger.done("GET", "triggers?limit=1", Value::Null).await;
    let trigger = triggers["items"][0]["key"].as_str().unwrap();
    ledger.done("POST", &format!("triggers/{trigger}/replay"), json!({"limit": 2})).await;
    ledger.pass(24 * 60 * 60 * 1000);
    ledger.handle.run_due().await.unwrap();
    ledger.handle.run_due().await.unwrap();
}

fn first_payment() -> Value {
    json!({"object": "customer", "field": "transaction_count", "operator": "is", "value": 1})
}

/// Two installments under two caps, the second a day after the event.
fn capped_drip() -> Value {
    json!({"type": "commission_flat", "amount": 100, "currency": "USD", "drip": {"cycle": "1d", "occurrences": 2},
           "caps": [{"per": "partner", "period": "day", "amounts": {"USD": 100_000}},
                    {"per": "customer", "rewards": 100}]})
}

/// The requests about deals, leads, applications and partners.
async fn sell(ledger: &TestLedger, round: usize) {
    let deal = json!({"partner_key": "robin", "account_name": "Acme", "external_key": format!("crm{round}")});
    let deal = ledger.done("POST", "deals", deal).await["key"].as_str().unwrap().to_owned();
    let lead = json!({"partner_key": "robin", "email": format!("lead{round}@site.example")});
    let lead = ledger.done("POST", "leads", lead).await["key"].as_str().unwrap().to_owned();
    let who = json!({"email": format!("applicant{round}@agency.example")});
    let applicant = ledger.done("POST", "applications", who).await["key"].as_str().unwrap().to_owned();
    ledger.done("PATCH", &format!("deals/{deal}"), json!({"stage": "qualified"})).await;
    ledger.done("POST", &format!("leads/{lead}/convert"), json!({})).await;
    ledger.done("PATCH", &format!("applications/{applicant}"), json!({"status": "approved"})).await;
    for path in [
        format!("deals/{deal}"),
        "deals?limit=2".to_owned(),
        "deals?partner_key=robin".to_owned(),
        "deals?group_key=partners&order_by=created_at".to_owned(),
        "deals?stage=qualified".to_owned(),
        format!("deals?external_key=crm{round}"),
        format!("deals?starting_after={deal}"),
        format!("deals/{deal}/files"),
        "leads?status=open".to_owned(),
        "leads?partner_key=robin&status=open".to_owned(),
        "applications?limit=2".to_owned(),
        "applications?status=pending".to_owned(),
        format!("applications?email=applicant{round}@agency.example"),
        "applications?group_key=partners".to_owned(),
        "partnerships?group_key=partners".to_owned(),
        "partnerships?approved_status=pending".to_owned(),
        "partnerships?manager_email=boss@company.example".to_owned(),
        "partnerships?email=robin@agency.example".to_owned(),
    ] {
        ledger.done("GET", &path, Value::Null).await;
    }
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
            "{series} INSERT INTO sale (id, program, test, cycle, key, partnership, grp, source, stage, currency, \
            external_key, fields, approved, archived, created_at, updated_at) SELECT i, {program}, 0, \
            CASE WHEN i % 2 = 0 THEN 'deal' ELSE 'lead' END, 'deal_f' || i, {partner}, (SELECT min(id) FROM grp), \
            'partner', 'open', 'USD', 'crm_f' || i, '[]', 1, 0, i, i FROM s"
        ),
        format!(
            "{series} INSERT INTO application (id, program, key, email, grp, fields, status, created_at, updated_at) \
            SELECT i, {program}, 'appl_f' || i, 'a' || i, (SELECT min(id) FROM grp), '[]', 'pending', i, i FROM s"
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
    let statistics =
        ["customer", "txn", "reward", "product", "idempotency", "sale", "application", "delivery"]
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

/// The condition of the whole statement, not that of a query inside its columns.
fn condition(sql: &str) -> &str {
    let mut depth = 0;
    for (at, letter) in sql.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && sql[at..].starts_with(" WHERE ") => {
                let rest = &sql[at + " WHERE ".len()..];
                return rest.split(" ORDER BY ").next().unwrap_or(rest);
            }
            _ => {}
        }
    }
    ""
}

/// The step that is wrong in a plan: a growing table is scanned; or, when it is large, all rows of a program are read
/// although the condition selects few; or many rows are sorted.
fn wrong(sql: &str, steps: &[String], large: bool) -> Option<String> {
    let asked = condition(sql);
    let named = NAMES.iter().any(|name| asked.contains(name));
    let growing = |step: &str| GROWING.contains(&step.split(' ').nth(1).unwrap_or_default());
    let share = |step: &str| step.ends_with("(program=? AND test=?)") || step.ends_with("(program=?)");
    // The rows of one payment, customer or address are few enough to sort.
    let few = ["(txn=?", "(action=?", "(customer=?", "(product=?", "claimed_name=?", "email=?"]
        .iter()
        .any(|own| steps.first().is_some_and(|step| step.contains(own)))
        || !steps.iter().any(|step| growing(step));
    let wrong = |step: &&String| {
        // These indexes hold only the rows that are asked for; that of claimed deliveries only those under way.
        let partial = ["txn_unmatched", "reward_unpaid"].iter().any(|index| step.contains(index));
        step.starts_with("SCAN ") && growing(step) && !step.contains("delivery_claimed")
            || large && named && share(step) && growing(step) && !partial
            || step.contains("TEMP B-TREE FOR ORDER BY") && !few
    };
    steps.iter().find(wrong).cloned()
}

#[tokio::test]
async fn every_statement_of_a_busy_program_uses_an_index_and_is_planned_once() {
    let heard = RecordedStatements::default();
    tracing::subscriber::set_global_default(heard.clone()).unwrap();
    let ledger = TestLedger::open().await;
    let drip = json!({"name": "t", "offer_description": "Earn", "event": "transaction_created",
                      "action": capped_drip()});
    ledger.done("POST", "triggers", drip).await;
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
