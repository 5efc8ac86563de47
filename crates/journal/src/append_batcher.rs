//! Gathers appends that come at the same time into one unit of work. Where the database is another process, each
//! statement is a round trip, so one statement for many entries costs little more than for one.

use std::sync::{Arc, Mutex, PoisonError};

use headwater_store::{Store, StoreError};
use tokio::sync::{Semaphore, oneshot};

use crate::entry::{Appended, NewEntry};
use crate::{lanes, store};

/// Units that run at once. While they run, appends gather for the next one.
const BATCHES_MAX: usize = 2;
/// The most entries of one unit.
const ENTRIES_MAX: usize = 1024;

type AppendResult = Result<Vec<Appended>, StoreError>;

/// The entries of one caller, and the channel for its result.
struct PendingAppend {
    entries: Vec<NewEntry>,
    answer: oneshot::Sender<AppendResult>,
}

/// Gathers what callers append at the same time.
#[derive(Clone)]
pub(crate) struct AppendBatcher {
    store: Store,
    pending: Arc<Mutex<Vec<PendingAppend>>>,
    permits: Arc<Semaphore>,
}

impl AppendBatcher {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Arc::default(), permits: Arc::new(Semaphore::new(BATCHES_MAX)) }
    }

    /// Appends entries, together with those of other callers that wait; returns when they are durable.
    pub(crate) async fn append(&self, entries: Vec<NewEntry>) -> AppendResult {
        let (answer, mut result) = oneshot::channel();
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push(PendingAppend { entries, answer });
        let permit = tokio::select! {
            biased;
            // Another caller's unit has included these entries.
            answered = &mut result => return answered.unwrap_or(Err(StoreError::Closed)),
            permit = Arc::clone(&self.permits).acquire_owned() => permit.map_err(|_| StoreError::Closed)?,
        };
        let batcher = self.clone();
        // A task of its own: when this caller's future is dropped, the unit still runs for the other callers in it.
        tokio::spawn(async move {
            batcher.flush().await;
            drop(permit);
        });
        result.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Appends the gathered entries in one unit. There are none when the unit before has included them all.
    async fn flush(&self) {
        let gathered = self.take();
        if gathered.is_empty() {
            return;
        }
        let all: Vec<NewEntry> = gathered.iter().flat_map(|one| one.entries.iter().cloned()).collect();
        match write(&self.store, all).await {
            Ok(appended) => {
                let mut appended = appended.into_iter();
                for one in gathered {
                    let own = appended.by_ref().take(one.entries.len()).collect();
                    let _ = one.answer.send(Ok(own));
                }
            }
            Err(error) => {
                for one in gathered {
                    let result = match &error {
                        StoreError::Busy
                        | StoreError::Uncertain
                        | StoreError::Disconnected(_)
                        | StoreError::NoRoom(_) => Err(error.clone()),
                        // One caller's entries may be the cause, so each caller gets a unit of its own.
                        _ => write(&self.store, one.entries).await,
                    };
                    let _ = one.answer.send(result);
                }
            }
        }
    }

    /// Takes callers from the queue up to [`ENTRIES_MAX`] entries; at least one caller, if any waits.
    fn take(&self) -> Vec<PendingAppend> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = 0;
        let fits = |one: &&PendingAppend| {
            entries += one.entries.len();
            entries <= ENTRIES_MAX
        };
        let count = pending.iter().take_while(fits).count().max(1).min(pending.len());
        pending.drain(..count).collect()
    }
}

async fn write(to: &Store, entries: Vec<NewEntry>) -> AppendResult {
    to.write_locking(lanes(&entries), move |unit| store::append(unit, &entries)).await
}
