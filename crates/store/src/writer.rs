//! The writer of an SQLite file: one thread that commits many units in one transaction. [`Log`] makes the commits durable.
//!
//! A savepoint for each unit would copy every page that the unit changes, so units run without one. When a unit fails,
//! the whole transaction is rolled back, and every unit in it is run again with a savepoint of its own. So a failure undoes its
//! own unit only, and savepoints cost nothing as long as no unit fails. A unit that fails before it has changed
//! anything, as most refusals do, needs no rollback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::Instant;

use headwater_metrics::Durations;
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::connection::statement;
use crate::job::{self, Job, Ran, Work};
use crate::log::{Batch, Log};
use crate::statistics::{self, StatisticsVersion};
use crate::{Bounds, StoreError, Unit};

/// What the writer's thread shares with others.
pub(crate) struct Signals {
    /// Set when the write-ahead log shall be restarted after the next commit.
    pub(crate) log_is_long: Arc<AtomicBool>,
    /// When it has changed, the planner's statistics are read again after the next commit.
    pub(crate) version: StatisticsVersion,
    /// Counts how long each commit took.
    pub(crate) commits: Durations,
}

/// The units that wait for a writer.
pub(crate) type WaitingUnits = mpsc::Receiver<Box<dyn Job>>;

/// Handle of the writer. Dropping it lets the writer finish its queue and end.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    /// `None` for a writer that the caller steps.
    thread: Option<JoinHandle<()>>,
    /// The thread that answers callers, which the writer's waits for when it ends.
    answers: Option<ThreadId>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection, log: Log, bounds: Bounds, signals: Signals) -> Self {
        let (queue, jobs) = mpsc::channel(bounds.waiting);
        let answers = log.thread();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(&connection, log, jobs, bounds.commit, &signals))
            .expect("the system can start a thread");
        Self { queue: Some(queue), thread: Some(thread), answers }
    }

    /// A writer without a thread: whoever has the other end commits the units.
    pub(crate) fn stepped(bounds: Bounds) -> (Self, WaitingUnits) {
        let (queue, jobs) = mpsc::channel(bounds.waiting);
        (Self { queue: Some(queue), thread: None, answers: None }, jobs)
    }

    pub(crate) async fn run<T, E>(&self, work: Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        // The one writer runs one unit at a time, so no locks are needed.
        job::run(self.queue()?, Vec::new(), work).await
    }

    pub(crate) fn queue(&self) -> Result<&mpsc::Sender<Box<dyn Job>>, StoreError> {
        self.queue.as_ref().ok_or(StoreError::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A unit may hold the last handle of its own store, and is then dropped on the writer's thread or on the log's,
            // for which the writer's waits. Neither can wait for itself.
            let here = std::thread::current().id();
            if thread.thread().id() != here && self.answers != Some(here) {
                let _ = thread.join();
            }
        }
    }
}

fn work(connection: &Connection, mut log: Log, mut jobs: WaitingUnits, commit_max: usize, signals: &Signals) {
    let mut known = signals.version.now();
    while let Some(first) = jobs.blocking_recv() {
        let Some(mut commit) = Commit::begin_with(connection, first) else { continue };
        commit.add_waiting(&mut jobs, commit_max);
        match log.wait() {
            Ok(false) => {}
            // The answers of the commit before bring new units.
            Ok(true) => commit.add_waiting(&mut jobs, commit_max),
            Err(error) => {
                tracing::error!(%error, "the log could not be synced; nothing more is written until a restart");
                // Undoes the transaction.
                commit.finish(false);
                break;
            }
        }
        if let Some(units) = commit.end(&signals.commits) {
            log.sync(units);
        }
        if signals.log_is_long.swap(false, Ordering::Relaxed) {
            restart_log(connection);
        }
        let newest = signals.version.now();
        if newest != known {
            known = newest;
            if let Err(error) = statistics::reload(connection) {
                tracing::warn!(%error, "the planner goes on with older statistics");
            }
        }
    }
    jobs.close();
    // Waits for the last sync.
    drop(log);
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Has SQLite write the log from its beginning again, which it does once all of it is in the file. Under constant load
/// the checkpoint thread never gets there, for new commits come in meanwhile. Here, between two commits, only the few
/// pages since the last checkpoint are left. Overwriting a log also makes commits cheaper than extending it (measured:
/// half the fsync).
fn restart_log(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())) {
        tracing::warn!(%error, "a checkpoint failed; the next one runs soon");
    }
}

