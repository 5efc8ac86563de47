//! Statistics for SQLite's query planner: gathered by the checkpoint thread, from samples of tables that have grown.
//!
//! A small table gets none. Any plan is fast there, and statistics of ten rows would give a bad plan when there are a
//! million. Without statistics, the planner takes every table to be large.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

/// Rows from which on a table gets statistics.
const ROWS_MIN: i64 = 10_000;
/// Statistics are gathered again once a table has grown by this factor: by then its values may be distributed
/// otherwise.
const GROWTH: i64 = 4;
/// Rows sampled of each index. Gathering takes milliseconds, however large the table is.
const SAMPLE: i64 = 1_000;

/// Counts how often statistics were gathered. A connection reads them only when it is opened (or by [`reload`]), so it
/// compares this number to learn that there are newer ones.
#[derive(Clone, Default)]
pub(crate) struct StatisticsVersion(Arc<AtomicU64>);

impl StatisticsVersion {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Gathers statistics, and remembers how many rows each table had then. A new one gathers for every large table.
#[derive(Default)]
pub(crate) struct Statistics {
    version: StatisticsVersion,
    known: HashMap<String, i64>,
}

impl Statistics {
    pub(crate) fn version(&self) -> StatisticsVersion {
        self.version.clone()
    }

    /// Gathers statistics of the tables that have grown since the last time, and raises the version if there are any.
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
            self.version.0.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }
}

/// Has an open connection read the statistics that another one has gathered.
pub(crate) fn reload(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("ANALYZE sqlite_schema")
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
               AND sql NOT LIKE '%WITHOUT ROWID%'";
    let mut tables = connection.prepare_cached(sql)?;
    tables.query_map((), |row| row.get(0))?.collect()
}

/// The highest row number. It is about the number of rows, and reading it takes one page where a count takes them all.
fn rows(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
    let sql = format!("SELECT max(rowid) FROM \"{table}\"");
    connection.query_row(&sql, (), |row| row.get::<_, Option<i64>>(0)).map(Option::unwrap_or_default)
}
