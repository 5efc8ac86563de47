//! A database file read beside the process that writes it: nothing in it changes, its schema included.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::connection::version;
use crate::error::refused;
use crate::{StoreError, Unit};

/// A database file that another process may be writing.
pub struct Beside {
    connection: Connection,
}

impl Beside {
    /// Opens a file that is there and has had exactly these migrations.
    ///
    /// # Errors
    /// [`StoreError::Newer`] or [`StoreError::Older`] when the file has had others, and whatever the database refuses.
    pub fn open(path: &Path, migrations: &[&'static str]) -> Result<Self, StoreError> {
        // Readers of a write-ahead log keep their marks in the memory it is shared through, so the file is opened to
        // be written, and then no statement may.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
        set_up(&connection).map_err(refused)?;
        let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
        match version(&connection)? {
            found if found > known => Err(StoreError::Newer { found, known }),
            found if found < known => Err(StoreError::Older { found, known }),
            _ => Ok(Self { connection }),
        }
    }

    /// Runs `work` on one snapshot.
    ///
    /// # Errors
    /// What `work` returns, or the database's refusal.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.execute_batch("BEGIN").map_err(refused)?;
        let result = work(&mut Unit::new(&self.connection));
        self.connection.execute_batch("COMMIT").map_err(refused)?;
        result
    }

    /// What the database itself finds wrong with the file: pages, indexes that differ from their tables, and rows
    /// that point to rows which are not there.
    ///
    /// # Errors
    /// When the database cannot look.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        damage(&self.connection).map_err(refused)
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
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
