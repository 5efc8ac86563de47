//! Database connections: the only crate that opens one. The journal and the ledger keep their tables in stores. Their
//! SQL is written once, in what SQLite and PostgreSQL have in common (`$1…` in order of first use, `ON CONFLICT`,
//! `RETURNING`, bigint, text and blob columns), so the crates above do not know which of them runs.
//!
//! Writes are *units of work*. A writer runs all units that wait inside one transaction and commits them together: one
//! fsync for all of them, during which the next units run, and larger batches under more load, without a timer. A unit
//! that fails is rolled back alone. The result of a unit is returned only after the commit is durable. SQLite has one
//! writer; PostgreSQL has several in each process, and a unit names the locks it needs (see [`Store::write_locking`]).
//!
//! What this crate does not do: know any table. SQL stands in the `store` modules of the crates above.

mod backup;
mod checkpoint;
mod connection;
mod copy;
mod directory;
mod error;
mod job;
mod log;
mod metrics;
mod postgres;
mod read_only;
mod readers;
mod record;
mod row;
mod statistics;
mod stepped;
mod unit;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use backup::back_up;
pub use copy::Copied;
pub use directory::{DataDir, DataDirError};
pub use error::StoreError;
pub use metrics::{StoreLoad, StoreMetrics};
pub use postgres::{Address, PostgresAddressError};
pub use read_only::ReadOnlyStore;
#[doc(hidden)]
pub use record::constant;
pub use record::{Columns, Record};
pub use row::{FromColumn, Row, Value};
pub use stepped::StoreSteps;
pub use unit::Unit;

use connection::{READER_CACHE, WRITER_CACHE, connect};
use error::refused;
use job::Work;

/// Limits of a store's queue, commits and read connections. Each number is at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Units that wait for the writer; one more is [`StoreError::Busy`].
    pub waiting: usize,
    /// Units in one commit.
    pub commit: usize,
    /// Read connections that are open at once.
    pub readers: usize,
    /// How long a read waits for a free connection before it fails with [`StoreError::Busy`].
    pub reader_wait: Duration,
}

/// A database: a file of SQLite, or a schema of PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Database>,
    metrics: StoreMetrics,
    bounds: Bounds,
}

enum Database {
    File(DatabaseFile),
    Shared(Box<postgres::Postgres>),
}

/// A database file: one writer, any number of readers.
struct DatabaseFile {
    path: PathBuf,
    writer: writer::Writer,
    readers: readers::FileReaders,
    /// Kept for its `Drop`: stops the thread beside the writer. `None` for a store without threads.
    checkpoint: Option<checkpoint::Checkpoint>,
}

