//! Bare SQLite as a baseline: the same tables, indexes and rows, taken from a ledger that has served, in commits of
//! the size that the ledger's own have under the load. Also fills a ledger with rows.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rusqlite::Connection;
use rusqlite::types::Value;

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

/// Adds customers like the newest one, until the ledger has `count`. No server may run on it.
pub(super) fn fill(ledger: &Path, count: u64) -> anyhow::Result<()> {
    let connection = open(ledger)?;
    let mut template = PaymentTemplate::read(&connection, "customer")?;
    let there: i64 = connection.query_row("SELECT count(*) FROM customer", (), |row| row.get(0))?;
    // These ids are below the ledger's own.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for number in there..i64::try_from(count)? {
        for column in ["customer_key", "email"] {
            template.set(column, Value::Text(format!("filled{number}@site.example")));
        }
        template.write_as(&connection, number, format!("cus_filled{number}"))?;
    }
    let recount = "UPDATE partner_total SET customers = (SELECT count(*) FROM customer \
                   WHERE customer.partnership = partner_total.partnership AND test = 0 AND archived = 0)";
    // Ledgers of older versions have no stored totals.
    let _ = connection.execute(recount, ());
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Adds payments like the newest one, of all customers in turn, each with its reward.
pub(super) fn fill_payments(ledger: &Path, count: u64) -> anyhow::Result<()> {
    let connection = open(ledger)?;
    let mut statement = connection.prepare("SELECT id FROM customer")?;
    let customers: Vec<i64> = statement.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let (mut payment, mut reward) =
        (PaymentTemplate::read(&connection, "txn")?, PaymentTemplate::read(&connection, "reward")?);
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for (number, customer) in (1..i64::try_from(count)?).zip(customers.iter().cycle()) {
        for template in [&mut payment, &mut reward] {
            template.set("customer", Value::Integer(*customer));
        }
        payment.write_as(&connection, number, format!("filled_{number}"))?;
        reward.set("txn", Value::Integer(number));
        reward.write_as(&connection, number, format!("rwrd_filled{number}"))?;
    }
    connection.execute_batch(
        "DELETE FROM customer_total;
         INSERT INTO customer_total (customer, currency, payments, revenue)
             SELECT customer, currency, count(*), sum(amount - refunded_total) FROM txn
             WHERE archived = 0 GROUP BY customer, currency;
         COMMIT",
    )?;
    Ok(())
}

/// Adds programs like the newest one, each with its credentials.
pub(super) fn fill_programs(ledger: &Path, count: u64) -> anyhow::Result<()> {
    let connection = open(ledger)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute(
        "WITH RECURSIVE s (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM s WHERE i < ?1)
         INSERT INTO program (id, name, company_key, public_key, test_public_key, origins, link_destinations,
                              checkout_amounts, created_at, updated_at)
         SELECT i, 'Filled ' || i, 'filled' || i, 'pk_filled' || i, 'pk_testfilled' || i, origins, link_destinations,
                checkout_amounts, created_at, updated_at FROM s, (SELECT * FROM program LIMIT 1)",
        [i64::try_from(count)?],
    )?;
    for (public_key, test) in [("public_key", 0), ("test_public_key", 1)] {
        connection.execute(
            &format!(
                "INSERT INTO credential (secret_hash, program, kind, test, public_key, created_at)
                 SELECT randomblob(32), id, 'pair', {test}, {public_key}, created_at FROM program
                 WHERE name LIKE 'Filled %'"
            ),
            (),
        )?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
