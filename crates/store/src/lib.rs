//! The safe: the only room that handles a database connection. The journal and the books keep their tables in
//! it; both speak one set of SQL texts that SQLite takes today and PostgreSQL can take tomorrow
//! (`$1…` in order of first use, `ON CONFLICT`, `RETURNING`, bigint, text and blob columns).
//!
//! Writes are *units of work*. One writer thread runs many units inside one transaction and commits them
//! together: one fsync for all of them, batches that form by themselves under load, no timer. A unit that
//! fails is rolled back alone. A caller hears of its unit only after the commit.
//!
//! What this crate does not do: know any table. SQL stands in the `store` modules of the rooms above.

mod checkpoint;
mod directory;
mod row;
mod unit;
mod writer;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use directory::{DataDir, DataDirError};
pub use row::{FromColumn, Row, Value};
pub use unit::Unit;

/// Why the store could not do its work. Never the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write queue is full: come back later. Becomes 503 with `Retry-After`.
    #[error("the write queue is full")]
    Busy,
    /// The store is shutting down, or its writer has died.
    #[error("the store is closed")]
    Closed,
    /// A unit of work panicked; it was rolled back.
    #[error("a unit of work panicked and was rolled back")]
    Panicked,
    /// The database refused.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A stored value is not what the reader expects.
    #[error("column {column}: expected {expected}")]
    Column {
        /// Index in the row.
        column: usize,
        /// The type asked for.
        expected: &'static str,
    },
}

/// How much a store takes on. Both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Units that wait for the writer; one more is [`StoreError::Busy`].
    pub waiting: usize,
    /// Units in one commit.
    pub commit: usize,
}

/// A database file: one writer, any number of readers. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: std::path::PathBuf,
    writer: writer::Writer,
    readers: Mutex<Vec<Connection>>,
    /// Kept for its `Drop`: stops the checkpoint thread.
    _checkpoint: checkpoint::Checkpoint,
}

impl Store {
    /// Opens or makes the file at `path` and brings its schema up to date. `migrations` only ever grows at its
    /// end; each is one script and runs once.
    pub fn open(path: &Path, migrations: &[&'static str], bounds: Bounds) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        migrate(&mut connection, migrations)?;
        let log_is_long = Arc::new(AtomicBool::new(false));
        let checkpoint = checkpoint::Checkpoint::start(connect(path)?, Arc::clone(&log_is_long));
        let writer = writer::Writer::start(connection, bounds, log_is_long);
        let inner =
            Inner { path: path.to_owned(), writer, readers: Mutex::default(), _checkpoint: checkpoint };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs `work` as one unit of work and returns after its commit is on disk. When `work` fails, nothing of
    /// it stays.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.writer.run(writer::Work::Once(Some(Box::new(work)))).await
    }

    /// The same as [`Store::write`] for work that can be run again after it was undone, which makes it cheaper:
    /// it needs no savepoint of its own. Each run must do the same; only the last one's result counts.
    pub async fn write_again<T, E>(
        &self,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.writer.run(writer::Work::Again(Box::new(work))).await
    }

    /// Runs `work` on a read connection, off the async threads. It sees every committed unit.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.read(work))
            .await
            .unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// The same as [`Store::read`] for callers outside an async runtime, as start-up is.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.read(work)
    }
}

impl Inner {
    fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>) -> Result<T, E> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => connect(&self.path).and_then(|made| {
                made.pragma_update(None, "query_only", true).map(|()| made).map_err(StoreError::from)
            })?,
        };
        // One snapshot for all queries of the unit.
        connection.execute_batch("BEGIN").map_err(StoreError::from)?;
        let result = work(&mut Unit::new(&connection));
        connection.execute_batch("COMMIT").map_err(StoreError::from)?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit returns after fsync. This is the promise behind every 202.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints run in a thread of their own: on the commit path they are 20 to 35 ms at p99 (measured).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // 16 MiB for each connection; the system caches the rest. Each commit looks through the whole of it.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

fn migrate(connection: &mut Connection, migrations: &[&'static str]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let done: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    for script in migrations.iter().skip(usize::try_from(done).unwrap_or(usize::MAX)) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "user_version", known.max(done))?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests;
