//! The road: every event is appended here before anyone is told that it was accepted, claimed by a deliverer,
//! and settled. Entries of one lane (one customer) are delivered in their order; lanes do not wait for each
//! other.
//!
//! De-duplication and enqueueing are one unit of work, and so are settling an entry and promoting the next of
//! its lane: after a crash at any step the road is whole.
//!
//! What this crate does not do: read the text it carries, or talk to anyone.

mod entry;
mod store;

use std::sync::Arc;

use headwater_store::{Store, StoreError};
use tokio::sync::Notify;

pub use entry::{Appended, Entry, Filter, NewEntry, Outcome, State};
pub use store::{MIGRATIONS, check};

/// Milliseconds a delivered entry keeps its text, for replay and inspection: 7 days.
pub const KEEP_BODY: i64 = 7 * 24 * 60 * 60 * 1000;
/// Milliseconds an id is remembered, so that no replay of it counts: 90 days, longer than any browser retries.
pub const KEEP_ID: i64 = 90 * 24 * 60 * 60 * 1000;

/// The journal of one data directory. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    store: Store,
    news: Arc<Notify>,
}

impl Journal {
    /// The journal in a store that was opened with [`MIGRATIONS`].
    pub fn open(store: Store) -> Self {
        Self { store, news: Arc::default() }
    }

    /// Appends entries, in order; returns when they are on disk. An id that is already there is a duplicate and
    /// changes nothing.
    pub async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, StoreError> {
        let appended = self.store.write_again(move |unit| store::append(unit, &entries)).await?;
        if appended.contains(&Appended::New) {
            self.news.notify_one();
        }
        Ok(appended)
    }

    /// Resolves once something was appended or replayed since the last time.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Takes up to `limit` due entries, at most one for each lane, for `lease` milliseconds: whoever does not
    /// settle in time loses the claim, and another attempt begins.
    pub async fn claim(&self, now: i64, limit: u32, lease: i64) -> Result<Vec<Entry>, StoreError> {
        self.store.write_again(move |unit| store::claim(unit, now, limit, lease)).await
    }

    /// Makes everything that waits for a later attempt due at once. For the process that alone owns the data
    /// directory, when it starts: whoever held a claim is gone, and nobody has to wait for its lease to end.
    /// Returns how many entries changed.
    pub async fn release(&self, now: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::release(unit, now)).await
    }

    /// Records how attempts ended. One commit for all of them.
    pub async fn settle(&self, outcomes: Vec<(i64, Outcome)>, now: i64) -> Result<(), StoreError> {
        self.store
            .write_again(move |unit| {
                outcomes.iter().try_for_each(|(seq, outcome)| store::settle(unit, *seq, outcome, now))
            })
            .await
    }

    /// When the next entry falls due; `None` when nothing waits.
    pub async fn next_due(&self) -> Result<Option<i64>, StoreError> {
        self.store.read(store::next_due).await
    }

    /// Entries, newest first.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.store.read(move |unit| store::list(unit, &filter)).await
    }

    /// Puts a dead or parked entry back on the road, at once. `false` when it is neither, or its text is gone.
    pub async fn replay(&self, id: [u8; 16], now: i64) -> Result<bool, StoreError> {
        let replayed = self.store.write_again(move |unit| store::replay(unit, &id, now)).await?;
        if replayed {
            self.news.notify_one();
        }
        Ok(replayed)
    }

    /// Forgets what has been kept long enough: texts after [`KEEP_BODY`], ids after [`KEEP_ID`]. Returns how
    /// many entries changed.
    pub async fn prune(&self, now: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::prune(unit, now)).await
    }

    /// Deletes the text of everything in a lane: a customer asked to be forgotten. What was not delivered yet
    /// will not be. Returns how many entries changed.
    pub async fn erase(&self, lane: String, now: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::erase(unit, &lane, now)).await
    }
}
