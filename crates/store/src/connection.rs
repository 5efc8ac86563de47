//! Connections to an SQLite file: how each is set up, and the migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::StoreError;
use crate::error::refused;

/// KiB of pages that the writer caches. No more, because each commit goes through the whole cache; the operating
/// system caches the rest of the file.
pub(crate) const WRITER_CACHE: i64 = 16 * 1024;
/// KiB of pages that a reader caches. Small, because there are several readers, which share the operating system's
/// cache.
pub(crate) const READER_CACHE: i64 = 2 * 1024;
/// How long a statement waits for a lock that another connection holds.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared: more than the crates above have.
const PREPARED: usize = 256;

/// Opens a connection that keeps `cache` KiB of pages.
pub(crate) fn connect(path: &Path, cache: i64) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(refused)?;
    set_up(&connection, cache).map_err(refused)?;
    Ok(connection)
}

/// Leaves the write-ahead log as it is when the connection is closed, as a process does that dies.
pub(crate) fn leave_log(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(refused)?;
    Ok(())
}

fn set_up(connection: &Connection, cache: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    // Plans are made from the SQL text alone. Otherwise they may depend on the bound values (the bundled SQLite has
    // STAT4), and other values make SQLite parse and plan the statement again: 42 % of a busy writer's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL: a commit does not wait for an fsync. `log` syncs the write-ahead log before any result is returned.
    // Checkpoints sync the log and then the file, so that a crash always leaves a consistent state.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Deleted data is overwritten with zeros, so that erasing a person leaves nothing in the file (trust.md section 4).
    connection.pragma_update(None, "secure_delete", true)?;
    // Checkpoints run in a thread of their own: inside a commit they add 20 to 35 ms at p99 (measured).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(())
}

/// Runs a statement without parameters, such as `BEGIN`. It is prepared once for each connection.
pub(crate) fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute()).map_err(refused)?;
    Ok(())
}

/// Moves the whole write-ahead log into the file and truncates it; `false` when a reader still needs a part of it.
pub(crate) fn truncate_log(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
        .map_err(refused)
}

/// Runs the migrations that the file has not had. A file that has had more than this program knows is not changed.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&'static str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    // Immediate takes the write lock first, so that two processes that open the file at once do not both migrate it.
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(refused)?;
    let found = version(&transaction)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for script in migrations.iter().skip(usize::try_from(found).unwrap_or_default()) {
        transaction.execute_batch(script).map_err(refused)?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known).map_err(refused)?;
    }
    transaction.commit().map_err(refused)
}

/// How many migrations the file has had.
pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(refused)
}
