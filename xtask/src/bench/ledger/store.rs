//! Bare SQLite as a baseline: the same tables, indexes and rows, taken from a ledger that has served, in commits of
//! the size that the ledger's own have under the load.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rusqlite::Connection;
use rusqlite::types::Value;

pub(super) mod compare;
pub(super) mod fill;

/// Units in one commit: one for each connection of the load.
const COMMIT: u64 = 64;

fn open(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// A row to write repeatedly, and the positions of the columns that differ each time.
struct PaymentTemplate {
    insert: String,
    values: Vec<Value>,
    id: usize,
    key: usize,
    event: Option<usize>,
    names: Vec<String>,
}

impl PaymentTemplate {
    fn read(connection: &Connection, table: &str) -> anyhow::Result<Self> {
        let sql = format!("SELECT * FROM {table} ORDER BY id DESC LIMIT 1");
        let mut statement = connection.prepare(&sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let place = |name: &str| names.iter().position(|column| column == name);
        let values = statement
            .query_row((), |row| (0..names.len()).map(|at| row.get(at)).collect::<rusqlite::Result<_>>())?;
        let marks = vec!["?"; names.len()].join(", ");
        Ok(Self {
            insert: format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", ")),
            values,
            id: place("id").context("each table has an id")?,
            key: place("key").context("each table has a key")?,
            event: place("event_key"),
            names,
        })
    }

    fn set(&mut self, column: &str, value: Value) {
        if let Some(place) = self.names.iter().position(|name| name == column) {
            self.values[place] = value;
        }
    }

    fn write_as(&mut self, connection: &Connection, id: i64, key: String) -> rusqlite::Result<()> {
        self.values[self.id] = Value::Integer(id);
        self.values[self.key] = Value::Text(key);
        if let Some(event) = self.event {
            self.values[event] = Value::Text(format!("transaction:{id}"));
        }
        let mut insert = connection.prepare_cached(&self.insert)?;
        insert.execute(rusqlite::params_from_iter(&self.values)).map(drop)
    }
}

/// Payments a second that bare SQLite writes into a copy of a ledger: two look-ups, the payment, its reward and the
/// customer's total for each, of the customers and under the keys that the load names, in its order.
pub(super) fn bare(ledger: &Path, copy: &Path, duration: Duration) -> anyhow::Result<f64> {
    Connection::open(ledger)?.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let connection = open(copy)?;
    let (mut payment, mut reward) =
        (PaymentTemplate::read(&connection, "txn")?, PaymentTemplate::read(&connection, "reward")?);
    let program: i64 = connection.query_row("SELECT id FROM program LIMIT 1", (), |row| row.get(0))?;
    let begun = Instant::now();
    let mut number = 0_u64;
    while begun.elapsed() < duration {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..COMMIT {
            let (of_load, of_connection) = (number % COMMIT, number / COMMIT);
            number += 1;
            let (name, key) =
                (super::payer(of_load, of_connection), format!("bare_{of_load}_{of_connection}"));
            let mut customer = connection.prepare_cached(
                "SELECT * FROM customer WHERE program = ? AND test = 0 AND customer_key = ?",
            )?;
            let customer: i64 = customer.query_row((program, &name), |row| row.get("id"))?;
            let mut known =
                connection.prepare_cached("SELECT * FROM txn WHERE program = ? AND test = 0 AND key = ?")?;
            known.exists((program, &key))?;
            // Far above the ledger's own numbers, and ascending as they do.
            let id = (1 << 62) + i64::try_from(number)?;
            for template in [&mut payment, &mut reward] {
                template.set("customer", Value::Integer(customer));
            }
            payment.write_as(&connection, id, key)?;
            reward.set("txn", Value::Integer(id));
            reward.write_as(&connection, id, format!("rwrd_{number:020}"))?;
            connection
                .prepare_cached(
                    "INSERT INTO customer_total (customer, currency, payments, revenue) VALUES (?, 'USD', 1, 1) \
                     ON CONFLICT (customer, currency) DO UPDATE SET payments = payments + 1, revenue = revenue + 1",
                )?
                .execute([customer])?;
        }
        connection.execute_batch("COMMIT")?;
    }
    #[allow(clippy::cast_precision_loss, reason = "some hundred thousand")]
    Ok(number as f64 / begun.elapsed().as_secs_f64())
}
