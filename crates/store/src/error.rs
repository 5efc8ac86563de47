//! Why the store could not do its work. No type of the driver shows: who stands above does not know which database
//! runs.

/// Why the store could not do its work. Never the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write queue is full, or no read connection came free in time: come back later. Becomes 503 with
    /// `Retry-After`.
    #[error("the store has more to do than it takes on")]
    Busy,
    /// The store is shutting down, or its writer has died.
    #[error("the store is closed")]
    Closed,
    /// The commit could not begin or did not reach the disk; every unit in it is refused. The log says why.
    #[error("the commit failed; nothing of the unit was kept")]
    NotCommitted,
    /// The connection was lost during the commit, or the disk failed after it: the unit was kept whole, or nothing of it.
    /// Doing it again is safe where it is idempotent.
    #[error("the database was lost during a commit; whether it was kept is not known")]
    Uncertain,
    /// The database has been away for longer than a unit waits; nothing of it was kept.
    #[error("the database is away: {0}")]
    Away(String),
    /// No connection, or not to a database that can be used.
    #[error("cannot use {database}: {why}")]
    Unreachable {
        /// Its address, without the password.
        database: String,
        /// What the server or the system said.
        why: String,
    },
    /// A unit of work panicked; it was rolled back.
    #[error("a unit of work panicked and was rolled back")]
    Panicked,
    /// The database refused; the text is the database's own.
    #[error("database: {0}")]
    Database(String),
    /// The file was written by a newer version of this program, which knows more of its schema.
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
    /// The file is of an older version, and was opened to be read only.
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
        /// Index in the row.
        column: usize,
        /// The type asked for.
        expected: &'static str,
    },
}

/// What the driver said, without its type.
#[allow(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(crate) fn refused(error: rusqlite::Error) -> StoreError {
    StoreError::Database(error.to_string())
}
