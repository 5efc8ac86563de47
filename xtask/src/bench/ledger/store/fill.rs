//! Fills a ledger by bulk SQL: rows like the ones that a server wrote, spread over time, customers and products.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use rusqlite::Connection;

use crate::bench::ledger::PAYING;

/// How much a filled ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) struct Volume {
    /// Customers of one partner.
    pub(in crate::bench) customers: u64,
    /// Payments of the program, each with its reward.
    pub(in crate::bench) payments: u64,
    /// Programs in the ledger; one of them has all the rows.
    pub(in crate::bench) programs: u64,
}

/// Changes when ledgers are filled otherwise, so that no older one is taken.
pub(in crate::bench) const VERSION: u32 = 3;
/// The tables that are filled. Their indexes are built after the rows: sorting is cheaper than inserting in any order.
const FILLED: [&str; 5] = ["customer", "product", "txn", "reward", "program"];
/// One customer of so many has a product.
const WITH_PRODUCT: u64 = 5;
/// How the keys of filled customers begin; their number follows.
pub(in crate::bench) const CUSTOMER: &str = "cus_filled";
/// How the keys of filled payments begin; their number follows, with nine digits.
pub(in crate::bench) const PAYMENT: &str = "filled_";
/// How the keys of filled rewards begin; their number follows, with nine digits.
pub(in crate::bench) const REWARD: &str = "rwrd_filled";
/// How the keys of filled products begin; their number follows.
const PRODUCT: &str = "prod_filled";
/// One payment of so many is added after the indexes are built. Their pages are full then, and each splits at its next
/// row, which pages that have grown row by row seldom do; these rows split them.
const LATE: u64 = 10;
/// The time over which the rows are spread, in milliseconds: three years.
const SPAN: u64 = 3 * 365 * 86_400_000;
/// Numbers that look random, for amounts and customers (Knuth's multiplier); `i` is the row's number.
const SCATTERED: &str = "(i * 2654435761 % 4294967296)";

/// Adds rows until the ledger holds `volume`. The ledger has a row of each table, which a server wrote; no server may
/// run on it.
pub(in crate::bench) fn fill(ledger: &Path, volume: Volume) -> anyhow::Result<()> {
    ensure!(volume.customers > PAYING, "a filled ledger has more than {PAYING} customers");
    let begun = Instant::now();
    let connection = open(ledger)?;
    let indexes = drop_indexes(&connection)?;
    connection.execute_batch("BEGIN")?;
    programs(&connection, volume.programs)?;
    customers(&connection, volume.customers)?;
    let late = volume.payments / LATE;
    payments(&connection, volume, (1, volume.payments - late - 1))?;
    for index in &indexes {
        connection.execute_batch(index)?;
    }
    payments(&connection, volume, (volume.payments - late, volume.payments - 1))?;
    totals(&connection)?;
    connection.execute_batch("COMMIT")?;
    #[allow(clippy::cast_precision_loss, reason = "some millions")]
    let rows = (volume.customers + 2 * volume.payments) as f64;
    let took = begun.elapsed().as_secs_f64();
    eprintln!("filled a ledger with {rows:.0} rows in {took:.0} s: {:.0} a second", rows / took);
    Ok(())
}

/// Opens a file that may be lost: nothing is synced, and a failure leaves it useless.
fn open(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "cache_size", -1024 * 1024)?;
    connection.pragma_update(None, "temp_store", "FILE")?;
    Ok(connection)
}

/// Drops the indexes of the filled tables; returns the statements that make them again.
fn drop_indexes(connection: &Connection) -> anyhow::Result<Vec<String>> {
    let mut made = Vec::new();
    for table in FILLED {
        let mut indexes = connection.prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        )?;
        let found = indexes.query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        for (name, sql) in found.collect::<rusqlite::Result<Vec<_>>>()? {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
            made.push(sql);
        }
    }
    Ok(made)
}

/// Inserts the rows `first` to `last` of a table, each like its newest row but for the columns named here, which are
/// expressions of the row's number `i` and the newest row's columns.
fn insert_like(
    connection: &Connection,
    table: &str,
    (first, last): (u64, u64),
    columns: &[(&str, String)],
) -> anyhow::Result<()> {
    if first > last {
        return Ok(());
    }
    connection.execute_batch(&format!(
        "DROP TABLE IF EXISTS temp.newest;
         CREATE TEMP TABLE newest AS SELECT * FROM {table} ORDER BY id DESC LIMIT 1"
    ))?;
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?)")?;
    let names: Vec<String> =
        statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let value = |name: &String| {
        let set = columns.iter().find(|(column, _)| column == name);
        set.map_or_else(|| format!("newest.{name}"), |(_, expression)| expression.clone())
    };
    let values: Vec<String> = names.iter().map(value).collect();
    let added = connection.execute(
        &format!(
            "WITH RECURSIVE number (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM number WHERE i < ?2)
             INSERT INTO {table} ({}) SELECT {} FROM number CROSS JOIN temp.newest",
            names.join(", "),
            values.join(", ")
        ),
        [i64::try_from(first)?, i64::try_from(last)?],
    );
    added.with_context(|| format!("cannot fill {table}"))?;
    Ok(())
}

