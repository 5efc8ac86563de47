//! A unit of work on its way to a connection, whichever database runs it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::{mpsc, oneshot};

use crate::{StoreError, Unit};

/// A unit whose types are forgotten.
pub(crate) trait Job: Send {
    /// Whether [`Job::run`] may be called a second time after what it did was undone.
    fn repeats(&self) -> bool;
    /// What no other unit may hold at the same time (see [`crate::Store::write_locking`]).
    fn locks(&self) -> &[String];
    /// Does the work and keeps the result.
    fn run(&mut self, unit: &mut Unit<'_>) -> Ran;
    /// Keeps an error in place of the result.
    fn fail(&mut self, error: StoreError);
    /// Tells the caller, once the commit is known to have succeeded or failed.
    fn finish(self: Box<Self>, committed: bool);
}

/// How a run of a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It did what it was to do.
    Done,
    /// It failed or panicked before it changed anything.
    Nothing,
    /// It failed or panicked, and what it changed must be undone.
    Half,
}

/// How a unit's closure is kept: to be called once, or as often as needed.
pub(crate) enum Work<T, E> {
    /// Taken when it runs.
    Once(Option<Box<OnceWork<T, E>>>),
    /// Stays.
    Again(Box<AgainWork<T, E>>),
}

type OnceWork<T, E> = dyn FnOnce(&mut Unit<'_>) -> Result<T, E> + Send;
type AgainWork<T, E> = dyn FnMut(&mut Unit<'_>) -> Result<T, E> + Send;

struct Pending<T, E> {
    work: Work<T, E>,
    locks: Vec<String>,
    result: Result<T, E>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T: Send, E: From<StoreError> + Send> Job for Pending<T, E> {
    fn repeats(&self) -> bool {
        matches!(self.work, Work::Again(_))
    }

    fn locks(&self) -> &[String] {
        &self.locks
    }

    fn run(&mut self, unit: &mut Unit<'_>) -> Ran {
        let work = &mut self.work;
        let attempt = AssertUnwindSafe(|| match work {
            Work::Once(once) => {
                once.take().map_or_else(|| Err(StoreError::NotCommitted.into()), |once| once(unit))
            }
            Work::Again(again) => again(unit),
        });
        self.result = catch_unwind(attempt).unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        match (&self.result, unit.changed()) {
            (Ok(_), _) => Ran::Done,
            (Err(_), false) => Ran::Nothing,
            (Err(_), true) => Ran::Half,
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Err(error.into());
    }

    fn finish(self: Box<Self>, committed: bool) {
        let result =
            if committed { self.result } else { self.result.and(Err(StoreError::NotCommitted.into())) };
        // The caller may have gone; its unit is committed all the same.
        let _ = self.answer.send(result);
    }
}

/// Puts a unit into the queue and waits until it is committed or refused.
pub(crate) async fn run<T, E>(
    queue: &mpsc::Sender<Box<dyn Job>>,
    locks: Vec<String>,
    work: Work<T, E>,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (answer, heard) = oneshot::channel();
    let job = Box::new(Pending { work, locks, result: Err(StoreError::Closed.into()), answer });
    queue.try_send(job).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Busy,
        mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
    })?;
    heard.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
