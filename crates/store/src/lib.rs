//! The safe: the only room that handles a database connection. The journal and the books keep their tables in
//! it; both speak one set of SQL texts that SQLite takes today and PostgreSQL can take tomorrow
//! (`$1…` in order of first use, `ON CONFLICT`, `RETURNING`, bigint, text and blob columns).
//!
//! Writes are *units of work*. One writer thread runs many units inside one transaction and commits them
//! together: one fsync for all of them, batches that form by themselves under load, no timer. A unit that
//! fails is rolled back alone. A caller hears of its unit only after the commit.
//!
//! What this crate does not do: know any table. SQL stands in the `store` modules of the rooms above.

mod beside;
mod checkpoint;
mod connection;
mod directory;
mod error;
mod readers;
mod row;
mod statistics;
mod unit;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use beside::Beside;
pub use directory::{DataDir, DataDirError};
pub use error::StoreError;
pub use row::{FromColumn, Row, Value};
pub use unit::Unit;

use connection::{READER_CACHE, WRITER_CACHE, connect};
use error::refused;

/// How much a store takes on. Each number at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Units that wait for the writer; one more is [`StoreError::Busy`].
    pub waiting: usize,
    /// Units in one commit.
    pub commit: usize,
    /// Read connections that are open at once.
    pub readers: usize,
    /// How long a reader waits for one of them; one that waited in vain is [`StoreError::Busy`].
    pub reader_wait: Duration,
}

/// A database file: one writer, any number of readers. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: writer::Writer,
    readers: readers::Readers,
    /// Kept for its `Drop`: stops the thread beside the writer.
    _checkpoint: checkpoint::Checkpoint,
}

impl Store {
    /// Opens or makes the file at `path` and brings its schema up to date. `migrations` only ever grows at its
    /// end; each is one script and runs once. A file that has had more of them is [`StoreError::Newer`].
    pub fn open(path: &Path, migrations: &[&'static str], bounds: Bounds) -> Result<Self, StoreError> {
        let beside = connect(path, READER_CACHE)?;
        let mut statistics = statistics::Statistics::default();
        let edition = statistics.edition();
        connection::migrate(&mut connect(path, WRITER_CACHE)?, migrations)?;
        statistics.refresh(&beside).map_err(refused)?;
        let log_is_long = Arc::new(AtomicBool::new(false));
        let checkpoint = checkpoint::Checkpoint::start(beside, Arc::clone(&log_is_long), statistics);
        let readers = readers::Readers::new(path.to_owned(), &bounds, edition.clone());
        let writer = writer::Writer::start(connect(path, WRITER_CACHE)?, bounds, log_is_long, edition);
        Ok(Self {
            inner: Arc::new(Inner { path: path.to_owned(), writer, readers, _checkpoint: checkpoint }),
        })
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
        let turn = self.inner.readers.turn().await?;
        let inner = Arc::clone(&self.inner);
        let work = move || {
            let result = inner.readers.read(work);
            drop(turn);
            result
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// Writes the log into the file and empties it: what was deleted stands in neither any more (the file overwrites
    /// it by itself). `false` when somebody reads an older state just now, and a part of the log has to stay.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        let inner = Arc::clone(&self.inner);
        let emptied = tokio::task::spawn_blocking(move || {
            let connection = connect(&inner.path, READER_CACHE)?;
            connection::empty_log(&connection)
        });
        emptied.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// The same as [`Store::read`] for callers outside an async runtime, as start-up is. It waits for nobody, and
    /// may be one connection more.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.readers.read(work)
    }
}

#[cfg(test)]
mod tests;
