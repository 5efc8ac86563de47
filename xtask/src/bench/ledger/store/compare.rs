//! Compares ledgers in files of SQLite: their schemas, or all their rows.

use std::path::Path;

use anyhow::ensure;
use rusqlite::Connection;

/// Version and statements of a ledger's schema.
pub(in crate::bench) fn schema(ledger: &Path) -> anyhow::Result<(i64, Vec<String>)> {
    let connection = Connection::open(ledger)?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mut statements = connection.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )?;
    let statements = statements.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    ensure!(!statements.is_empty(), "{} is no ledger", ledger.display());
    Ok((version, statements))
}

/// How many rows two ledgers have in common, in all tables; an error when one has a row that the other has not.
pub(in crate::bench) fn compare(one: &Path, other: &Path) -> anyhow::Result<u64> {
    let connection = Connection::open(one)?;
    connection.execute("ATTACH ? AS other", [other.to_string_lossy()])?;
    let mut tables = connection.prepare(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )?;
    let tables: Vec<String> = tables.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut all = 0;
    for table in tables {
        let count = |sql: String| connection.query_row(&sql, (), |row| row.get::<_, i64>(0));
        for (has, lacks) in [("main", "other"), ("other", "main")] {
            let lost = count(format!(
                "SELECT count(*) FROM (SELECT * FROM {has}.{table} EXCEPT SELECT * FROM {lacks}.{table})"
            ))?;
            ensure!(lost == 0, "{lost} rows of {table} are not the same on both sides");
        }
        all += u64::try_from(count(format!("SELECT count(*) FROM main.{table}"))?)?;
    }
    Ok(all)
}
