//! Statistics for the planner: gathered from samples of tables that have grown, beside the writer.
//!
//! A small table gets none. What a plan costs there does not matter, and a plan made for ten rows must not stay when
//! there are a million; without statistics, the planner takes every table to be large.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

/// Rows from which a table has statistics.
const ROWS_MIN: i64 = 10_000;
/// A table is looked at again once it has grown by this factor: by then the shares of its values may differ.
const GROWTH: i64 = 4;
/// Rows of each index that are looked at: milliseconds, however large the table is.
const SAMPLE: i64 = 1_000;

/// Counts the gatherings. A connection knows the statistics that were there when it was opened.
#[derive(Clone, Default)]
pub(crate) struct Edition(Arc<AtomicU64>);

impl Edition {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// What gathers them, and how many rows each table had the last time. A new one begins with all of them.
#[derive(Default)]
pub(crate) struct Statistics {
    edition: Edition,
    known: HashMap<String, i64>,
}

impl Statistics {
    pub(crate) fn edition(&self) -> Edition {
        self.edition.clone()
    }

    /// Gathers statistics of the tables that have grown since the last time; counts it as a new edition when there
    /// is one.
    pub(crate) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut gathered = false;
        connection.pragma_update(None, "analysis_limit", SAMPLE)?;
        for table in tables(connection)? {
            let rows = rows(connection, &table)?;
            if rows < ROWS_MIN || rows / GROWTH < self.known.get(&table).copied().unwrap_or_default() {
                continue;
            }
            connection.execute_batch(&format!("ANALYZE \"{table}\""))?;
            self.known.insert(table, rows);
            gathered = true;
        }
        if gathered {
            self.edition.0.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }
}

/// Has a connection that stays open read what another has gathered.
pub(crate) fn reload(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("ANALYZE sqlite_schema")
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
               AND sql NOT LIKE '%WITHOUT ROWID%'";
    let mut tables = connection.prepare_cached(sql)?;
    tables.query_map((), |row| row.get(0))?.collect()
}

/// The highest row number: about as many as there are rows, and read from the table's last page.
fn rows(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
    let sql = format!("SELECT max(rowid) FROM \"{table}\"");
    connection.query_row(&sql, (), |row| row.get::<_, Option<i64>>(0)).map(Option::unwrap_or_default)
}
