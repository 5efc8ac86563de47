//! Copies an SQLite file while another process writes it.

use std::fs::File;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::error::refused;

/// Copies the database at `source` as of one moment after the call into `target`, an empty file, and syncs it. Writers go
/// on meanwhile; their write-ahead log grows until the copy is done. The copy has no free pages, and so nothing of what
/// was deleted.
///
/// # Errors
/// When the source cannot be read, or the target not written.
pub fn back_up(source: &Path, target: &Path) -> Result<(), StoreError> {
    // A reader in WAL mode records its snapshot in the shared-memory file, so it needs write access.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(source, flags).map_err(refused)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(refused)?;
    // Closing the last connection would otherwise checkpoint, which writes to the source.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(refused)?;
    // One read transaction for the whole copy. SQLite's backup interface would begin again whenever somebody writes.
    let name =
        target.to_str().ok_or_else(|| StoreError::Database("the target's name is not UTF-8".to_owned()))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(refused)?;
    let synced = File::open(target).and_then(|file| file.sync_all());
    synced.map_err(|error| StoreError::NoRoom(error.to_string()))
}
