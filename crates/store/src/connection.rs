//! Connections: how each is set up, and the schema brought up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::StoreError;
use crate::error::refused;

/// KiB of pages that the writer keeps; the system caches the rest. Each commit looks through the whole of it.
pub(crate) const WRITER_CACHE: i64 = 16 * 1024;
/// KiB of pages that a reader keeps. There are several, and all of them read through the system's cache.
pub(crate) const READER_CACHE: i64 = 2 * 1024;
/// How long a statement waits for a lock that another connection holds.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared: more than the rooms above have.
const PREPARED: usize = 256;

/// Opens a connection that keeps `cache` KiB of pages.
pub(crate) fn connect(path: &Path, cache: i64) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(refused)?;
    set_up(&connection, cache).map_err(refused)?;
    Ok(connection)
}

fn set_up(connection: &Connection, cache: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    // A plan is made from the text alone. Otherwise it may depend on the values that are bound (the bundled SQLite
    // has STAT4), and binding others has the statement parsed and planned anew: 42 % of a busy writer's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL: a commit waits for no fsync; the log is synced before anybody is told of it (see `log`). Checkpoints sync
    // the log and then the file by themselves, so that a crash leaves a state that was, whole.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What was deleted is overwritten: a person's data is gone when they ask for it (trust.md section 4).
    connection.pragma_update(None, "secure_delete", true)?;
    // Checkpoints run in a thread of their own: on the commit path they are 20 to 35 ms at p99 (measured).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(())
}

/// Runs a statement of a connection's own, such as `BEGIN`: parsed once.
pub(crate) fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute()).map_err(refused)?;
    Ok(())
}

/// Moves the whole log into the file and cuts it to nothing; `false` when a reader keeps a part of it.
pub(crate) fn empty_log(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
        .map_err(refused)
}

/// Runs the scripts that the file has not had. A file that has had more than there are is not touched.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&'static str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    // Locked from the start: two processes that open the file at once do not both run a script.
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