impl DatabaseFile {
    fn open(
        path: &Path,
        migrations: &[&'static str],
        bounds: Bounds,
        metrics: &StoreMetrics,
    ) -> Result<Self, StoreError> {
        let maintenance = connect(path, READER_CACHE)?;
        let mut statistics = statistics::Statistics::default();
        let version = statistics.version();
        connection::migrate(&mut connect(path, WRITER_CACHE)?, migrations)?;
        statistics.refresh(&maintenance).map_err(refused)?;
        let log_is_long = Arc::new(AtomicBool::new(false));
        let checkpoint = checkpoint::Checkpoint::start(maintenance, Arc::clone(&log_is_long), statistics);
        let readers = readers::FileReaders::new(path.to_owned(), &bounds, version.clone());
        let log = log::Log::start(log::timed(log::disk(path), metrics.syncs.clone()));
        let signals = writer::Signals { log_is_long, version, commits: metrics.commits.clone() };
        let writer = writer::Writer::start(connect(path, WRITER_CACHE)?, log, bounds, signals);
        Ok(Self { path: path.to_owned(), writer, readers, checkpoint: Some(checkpoint) })
    }
}

impl Store {
    /// Opens or makes the file at `path` and brings its schema up to date. Each of `migrations` is one script and runs
    /// once; new ones are only appended. A file that has had more migrations than these is [`StoreError::Newer`].
    pub fn open(path: &Path, migrations: &[&'static str], bounds: Bounds) -> Result<Self, StoreError> {
        let metrics = StoreMetrics::default();
        let inner = Arc::new(Database::File(DatabaseFile::open(path, migrations, bounds, &metrics)?));
        Ok(Self { inner, metrics, bounds })
    }

    /// Opens or makes a file as [`Store::open`] does, for a caller that decides when a commit happens and when it is on
    /// disk, as a simulation does. The store starts no thread: reads run in the task that asks for them, the caller
    /// commits the waiting units with [`StoreSteps`], and nothing is moved out of the write-ahead log, not even at the end.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_stepped(
        path: &Path,
        migrations: &[&'static str],
        bounds: Bounds,
    ) -> Result<(Self, StoreSteps), StoreError> {
        let metrics = StoreMetrics::default();
        let mut connection = connect(path, WRITER_CACHE)?;
        connection::leave_log(&connection)?;
        connection::migrate(&mut connection, migrations)?;
        let (writer, jobs) = writer::Writer::stepped(bounds);
        let version = statistics::Statistics::default().version();
        let readers = readers::FileReaders::new(path.to_owned(), &bounds, version).leaving_log();
        let file = DatabaseFile { path: path.to_owned(), writer, readers, checkpoint: None };
        let steps = StoreSteps::new(connection, jobs, bounds.commit, metrics.commits.clone());
        Ok((Self { inner: Arc::new(Database::File(file)), metrics, bounds }, steps))
    }

    /// Opens or makes `schema` in a PostgreSQL database and brings it up to date, as [`Store::open`] does with a file.
    /// Any number of processes may have it open.
    pub fn open_shared(
        address: &Address,
        schema: &str,
        migrations: &[&'static str],
        bounds: Bounds,
    ) -> Result<Self, StoreError> {
        let address = postgres::SchemaAddress { address: address.clone(), schema: schema.to_owned() };
        let metrics = StoreMetrics::default();
        let postgres = postgres::Postgres::open(address, migrations, bounds, &metrics)?;
        Ok(Self { inner: Arc::new(Database::Shared(Box::new(postgres))), metrics, bounds })
    }

    /// The durations of its commits and syncs.
    pub fn metrics(&self) -> &StoreMetrics {
        &self.metrics
    }

    /// How much of its capacity is used now.
    pub fn load(&self) -> StoreLoad {
        let (permits, queue) = match &*self.inner {
            Database::File(file) => (&file.readers.permits, file.writer.queue()),
            Database::Shared(postgres) => (&postgres.readers.permits, postgres.queue()),
        };
        let free = queue.map_or(self.bounds.waiting, tokio::sync::mpsc::Sender::capacity);
        StoreLoad {
            readers: self.bounds.readers.saturating_sub(permits.free()),
            waiting: self.bounds.waiting.saturating_sub(free),
        }
    }

    /// Fails when nothing can be written now: the writer has stopped, its queue is full, or the database is away. It
    /// waits as long as a unit of work does.
    ///
    /// # Errors
    /// Why nothing can be written.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }

    /// Whether other processes may write to it too.
    pub fn is_shared(&self) -> bool {
        matches!(*self.inner, Database::Shared(_))
    }

    /// Notifies every process that shares the database, this one included, that settings have changed. Not for events:
    /// a notification makes commits wait for each other. Does nothing for a file, which one process has for itself.
    ///
    /// # Errors
    /// When the store fails; then other processes see the change only when they next read it.
    pub async fn notify(&self) -> Result<(), StoreError> {
        match &*self.inner {
            Database::File(_) => Ok(()),
            Database::Shared(postgres) => postgres.notify().await,
        }
    }

    /// Has `callback` called at each notification (see [`Store::notify`]); never for a file.
    pub fn subscribe(&self, callback: impl Fn() + Send + 'static) {
        if let Database::Shared(postgres) = &*self.inner {
            postgres.subscribe(Box::new(callback));
        }
    }

    /// The number of this process among those that share the database; 0 for a file, which is not shared.
    pub fn process(&self) -> i64 {
        match &*self.inner {
            Database::File(_) => 0,
            Database::Shared(postgres) => postgres.process(),
        }
    }

    /// What PostgreSQL needs after a copy: counters of row numbers past the rows that were inserted with their own
    /// numbers, and statistics, which it gathers by itself a minute later only and plans badly without.
    async fn after_copy(&self, tables: &[Copied]) -> Result<(), StoreError> {
        let Database::Shared(postgres) = &*self.inner else { return Ok(()) };
        let schema = postgres.schema().to_owned();
        let tables: Vec<_> = tables.iter().map(|copied| copied.table.clone()).collect();
        self.write(move |unit| {
            postgres::number_on(unit, &schema)?;
            tables.iter().try_for_each(|table| unit.execute(&format!("ANALYZE \"{table}\""), &[]).map(drop))
        })
        .await
    }

    /// The numbers of the running processes that share the database. One that has lost its connection may be missing
    /// until it has connected again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn processes(&self) -> Result<Vec<i64>, StoreError> {
        let Database::Shared(postgres) = &*self.inner else { return Ok(vec![0]) };
        let schema = postgres.schema().to_owned();
        self.read(move |unit| postgres::Postgres::processes(unit, &schema)).await
    }

    /// Runs `work` as one unit of work and returns after its commit is on disk. When `work` fails, all that it wrote is
    /// rolled back. `work` may be run again after a rollback, so each run must do the same; the result of the last run
    /// is returned.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_locking(Vec::new(), work).await
    }

