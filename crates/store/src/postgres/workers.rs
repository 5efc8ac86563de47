//! Sessions that write, each on a thread of its own. They share a queue: a free one takes the units that wait and
//! commits them together.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headwater_metrics::Durations;
use tokio::sync::mpsc;

use super::session::StatementFailure;
use super::{PostgresSession, SchemaAddress};
use crate::job::{Job, Ran};
use crate::{Bounds, StoreError, StoreMetrics, Unit};

/// After how many conflicts with other transactions a unit fails with [`StoreError::Busy`].
const CONFLICTS_MAX: u32 = 20;
/// How long a unit waits for a database that cannot be reached, as during a fail-over or a restart. Then it fails.
const DISCONNECTED_MAX: Duration = Duration::from_secs(10);
/// The pause between two attempts to connect.
const CONNECT_EVERY: Duration = Duration::from_millis(200);

type Queue = Arc<Mutex<mpsc::Receiver<Box<dyn Job>>>>;

/// Handle of the threads. Dropping it lets them finish the queue and end.
pub(crate) struct Workers {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    pub(crate) fn start(place: &SchemaAddress, count: usize, bounds: Bounds, metrics: &StoreMetrics) -> Self {
        let (queue, jobs) = mpsc::channel(bounds.waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        let start = |number| {
            let mut worker = Worker {
                address: place.clone(),
                jobs: Arc::clone(&jobs),
                most: bounds.commit,
                session: None,
                commits: metrics.commits.clone(),
            };
            std::thread::Builder::new()
                .name(format!("store-writer-{number}"))
                .spawn(move || worker.work())
                .expect("the system can start a thread")
        };
        Self { queue: Some(queue), threads: (0..count).map(start).collect() }
    }

    pub(crate) fn queue(&self) -> Result<&mpsc::Sender<Box<dyn Job>>, StoreError> {
        self.queue.as_ref().ok_or(StoreError::Closed)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A unit may hold the last handle of its own store; a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

struct Worker {
    address: SchemaAddress,
    jobs: Queue,
    most: usize,
    session: Option<PostgresSession>,
    commits: Durations,
}

/// How a transaction ended.
enum TransactionEnd {
    Committed,
    /// Rolled back; it may be run again.
    Undone(StatementFailure),
    /// The connection was lost during the commit, so it is not known whether the commit took place.
    Unknown,
}

impl Worker {
    fn work(&mut self) {
        while let Some(mut jobs) = self.next() {
            match self.connected() {
                Ok(()) => self.commit(jobs),
                Err(error) => {
                    tracing::error!(%error, units = jobs.len(), "the database cannot be reached; units fail");
                    let why = error.to_string();
                    for mut job in jobs.drain(..) {
                        job.fail(StoreError::Disconnected(why.clone()));
                        job.finish(true); // tells the error
                    }
                }
            }
        }
    }

    /// The units that wait, at least one; blocks until there is one. `None` when the store is dropped and the queue
    /// empty.
    fn next(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut queue = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut jobs = vec![queue.blocking_recv()?];
        while jobs.len() < self.most {
            let Ok(job) = queue.try_recv() else { break };
            jobs.push(job);
        }
        Some(jobs)
    }

    /// Connects unless there is a working session, and tries again for up to [`DISCONNECTED_MAX`].
    fn connected(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        loop {
            if self.session.as_ref().is_some_and(|session| !session.is_lost()) {
                return Ok(());
            }
            match PostgresSession::connect(&self.address) {
                Ok(session) => self.session = Some(session),
                Err(error) if begun.elapsed() >= DISCONNECTED_MAX => return Err(error),
                Err(_) => std::thread::sleep(CONNECT_EVERY),
            }
        }
    }

    /// Commits all units in one transaction. When one of them fails, each gets a transaction of
    /// its own, so that a failure undoes no other unit.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if jobs.len() > 1 {
            match self.run(&mut jobs) {
                TransactionEnd::Committed => return jobs.into_iter().for_each(|job| job.finish(true)),
                TransactionEnd::Unknown => return jobs.into_iter().for_each(unknown),
                TransactionEnd::Undone(_) => {}
            }
        }
        for job in jobs {
            self.commit_alone(job);
        }
    }

