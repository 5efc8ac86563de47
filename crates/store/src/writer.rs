//! The writer: one thread, many units in one commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::{StoreError, Unit};

/// Units waiting for the writer, at most; a full queue is [`StoreError::Busy`].
const QUEUE_MAX: usize = 4096;
/// Units in one commit, at most (measured.md: larger gains nothing).
const COMMIT_MAX: usize = 1024;

/// Tells the caller, once the commit is known to have succeeded or failed.
type Finish = Box<dyn FnOnce(bool) + Send>;
/// Runs a unit; the result waits in `Finish` for the commit.
type Job = Box<dyn FnOnce(&Connection) -> Finish + Send>;

/// Handle of the writer thread. Dropping it lets the thread finish its queue and end.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(&connection, jobs))
            .expect("the system can start a thread");
        Self { queue: Some(queue), thread: Some(thread) }
    }

    pub(crate) async fn run<T, E>(
        &self,
        unit: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, heard) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = alone(connection, unit);
            Box::new(move |committed| {
                let result = if committed { result } else { result.and(Err(StoreError::Closed.into())) };
                // The caller may have gone; its unit is committed all the same.
                let _ = answer.send(result);
            })
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        heard.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A unit may hold the last handle of its own store; the thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Runs one unit between savepoints, so that its failure or panic undoes it and no other.
fn alone<T, E: From<StoreError>>(
    connection: &Connection,
    unit: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let statement = |sql: &str| {
        connection.prepare_cached(sql).and_then(|mut ready| ready.raw_execute()).map_err(StoreError::from)
    };
    statement("SAVEPOINT unit")?;
    let result = catch_unwind(AssertUnwindSafe(|| unit(&mut Unit::new(connection))))
        .unwrap_or_else(|_| Err(StoreError::Panicked.into()));
    if result.is_err() {
        statement("ROLLBACK TO unit")?;
    }
    statement("RELEASE unit")?;
    result
}

fn work(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut finished: Vec<Finish> = Vec::with_capacity(COMMIT_MAX);
    while let Some(first) = jobs.blocking_recv() {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            tracing::error!(%error, "a commit could not begin; its unit is refused");
            drop(first); // its caller hears `Closed`
            continue;
        }
        finished.push(first(connection));
        while finished.len() < COMMIT_MAX {
            let Ok(next) = jobs.try_recv() else { break };
            finished.push(next(connection));
        }
        let committed = connection.execute_batch("COMMIT");
        if let Err(error) = &committed {
            tracing::error!(%error, units = finished.len(), "a commit failed; its units are refused");
            let _ = connection.execute_batch("ROLLBACK");
        }
        for finish in finished.drain(..) {
            finish(committed.is_ok());
        }
    }
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}