/// One transaction and the units in it.
pub(crate) struct Commit<'c> {
    connection: &'c Connection,
    jobs: Vec<Box<dyn Job>>,
    /// No unit has failed so far, and all ran without a savepoint.
    without_savepoints: bool,
    /// The database has ended the transaction by itself; every unit in it fails.
    ended_by_database: bool,
    /// Rows that the connection had changed before.
    changed_before: u64,
}

impl<'c> Commit<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, StoreError> {
        statement(connection, "BEGIN IMMEDIATE")?;
        let changed_before = connection.total_changes();
        Ok(Self {
            connection,
            jobs: Vec::new(),
            without_savepoints: true,
            ended_by_database: false,
            changed_before,
        })
    }

    /// Begins a commit and runs its first unit; `None` when it could not begin, and the unit was refused.
    pub(crate) fn begin_with(connection: &'c Connection, mut first: Box<dyn Job>) -> Option<Self> {
        match Self::begin(connection) {
            Ok(mut commit) => {
                commit.add(first);
                Some(commit)
            }
            Err(error) => {
                tracing::error!(%error, "a commit could not begin; its unit is refused");
                first.fail(StoreError::NotCommitted);
                first.finish(false);
                None
            }
        }
    }

    /// Adds the units that wait, up to `max` of them in the commit.
    pub(crate) fn add_waiting(&mut self, jobs: &mut WaitingUnits, max: usize) {
        while self.jobs.len() < max {
            let Ok(next) = jobs.try_recv() else { break };
            self.add(next);
        }
    }

    fn add(&mut self, mut job: Box<dyn Job>) {
        if self.ended_by_database {
            job.fail(StoreError::NotCommitted);
            self.jobs.push(job); // it does not run
        } else if self.without_savepoints {
            let ran = job.run(&mut Unit::sqlite(self.connection));
            self.jobs.push(job);
            // Autocommit means that the database has ended the transaction, so the other units have to run again too.
            if ran == Ran::FailedDirty || (ran == Ran::FailedClean && self.connection.is_autocommit()) {
                self.repeat_alone();
            }
        } else {
            alone(self.connection, job.as_mut());
            self.jobs.push(job);
            self.check_transaction();
        }
    }

    /// SQLite ends a transaction by itself on errors such as a full disk. The units in it are lost, and the next ones
    /// must not run outside a transaction.
    fn check_transaction(&mut self) {
        self.ended_by_database |= self.connection.is_autocommit();
    }

    /// Rolls the transaction back and runs each unit again with a savepoint, so that a failing unit undoes no other.
    fn repeat_alone(&mut self) {
        self.without_savepoints = false;
        let undone =
            if self.connection.is_autocommit() { Ok(()) } else { statement(self.connection, "ROLLBACK") };
        let again = undone.and_then(|()| statement(self.connection, "BEGIN IMMEDIATE"));
        if let Err(error) = again {
            tracing::error!(%error, "a commit could not begin again; its units are refused");
            self.ended_by_database = true;
            return;
        }
        for job in &mut self.jobs {
            alone(self.connection, job.as_mut());
        }
        self.check_transaction();
    }

    /// Commits. Returns the units to be answered when the commit is on disk, and what came before it too. `None` when
    /// there is nothing to wait for, because nothing was changed or committed: then they are answered here.
    pub(crate) fn end(self, commits: &Durations) -> Option<Batch> {
        let begun = Instant::now();
        let committed = !self.ended_by_database
            && statement(self.connection, "COMMIT")
                .inspect_err(|error| {
                    tracing::error!(%error, units = self.jobs.len(), "a commit failed; its units are refused");
                })
                .is_ok();
        if committed && self.connection.total_changes() != self.changed_before {
            commits.observe(begun.elapsed());
            return Some(self.jobs);
        }
        self.finish(committed);
        None
    }

    /// Answers at once. A transaction that was not `committed` is rolled back.
    fn finish(self, committed: bool) {
        if !committed && !self.connection.is_autocommit() {
            let _ = statement(self.connection, "ROLLBACK");
        }
        for job in self.jobs {
            job.finish(committed);
        }
    }
}

/// Runs one unit inside a savepoint, so that its failure or panic undoes no other unit.
fn alone(connection: &Connection, job: &mut dyn Job) {
    let result = statement(connection, "SAVEPOINT unit").and_then(|()| {
        let ran = job.run(&mut Unit::sqlite(connection));
        if connection.is_autocommit() {
            return Ok(()); // The database has ended the transaction. The unit's own error says why.
        }
        if ran == Ran::FailedDirty {
            statement(connection, "ROLLBACK TO unit")?;
        }
        statement(connection, "RELEASE unit")
    });
    if let Err(error) = result {
        job.fail(error);
    }
}
