//! The store's errors. They contain no type of a database driver, because callers do not know which database runs.

/// Why the store could not do its work. It is the server's failure, never the client's.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The write queue is full, no read connection came free in time, or a unit met too many conflicts. The caller may
    /// retry later. Becomes 503 with `Retry-After`.
    #[error("the store is busy; try again later")]
    Busy,
    /// The store is shutting down, or its writer has died.
    #[error("the store is closed")]
    Closed,
    /// The transaction could not begin or could not be committed; every unit in it fails. The log says why.
    #[error("the commit failed; nothing of the unit was kept")]
    NotCommitted,
    /// The connection was lost during the commit, or the log could not be synced after it, so either the whole unit was
    /// committed or nothing of it. An idempotent unit can be retried.
    #[error("the database failed during a commit; whether it took place is not known")]
    Uncertain,
    /// The database could not be reached for longer than a unit waits; nothing of the unit was committed.
    #[error("the database cannot be reached: {0}")]
    Disconnected(String),
    /// It cannot be connected to, or it is a database that Headwater cannot use (a standby, another encoding, too old).
    #[error("cannot use {database}: {why}")]
    Unreachable {
        /// Its address, without the password.
        database: String,
        /// What the server or the system said.
        why: String,
    },
    /// The database's disk is full, its memory is used up, or the system failed it; nothing of the unit was kept. The
    /// same unit succeeds when that is over.
    #[error("the database has no room: {0}")]
    NoRoom(String),
    /// A unit of work panicked; it was rolled back.
    #[error("a unit of work panicked and was rolled back")]
    Panicked,
    /// The database refused a statement; the text is the database's own.
    #[error("database: {0}")]
    Database(String),
    /// The file or schema was written by a newer version of this program, which has more migrations.
    #[error(
        "the database was written by a newer version: its schema is number {found}, this version knows {known}; \
         start the newer version, or restore a copy from before it"
    )]
    Newer {
        /// Migrations the file has had.
        found: i64,
        /// Migrations this program knows.
        known: i64,
    },
    /// The file or schema was written by an older version, and was opened for reading only, which does not migrate.
    #[error(
        "the database is of an older version: its schema is number {found}, this version knows {known}; start \
         `headwater serve` once to bring it up to date"
    )]
    Older {
        /// Migrations the file has had.
        found: i64,
        /// Migrations this program knows.
        known: i64,
    },
    /// A stored value is not what the reader expects.
    #[error("column {column}: expected {expected}")]
    Column {
        /// The expression that was selected, or its index in a row that is read by number.
        column: String,
        /// The type asked for.
        expected: &'static str,
    },
}

/// The message of SQLite's driver, without its type.
#[allow(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(crate) fn refused(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{CannotOpen, DiskFull, OutOfMemory, SystemIoFailure};
    match error.sqlite_error_code() {
        Some(DiskFull | OutOfMemory | SystemIoFailure | CannotOpen) => StoreError::NoRoom(error.to_string()),
        _ => StoreError::Database(error.to_string()),
    }
}
