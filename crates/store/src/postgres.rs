//! Stores on PostgreSQL: any number of processes, on several machines, share one database.
//!
//! A store is a schema of the database. Its units run on a few sessions, each on a thread of its own, because a unit is
//! blocking code. A session takes the units that wait, runs them in one transaction and commits them together, as the
//! writer of SQLite does. A transaction that conflicts with another one is rolled back and run again.

mod address;
mod listener;
mod readers;
mod schema;
mod session;
mod values;
mod workers;

pub use address::{Address, PostgresAddressError};

pub(crate) use schema::{found, number_on};
pub(crate) use session::PostgresSession;
pub(crate) use values::value;

use crate::job::{self, Work};
use crate::{Bounds, StoreError, StoreMetrics};

/// Sessions that write, for each store of a process: while one waits for its commit to be durable, others run units.
const WRITERS: usize = 4;

/// One schema of a database.
pub(crate) struct Postgres {
    pub(crate) readers: readers::SchemaReaders,
    workers: workers::Workers,
    listener: listener::Listener,
    address: SchemaAddress,
}

/// Where a store is: the database, and the schema in it.
#[derive(Clone)]
pub(crate) struct SchemaAddress {
    pub(crate) address: Address,
    pub(crate) schema: String,
}

impl Postgres {
    /// Connects, and brings the schema up to date.
    pub(crate) fn open(
        place: SchemaAddress,
        migrations: &[&'static str],
        bounds: Bounds,
        metrics: &StoreMetrics,
    ) -> Result<Self, StoreError> {
        outside_async(|| schema::migrate(&mut PostgresSession::connect(&place)?, &place.schema, migrations))?;
        let readers = readers::SchemaReaders::new(place.clone(), &bounds);
        let workers = workers::Workers::start(&place, WRITERS, bounds, metrics);
        let listener = listener::Listener::start(place.clone())?;
        Ok(Self { readers, workers, listener, address: place })
    }

    pub(crate) async fn write<T, E>(&self, locks: Vec<String>, work: Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        job::run(self.queue()?, locks, work).await
    }

    /// The queue of units that wait for a writing session.
    pub(crate) fn queue(&self) -> Result<&tokio::sync::mpsc::Sender<Box<dyn job::Job>>, StoreError> {
        self.workers.queue()
    }

    /// Notifies every process that listens, this one included.
    pub(crate) async fn notify(&self) -> Result<(), StoreError> {
        let sql = self.address.statement("NOTIFY");
        let work = move |unit: &mut crate::Unit<'_>| unit.execute(&sql, &[]).map(|_| ());
        self.write(Vec::new(), Box::new(work)).await
    }

    pub(crate) fn subscribe(&self, callback: Box<dyn Fn() + Send>) {
        self.listener.subscribe(callback);
    }

    /// The number of this process.
    pub(crate) fn process(&self) -> i64 {
        self.listener.number()
    }

    /// The numbers of the processes that hold a connection now.
    pub(crate) fn processes(unit: &mut crate::Unit<'_>, schema: &str) -> Result<Vec<i64>, StoreError> {
        unit.query(listener::LIVE_PROCESSES, &[schema.into()], |row| row.get(0))
    }

    pub(crate) fn schema(&self) -> &str {
        &self.address.schema
    }
}

impl SchemaAddress {
    /// `LISTEN` or `NOTIFY` on the schema's own channel.
    fn statement(&self, verb: &str) -> String {
        format!("{verb} \"{}\"", self.schema)
    }
}

/// Runs `work` on a thread without an async runtime: a session has a runtime of its own, and tokio panics when one
/// blocks inside another.
pub(crate) fn outside_async<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope.spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
