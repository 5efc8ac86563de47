//! A database opened for reading only, while other processes may write it. It is not migrated.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::connection::version;
use crate::error::refused;
use crate::postgres::{Address, PostgresSession, SchemaAddress, found, outside_async};
use crate::{StoreError, Unit};

/// KiB of pages that a connection caches: a check looks up every row in each of its table's indexes, in no order of
/// theirs, and would read the pages of a large ledger again for each row.
const CACHE: i64 = 128 * 1024;

/// A database opened for reading only. Other processes may be writing it.
pub struct ReadOnlyStore {
    on: Connected,
}

enum Connected {
    Sqlite(Connection),
    Postgres(Box<PostgresSession>),
}

impl ReadOnlyStore {
    /// Opens an existing file that has had exactly these migrations.
    ///
    /// # Errors
    /// [`StoreError::Newer`] or [`StoreError::Older`] when the file has had more or fewer, and
    /// [`StoreError::Database`] when it cannot be opened.
    pub fn open(path: &Path, migrations: &[&'static str]) -> Result<Self, StoreError> {
        // A reader in WAL mode records its snapshot in the shared-memory file, so it needs write access to the
        // database; `query_only` in `set_up` then forbids statements that write.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
        set_up(&connection).map_err(refused)?;
        same_version(version(&connection)?, migrations)?;
        Ok(Self { on: Connected::Sqlite(connection) })
    }

    /// Opens a schema of a PostgreSQL database that has had exactly these migrations; `None` when it has no such
    /// schema.
    ///
    /// # Errors
    /// As [`ReadOnlyStore::open`].
    pub fn open_shared(
        address: &Address,
        schema: &str,
        migrations: &[&'static str],
    ) -> Result<Option<Self>, StoreError> {
        let schema_address = SchemaAddress { address: address.clone(), schema: schema.to_owned() };
        outside_async(|| {
            let mut session = PostgresSession::connect(&schema_address)?;
            let had = found(&mut session, schema)?;
            if had == 0 {
                return Ok(None);
            }
            same_version(had, migrations)?;
            Ok(Some(Self { on: Connected::Postgres(Box::new(session)) }))
        })
    }

    /// Runs `work` on one snapshot.
    ///
    /// # Errors
    /// What `work` returns, or the database's refusal.
    pub fn read<T: Send, E: From<StoreError> + Send>(
        &mut self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        match &mut self.on {
            Connected::Sqlite(connection) => {
                connection.execute_batch("BEGIN").map_err(refused)?;
                let result = work(&mut Unit::sqlite(connection));
                connection.execute_batch("COMMIT").map_err(refused)?;
                result
            }
            Connected::Postgres(session) => outside_async(|| {
                session.begin_reading()?;
                let result = work(&mut Unit::postgres(session));
                session.roll_back()?;
                result
            }),
        }
    }

    /// What SQLite's own checks find wrong with the file: damaged pages, indexes that differ from their tables, and
    /// foreign keys without their row; at most 100 lines of each check. Empty on PostgreSQL, where it is the server's
    /// task.
    ///
    /// # Errors
    /// When the checks cannot run.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        match &self.on {
            Connected::Sqlite(connection) => damage(connection).map_err(refused),
            Connected::Postgres(_) => Ok(Vec::new()),
        }
    }
}

fn same_version(found: i64, migrations: &[&'static str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    match found {
        found if found > known => Err(StoreError::Newer { found, known }),
        found if found < known => Err(StoreError::Older { found, known }),
        _ => Ok(()),
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // Closing the last connection would otherwise checkpoint, which writes to the file.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "query_only", true)
}

fn damage(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut pages = connection.prepare("PRAGMA integrity_check(100)")?;
    for line in pages.query_map((), |row| row.get::<_, String>(0))? {
        found.extend(Some(line?).filter(|line| line != "ok"));
    }
    let mut keys = connection.prepare("PRAGMA foreign_key_check")?;
    let dangling = keys.query_map((), |row| {
        let (table, number, parent) =
            (row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, String>(2)?);
        Ok(format!("row {} of {table} points to a row of {parent} that is not there", number.unwrap_or(0)))
    })?;
    for line in dangling.take(100) {
        found.push(line?);
    }
    Ok(found)
}
