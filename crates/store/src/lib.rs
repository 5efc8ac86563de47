//! Database connections: the only crate that handles one. The journal and the ledger keep their tables in stores; both
//! speak one set of SQL texts that SQLite and PostgreSQL take (`$1…` in order of first use, `ON CONFLICT`, `RETURNING`,
//! bigint, text and blob columns). Nobody above knows which of them runs.
//!
//! Writes are *units of work*. A writer runs many units inside one transaction and commits them together: one fsync
//! for all of them while the next units run, batches that form by themselves under load, no timer. A unit that fails is rolled back alone. A
//! caller hears of its unit only after the commit. SQLite has one writer; PostgreSQL has several in each process, and a
//! unit says what it must have for itself alone (see [`Store::write_locking`]).
//!
//! What this crate does not do: know any table. SQL stands in the `store` modules of the crates above.

mod beside;
mod checkpoint;
mod connection;
mod copy;
mod directory;
mod error;
mod job;
mod log;
mod postgres;
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
pub use copy::Copied;
pub use directory::{DataDir, DataDirError};
pub use error::StoreError;
pub use postgres::{Address, AddressError};
pub use row::{FromColumn, Row, Value};
pub use unit::Unit;

use connection::{READER_CACHE, WRITER_CACHE, connect};
use error::refused;
use job::Work;

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

/// A database: a file of SQLite, or a schema of PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

enum Inner {
    File(File),
    Shared(Box<postgres::Postgres>),
}

/// A database file: one writer, any number of readers.
struct File {
    path: PathBuf,
    writer: writer::Writer,
    readers: readers::Readers,
    /// Kept for its `Drop`: stops the thread beside the writer.
    _checkpoint: checkpoint::Checkpoint,
}

impl File {
    fn open(path: &Path, migrations: &[&'static str], bounds: Bounds) -> Result<Self, StoreError> {
        let beside = connect(path, READER_CACHE)?;
        let mut statistics = statistics::Statistics::default();
        let edition = statistics.edition();
        connection::migrate(&mut connect(path, WRITER_CACHE)?, migrations)?;
        statistics.refresh(&beside).map_err(refused)?;
        let log_is_long = Arc::new(AtomicBool::new(false));
        let checkpoint = checkpoint::Checkpoint::start(beside, Arc::clone(&log_is_long), statistics);
        let readers = readers::Readers::new(path.to_owned(), &bounds, edition.clone());
        let log = log::Log::start(log::disk(path));
        let writer = writer::Writer::start(connect(path, WRITER_CACHE)?, log, bounds, log_is_long, edition);
        Ok(Self { path: path.to_owned(), writer, readers, _checkpoint: checkpoint })
    }
}

impl Store {
    /// Opens or makes the file at `path` and brings its schema up to date. `migrations` only ever grows at its
    /// end; each is one script and runs once. A file that has had more of them is [`StoreError::Newer`].
    pub fn open(path: &Path, migrations: &[&'static str], bounds: Bounds) -> Result<Self, StoreError> {
        Ok(Self { inner: Arc::new(Inner::File(File::open(path, migrations, bounds)?)) })
    }

    /// Opens or makes `schema` in a PostgreSQL database and brings it up to date, as [`Store::open`] does with a file.
    /// Any number of processes may have it open.
    pub fn open_shared(
        address: &Address,
        schema: &str,
        migrations: &[&'static str],
        bounds: Bounds,
    ) -> Result<Self, StoreError> {
        let place = postgres::Place { address: address.clone(), schema: schema.to_owned() };
        Ok(Self {
            inner: Arc::new(Inner::Shared(Box::new(postgres::Postgres::open(place, migrations, bounds)?))),
        })
    }

    /// Whether other processes may write to it too.
    pub fn is_shared(&self) -> bool {
        matches!(*self.inner, Inner::Shared(_))
    }

    /// Tells every process that shares the database, this one included, that something rare has changed: settings, not
    /// events. Nobody shares a file.
    ///
    /// # Errors
    /// When the store fails; then others hear of the change when they next look.
    pub async fn tell(&self) -> Result<(), StoreError> {
        match &*self.inner {
            Inner::File(_) => Ok(()),
            Inner::Shared(postgres) => postgres.tell().await,
        }
    }

    /// Has `heard` called whenever a process tells (see [`Store::tell`]).
    pub fn listen(&self, heard: impl Fn() + Send + 'static) {
        if let Inner::Shared(postgres) = &*self.inner {
            postgres.listen(Box::new(heard));
        }
    }

    /// The number of this process among those that share the database; 0 where nobody does.
    pub fn process(&self) -> i64 {
        match &*self.inner {
            Inner::File(_) => 0,
            Inner::Shared(postgres) => postgres.process(),
        }
    }

    /// Has new rows numbered after those that were copied in.
    async fn number_on(&self) -> Result<(), StoreError> {
        let Inner::Shared(postgres) = &*self.inner else { return Ok(()) };
        let schema = postgres.schema().to_owned();
        self.write_again(move |unit| postgres::number_on(unit, &schema)).await
    }

    /// The numbers of the processes that share the database and live. One that cannot reach it for a moment may be missing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn processes(&self) -> Result<Vec<i64>, StoreError> {
        let Inner::Shared(postgres) = &*self.inner else { return Ok(vec![0]) };
        let schema = postgres.schema().to_owned();
        self.read(move |unit| postgres::Postgres::processes(unit, &schema)).await
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
        self.run(Vec::new(), Work::Once(Some(Box::new(work)))).await
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
        self.write_locking(Vec::new(), work).await
    }

    /// The same as [`Store::write_again`] for work that looks before it writes: no other unit that names one of `locks`
    /// runs, in any process, until this one is committed or undone. A file has one writer, which is lock enough.
    pub async fn write_locking<T, E>(
        &self,
        locks: Vec<String>,
        work: impl FnMut(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(locks, Work::Again(Box::new(work))).await
    }

    async fn run<T, E>(&self, locks: Vec<String>, work: Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.inner {
            Inner::File(file) => file.writer.run(work).await,
            Inner::Shared(postgres) => postgres.write(locks, work).await,
        }
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
        let turns = match &*self.inner {
            Inner::File(file) => &file.readers.turns,
            Inner::Shared(postgres) => &postgres.readers.turns,
        };
        let turn = turns.turn().await?;
        let inner = Arc::clone(&self.inner);
        let work = move || {
            let result = match &*inner {
                Inner::File(file) => file.readers.read(work),
                Inner::Shared(postgres) => postgres.readers.read(work),
            };
            drop(turn);
            result
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    /// Writes the log into the file and empties it: what was deleted stands in neither any more (the file overwrites
    /// it by itself). `false` when somebody reads an older state just now, and a part of the log has to stay.
    /// PostgreSQL does the like in its own time, by vacuum and the recycling of its log.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        let Inner::File(file) = &*self.inner else { return Ok(true) };
        let path = file.path.clone();
        let emptied = tokio::task::spawn_blocking(move || {
            let connection = connect(&path, READER_CACHE)?;
            connection::empty_log(&connection)
        });
        emptied.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// The same as [`Store::read`] for callers that may block, as start-up is. It waits for nobody, and may be one
    /// connection more.
    pub fn read_now<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        match &*self.inner {
            Inner::File(file) => file.readers.read(work),
            Inner::Shared(postgres) => postgres::outside_async(|| postgres.readers.read(work)),
        }
    }
}

#[cfg(test)]
mod tests;