    /// The same as [`Store::write`] for work whose writes depend on what it reads: no other unit that names one
    /// of `locks` runs, in any process, until this one is committed or rolled back. A file needs no locks, for its
    /// one writer runs one unit at a time.
    pub async fn write_locking<T, E>(
        &self,
        locks: Vec<String>,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(locks, Box::new(work)).await
    }

    async fn run<T, E>(&self, locks: Vec<String>, work: Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.inner {
            Database::File(file) => file.writer.run(work).await,
            Database::Shared(postgres) => postgres.write(locks, work).await,
        }
    }

    /// Runs `work` on a read connection, on a thread that may block. It reads one snapshot, which holds every unit that
    /// was committed before.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let permits = match &*self.inner {
            Database::File(file) => &file.readers.permits,
            Database::Shared(postgres) => &postgres.readers.permits,
        };
        let permit = permits.acquire().await?;
        if let Database::File(file) = &*self.inner
            && file.checkpoint.is_none()
        {
            // Other tasks run first, as they would beside a thread.
            tokio::task::yield_now().await;
            return file.readers.read(work);
        }
        let inner = Arc::clone(&self.inner);
        let work = move || {
            let result = match &*inner {
                Database::File(file) => file.readers.read(work),
                Database::Shared(postgres) => postgres.readers.read(work),
            };
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// Moves the write-ahead log into the file and truncates it, so that deleted data is in neither (`secure_delete`
    /// overwrites it in the file). `false` when a reader still uses an older snapshot, and a part of the log has to
    /// stay. Does nothing on PostgreSQL, which removes old data itself, by vacuum and by recycling its log.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn truncate_log(&self) -> Result<bool, StoreError> {
        let Database::File(file) = &*self.inner else { return Ok(true) };
        let path = file.path.clone();
        let emptied = tokio::task::spawn_blocking(move || {
            let connection = connect(&path, READER_CACHE)?;
            connection::truncate_log(&connection)
        });
        emptied.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// The same as [`Store::read`] for callers that may block, such as start-up. It does not wait for a free
    /// connection, so it may open one more than [`Bounds::readers`].
    pub fn read_now<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        match &*self.inner {
            Database::File(file) => file.readers.read(work),
            Database::Shared(postgres) => postgres::outside_async(|| postgres.readers.read(work)),
        }
    }
}

#[cfg(test)]
mod tests;