/// A time for row `i` of `count`, older than the newest row and ascending.
fn time(count: u64) -> [(&'static str, String); 2] {
    let earlier = format!("newest.created_at - ({count} - i) * {} - 1", (SPAN / count).max(1));
    [("created_at", earlier.clone()), ("updated_at", earlier)]
}

/// Adds programs without rows, each with its credentials.
fn programs(connection: &Connection, count: u64) -> anyhow::Result<()> {
    let text = |before: &str| format!("'{before}' || i");
    let columns = [
        ("id", "i".to_owned()),
        ("name", text("Filled ")),
        ("company_key", text("filled")),
        ("public_key", text("pk_filled")),
        ("test_public_key", text("pk_testfilled")),
    ];
    insert_like(connection, "program", (2, count), &columns)?;
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
    Ok(())
}

/// Adds customers of the partner, called as the load's are, and products of some of them. Their numbers are below
/// those that a server gives.
fn customers(connection: &Connection, count: u64) -> anyhow::Result<()> {
    let columns = [
        ("id", "i".to_owned()),
        ("key", format!("'{CUSTOMER}' || i")),
        ("customer_key", "'gk_' || i".to_owned()),
        ("email", "'gk_' || i || '@site.example'".to_owned()),
    ];
    let rows = (PAYING, count - 1);
    insert_like(connection, "customer", rows, &[&columns[..], &time(count)].concat())?;
    connection.execute_batch(
        "CREATE TEMP TABLE entry AS SELECT id FROM product_book;
         CREATE TEMP TABLE chosen (number integer PRIMARY KEY, id bigint);
         INSERT INTO temp.chosen SELECT rowid - 1, id FROM temp.entry",
    )?;
    let entries: i64 = connection.query_row("SELECT count(*) FROM temp.chosen", (), |row| row.get(0))?;
    let columns = [
        ("id", "i".to_owned()),
        ("key", format!("'{PRODUCT}' || i")),
        ("customer", format!("i * {WITH_PRODUCT}")),
        ("product_book", format!("(SELECT id FROM temp.chosen WHERE number = i % {entries})")),
        ("external_subscription_key", format!("'sub_' || i * {WITH_PRODUCT}")),
    ];
    let rows = (PAYING / WITH_PRODUCT, (count - 1) / WITH_PRODUCT);
    insert_like(connection, "product", rows, &[&columns[..], &time(count)].concat())
}

/// Adds payments, each with its reward. Half of them are of a tenth of the customers.
fn payments(connection: &Connection, volume: Volume, rows: (u64, u64)) -> anyhow::Result<()> {
    let count = volume.payments;
    let others = volume.customers - PAYING;
    let tenth = (others / 10).max(1);
    let customer =
        format!("({PAYING} + CASE WHEN i % 2 THEN {SCATTERED} % {tenth} ELSE {SCATTERED} % {others} END)");
    let with_product = |value: &str| format!("CASE WHEN {customer} % {WITH_PRODUCT} = 0 THEN {value} END");
    let price = format!("(9 + {SCATTERED} % 90)");
    let columns = [
        ("id", "i".to_owned()),
        ("key", format!("'{PAYMENT}' || printf('%09d', i)")),
        ("customer", customer.clone()),
        ("product", with_product(&format!("{customer} / {WITH_PRODUCT}"))),
        ("subscription_key", with_product(&format!("'sub_' || {customer}"))),
        ("amount", format!("100 * {price}")),
    ];
    insert_like(connection, "txn", rows, &[&columns[..], &time(count)].concat())?;
    let columns = [
        ("id", "i".to_owned()),
        ("key", format!("'{REWARD}' || printf('%09d', i)")),
        ("customer", customer),
        ("txn", "i".to_owned()),
        ("event_key", "'transaction:' || i".to_owned()),
        ("amount", format!("20 * {price}")),
    ];
    insert_like(connection, "reward", rows, &[&columns[..], &time(count)].concat())
}

/// Recounts the stored totals, by the statements that the migration filled them with.
fn totals(connection: &Connection) -> anyhow::Result<()> {
    connection.execute_batch(
        "DELETE FROM partner_total;
         INSERT INTO partner_total (partnership, customers)
             SELECT partnership, count(*) FROM customer
             WHERE partnership IS NOT NULL AND test = 0 AND archived = 0 GROUP BY partnership;
         DELETE FROM customer_total;
         INSERT INTO customer_total (customer, currency, payments, revenue)
             SELECT customer, currency, count(*), sum(amount - refunded_total) FROM txn
             WHERE archived = 0 GROUP BY customer, currency;
         DELETE FROM partner_money;
         INSERT INTO partner_money (partnership, currency, revenue, commission)
             SELECT partnership, currency, sum(revenue), sum(commission) FROM (
                 SELECT partnership, currency, amount - refunded_total AS revenue, 0 AS commission FROM txn
                 WHERE partnership IS NOT NULL AND test = 0 AND archived = 0
                 UNION ALL SELECT partnership, currency, 0, amount FROM reward
                 WHERE test = 0 AND status IN ('pending', 'approved', 'paid')
             ) GROUP BY partnership, currency",
    )?;
    Ok(())
}