    /// Commits one unit; runs it again after a conflict or a lost connection, as long as the limits above allow.
    fn commit_alone(&mut self, job: Box<dyn Job>) {
        let mut job = [job];
        let begun = Instant::now();
        let mut conflicts = 0;
        loop {
            let ended = self.connected().map(|()| self.run(&mut job));
            let again = match &ended {
                Ok(TransactionEnd::Undone(StatementFailure::Conflict)) => {
                    conflicts += 1;
                    conflicts < CONFLICTS_MAX
                }
                Ok(TransactionEnd::Undone(StatementFailure::Lost)) => begun.elapsed() < DISCONNECTED_MAX,
                _ => false,
            };
            if again {
                continue;
            }
            let [mut job] = job;
            return match ended {
                Ok(TransactionEnd::Undone(StatementFailure::Conflict)) => {
                    job.fail(StoreError::Busy);
                    job.finish(true); // tells the error
                }
                Ok(TransactionEnd::Committed | TransactionEnd::Undone(_)) => job.finish(true),
                Ok(TransactionEnd::Unknown) => unknown(job),
                Err(error) => {
                    job.fail(StoreError::Disconnected(error.to_string()));
                    job.finish(true); // tells the error
                }
            };
        }
    }

    /// Runs the units in one transaction, and rolls it back when one of them fails.
    fn run(&mut self, jobs: &mut [Box<dyn Job>]) -> TransactionEnd {
        let Some(session) = self.session.as_mut() else {
            return TransactionEnd::Undone(StatementFailure::Lost);
        };
        let locks: Vec<String> = jobs.iter().flat_map(|job| job.locks()).cloned().collect();
        let begun =
            session.begin().and_then(|()| if locks.is_empty() { Ok(()) } else { session.lock(&locks) });
        let done = match begun {
            Ok(()) => jobs.iter_mut().all(|job| {
                let ran = job.run(&mut Unit::postgres(session));
                // A unit that failed before it changed anything does not need the others to be rolled back.
                ran == Ran::Done || (ran == Ran::FailedClean && session.failure().is_none())
            }),
            Err(error) => {
                jobs[0].fail(error);
                false
            }
        };
        let failure = session.failure();
        if done && failure.is_some() {
            // A unit ignored the error of a statement and reported success. PostgreSQL will not commit the transaction.
            for job in jobs.iter_mut() {
                job.fail(StoreError::NotCommitted);
            }
        }
        if !done || failure.is_some() {
            let undone = session.roll_back();
            let lost = undone.is_err() || failure == Some(StatementFailure::Lost);
            if lost {
                self.session = None;
            }
            return TransactionEnd::Undone(if lost {
                StatementFailure::Lost
            } else {
                failure.unwrap_or(StatementFailure::Refused)
            });
        }
        let begun = Instant::now();
        let committed = session.commit();
        self.commits.observe(begun.elapsed());
        match committed {
            Ok(()) => TransactionEnd::Committed,
            Err(error) => {
                tracing::error!(%error, units = jobs.len(), "a commit failed");
                // An answer of the server means that nothing was committed; a lost connection leaves it unknown.
                if let Some(failure @ (StatementFailure::Conflict | StatementFailure::Refused)) =
                    session.failure()
                {
                    jobs[0].fail(StoreError::NotCommitted);
                    return TransactionEnd::Undone(failure);
                }
                self.session = None;
                TransactionEnd::Unknown
            }
        }
    }
}

fn unknown(mut job: Box<dyn Job>) {
    job.fail(StoreError::Uncertain);
    job.finish(true); // tells the error
}
