//! Appends of one moment, gathered into one unit of work: where the database is another process, a statement for many
//! entries costs little more than one for one.

use std::sync::{Arc, Mutex, PoisonError};

use headwater_store::{Store, StoreError};
use tokio::sync::{Semaphore, oneshot};

use crate::entry::{Appended, NewEntry};
use crate::{lanes, store};

/// Units under way at once: while one is committed, the next gathers.
const FLIGHTS: usize = 2;
/// Entries of one unit.
const ENTRIES_MAX: usize = 1024;

type Answer = Result<Vec<Appended>, StoreError>;

/// What one caller appends, and where it hears how that went.
struct Pending {
    entries: Vec<NewEntry>,
    answer: oneshot::Sender<Answer>,
}

/// Gathers what callers append at the same time.
#[derive(Clone)]
pub(crate) struct Gather {
    store: Store,
    pending: Arc<Mutex<Vec<Pending>>>,
    flights: Arc<Semaphore>,
}

impl Gather {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Arc::default(), flights: Arc::new(Semaphore::new(FLIGHTS)) }
    }

    /// Appends entries, with whatever others append just now; returns when they are durable.
    pub(crate) async fn append(&self, entries: Vec<NewEntry>) -> Answer {
        let (answer, mut heard) = oneshot::channel();
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push(Pending { entries, answer });
        let flight = tokio::select! {
            biased;
            // Another one's flight has taken it along.
            answered = &mut heard => return answered.unwrap_or(Err(StoreError::Closed)),
            flight = Arc::clone(&self.flights).acquire_owned() => flight.map_err(|_| StoreError::Closed)?,
        };
        let mine = self.clone();
        // A caller that goes away must not take the others with it.
        tokio::spawn(async move {
            mine.fly().await;
            drop(flight);
        });
        heard.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Appends what has gathered; nothing, when the flight before took it along.
    async fn fly(&self) {
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
                    let told = match &error {
                        StoreError::Busy => Err(StoreError::Busy),
                        StoreError::Uncertain => Err(StoreError::Uncertain),
                        StoreError::Away(why) => Err(StoreError::Away(why.clone())),
                        // One of them is at fault, and the others are not.
                        _ => write(&self.store, one.entries).await,
                    };
                    let _ = one.answer.send(told);
                }
            }
        }
    }

    fn take(&self) -> Vec<Pending> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = 0;
        let fits = |one: &&Pending| {
            entries += one.entries.len();
            entries <= ENTRIES_MAX
        };
        let count = pending.iter().take_while(fits).count().max(1).min(pending.len());
        pending.drain(..count).collect()
    }
}

async fn write(to: &Store, entries: Vec<NewEntry>) -> Answer {
    to.write_locking(lanes(&entries), move |unit| store::append(unit, &entries)).await
}
