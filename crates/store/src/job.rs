//! A unit of work in the write queue, the same for both databases.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::{mpsc, oneshot};

use crate::{StoreError, Unit};

/// A unit of work without its result's types, so that one queue can hold them all.
pub(crate) trait Job: Send {
    /// The names of the locks that the unit needs (see [`crate::Store::write_locking`]).
    fn locks(&self) -> &[String];
    /// Does the work and keeps the result for [`Job::finish`]. May be called again after a rollback.
    fn run(&mut self, unit: &mut Unit<'_>) -> Ran;
    /// Replaces the result by an error.
    fn fail(&mut self, error: StoreError);
    /// Sends the result to the caller. When it was not `committed`, a success becomes [`StoreError::NotCommitted`]; an
    /// error is sent as it is either way.
    fn finish(self: Box<Self>, committed: bool);
}

/// How a run of a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It succeeded.
    Done,
    /// It failed or panicked before it changed anything.
    FailedClean,
    /// It failed or panicked after it changed something, which must be rolled back.
    FailedDirty,
}

/// A unit's closure. It may run again after a rollback.
pub(crate) type Work<T, E> = Box<dyn FnMut(&mut Unit<'_>) -> Result<T, E> + Send>;

struct QueuedUnit<T, E> {
    work: Work<T, E>,
    locks: Vec<String>,
    result: Result<T, E>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T: Send, E: From<StoreError> + Send> Job for QueuedUnit<T, E> {
    fn locks(&self) -> &[String] {
        &self.locks
    }

    fn run(&mut self, unit: &mut Unit<'_>) -> Ran {
        let work = &mut self.work;
        self.result = catch_unwind(AssertUnwindSafe(|| work(unit)))
            .unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        match (&self.result, unit.changed()) {
            (Ok(_), _) => Ran::Done,
            (Err(_), false) => Ran::FailedClean,
            (Err(_), true) => Ran::FailedDirty,
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Err(error.into());
    }

    fn finish(self: Box<Self>, committed: bool) {
        let result =
            if committed { self.result } else { self.result.and(Err(StoreError::NotCommitted.into())) };
        // Fails when the caller's future was dropped. The unit stays committed.
        let _ = self.answer.send(result);
    }
}

/// Puts a unit into the queue and waits until it is committed or has failed. A full queue fails at once.
pub(crate) async fn run<T, E>(
    queue: &mpsc::Sender<Box<dyn Job>>,
    locks: Vec<String>,
    work: Work<T, E>,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (answer, result) = oneshot::channel();
    let job = Box::new(QueuedUnit { work, locks, result: Err(StoreError::Closed.into()), answer });
    queue.try_send(job).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Busy,
        mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
    })?;
    result.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
