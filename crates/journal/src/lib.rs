//! The durable queue: every event is appended here before anyone is told that it was accepted, claimed by a
//! deliverer, and settled. Entries of one lane (one customer) are delivered in their order; lanes do not wait for
//! each other. What waits for something that may never come is parked beside its lane, under the names it waits for.
//!
//! De-duplication and enqueueing are one unit of work, and so are settling an entry and promoting the next of
//! its lane, and keeping the facts of a webhook with its entries: after a crash at any step the queue is whole.
//!
//! What this crate does not do: read the text it carries, or talk to anyone.

mod claims;
mod entry;
mod gather;
mod names;
mod store;

use std::sync::Arc;

use headwater_store::{Store, StoreError};
use tokio::sync::Notify;

use claims::Claims;
use gather::Gather;
use names::Names;

pub use entry::{Appended, Counts, Entry, Filter, NewEntry, Outcome, State};
pub use store::{MIGRATIONS, check};

/// Milliseconds a delivered entry keeps its text, for replay and inspection: 7 days.
pub const KEEP_BODY: i64 = 7 * 24 * 60 * 60 * 1000;
/// Milliseconds an id is remembered, so that no replay of it counts: 90 days, longer than any browser retries.
pub const KEEP_ID: i64 = 90 * 24 * 60 * 60 * 1000;
/// Milliseconds a fact is remembered: 400 days, so that a yearly plan can be refunded or disputed at its end.
pub const KEEP_FACT: i64 = 400 * 24 * 60 * 60 * 1000;

/// Something a billing provider said that later events need, such as which payment paid which invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whose: a program and mode, written as in lanes.
    pub scope: String,
    /// What it is about, such as `in:in_1`. Together with the scope, the name that wakes who waits for it.
    pub name: String,
    /// Which of the facts about it.
    pub part: String,
    /// When it was so by the provider's clock, epoch milliseconds: the newest stays.
    pub at: i64,
    /// Which of two of the same time is the later one.
    pub rank: i64,
    /// What is known; read by whoever wrote it.
    pub body: String,
}

impl Fact {
    /// The name under which an entry waits for it.
    pub fn wakes(&self) -> String {
        format!("{}:{}", self.scope, self.name)
    }
}

/// Milliseconds until what was parked for the first time is looked at again where others share the database: what one of
/// them brought while the attempt was under way left no mark here.
const SECOND_LOOK: i64 = 1_000;

/// Dead entries of pages that are kept for each program and mode, the newest; what billing providers and the company
/// itself said is kept however much it is.
pub const KEEP_DEAD_CLAIMS: i64 = 100_000;

/// What an append must have for itself: whether an entry is the head of its lane is looked up before it is written.
fn lanes(entries: &[NewEntry]) -> Vec<String> {
    entries.iter().map(|entry| lane_lock(&entry.lane)).collect()
}

/// What a settlement must have for itself beside its lanes: who parks for a name and who brings it must each know of the
/// other.
fn name_lock(name: &str) -> String {
    format!("name {name}")
}

fn lane_lock(lane: &str) -> String {
    format!("lane {lane}")
}

/// The journal of one data directory. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    store: Store,
    /// A file's writer gathers units by itself.
    gather: Option<Gather>,
    news: Arc<Notify>,
    names: Arc<Names>,
    claims: Claims,
}

impl Journal {
    /// The journal in a store that was opened with [`MIGRATIONS`].
    pub fn open(store: Store) -> Self {
        let gather = store.is_shared().then(|| Gather::new(store.clone()));
        let claims = Claims::new(store.is_shared());
        Self { store, gather, news: Arc::default(), names: Arc::new(Names::new()), claims }
    }

    /// Appends entries, in order; returns when they are on disk. An id that is already there is a duplicate and
    /// changes nothing.
    pub async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, StoreError> {
        let appended = match &self.gather {
            Some(gather) => gather.append(entries).await?,
            None => self.store.write_again(move |unit| store::append(unit, &entries)).await?,
        };
        if appended.contains(&Appended::New) {
            self.news.notify_one();
        }
        Ok(appended)
    }

    /// Appends entries and keeps facts, together or not at all. What is parked for a fact that is new is due.
    pub async fn append_with_facts(
        &self,
        entries: Vec<NewEntry>,
        facts: Vec<Fact>,
        now: i64,
    ) -> Result<Vec<Appended>, StoreError> {
        let names = Arc::clone(&self.names);
        let mut locks = lanes(&entries);
        locks.extend(facts.iter().map(|fact| name_lock(&fact.wakes())));
        let work = move |unit: &mut headwater_store::Unit<'_>| {
            for fact in &facts {
                if store::keep(unit, fact, now)? {
                    store::wake(unit, &[fact.wakes()], now, &names)?;
                }
            }
            store::append(unit, &entries)
        };
        let appended = self.store.write_locking(locks, work).await?;
        self.news.notify_one();
        Ok(appended)
    }

    /// What is known about a name of a scope, sorted by [`Fact::part`].
    pub async fn facts(&self, scope: String, name: String) -> Result<Vec<Fact>, StoreError> {
        self.store.read(move |unit| store::facts(unit, &scope, &name)).await
    }

    /// Resolves once something was appended or replayed since the last time.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Takes up to `limit` due entries, at most one for each lane and at most `parked` parked ones, for `lease`
    /// milliseconds: whoever does not settle in time loses the claim, and another attempt begins.
    pub async fn claim(
        &self,
        now: i64,
        limit: u32,
        parked: u32,
        lease: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        let claimed = self.names.now();
        let process = self.store.process();
        let mut entries = self
            .store
            .write_again(move |unit| store::claim(unit, now, limit, parked, lease, process))
            .await?;
        for entry in &mut entries {
            entry.claimed = claimed;
        }
        self.claims.remember(&entries);
        Ok(entries)
    }

    /// Makes due at once what processes had claimed that are gone: nobody has to wait for their leases to end. The
    /// process that alone owns a data directory takes every claim for one of these, so it calls this when it starts and
    /// never again; where others share the database, they are asked whether they live. What is parked keeps its time,
    /// so that new events do not wait for it. Returns how many entries changed.
    pub async fn release(&self, now: i64) -> Result<usize, StoreError> {
        if !self.store.is_shared() {
            return self.store.write_again(move |unit| store::release(unit, now)).await;
        }
        let living = self.store.processes().await?;
        self.store.write_again(move |unit| store::release_dead(unit, &living, now)).await
    }

    /// Whether [`Journal::release`] may be called again and again, for other processes may die.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Makes every head due at once that was put off for a reason which begins with `reason`. Returns how many entries
    /// changed.
    pub async fn release_put_off(&self, reason: &'static str, now: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::release_put_off(unit, reason, now)).await
    }

    /// Makes due what is due later than `now` and `ahead` milliseconds, further than anything is ever put off: it
    /// was put off while the clock was wrong. Returns how many entries changed.
    pub async fn bring_back(&self, now: i64, ahead: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::bring_back(unit, now, ahead)).await
    }

    /// Records how attempts ended. One commit for all of them.
    pub async fn settle(&self, outcomes: Vec<(i64, Outcome)>, now: i64) -> Result<(), StoreError> {
        let names = Arc::clone(&self.names);
        let settled: Vec<i64> = outcomes.iter().map(|(seq, _)| *seq).collect();
        let names_of = outcomes.iter().flat_map(|(_, outcome)| outcome.names());
        let mut locks: Vec<_> = names_of.map(|name| name_lock(name)).collect();
        locks.extend(self.claims.lanes(&settled).iter().map(|lane| lane_lock(lane)));
        let second_look = self.store.is_shared().then_some(now + SECOND_LOOK);
        let work = move |unit: &mut headwater_store::Unit<'_>| {
            let by = store::Settling { now, names: &names, second_look };
            outcomes.iter().try_for_each(|(seq, outcome)| store::settle(unit, *seq, outcome, &by))
        };
        self.store.write_locking(locks, work).await?;
        self.claims.forget(&settled);
        Ok(())
    }

    /// When the next entry falls due; `None` when nothing waits.
    pub async fn next_due(&self) -> Result<Option<i64>, StoreError> {
        self.store.read(store::next_due).await
    }

    /// Entries, newest first.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.store.read(move |unit| store::list(unit, &filter)).await
    }

    /// How many entries of a program and mode need a look.
    pub async fn counts(&self, program: i64, test: bool) -> Result<Counts, StoreError> {
        self.store.read(move |unit| store::counts(unit, program, test)).await
    }

    /// Makes an entry of this program and mode due at once that is dead, unattributed or parked. `false` when it is
    /// none of these, or its text is gone.
    pub async fn replay(&self, program: i64, test: bool, id: [u8; 16], now: i64) -> Result<bool, StoreError> {
        let replayed =
            self.store.write_again(move |unit| store::replay(unit, program, test, &id, now)).await?;
        if replayed {
            self.news.notify_one();
        }
        Ok(replayed)
    }

    /// Forgets what has been kept long enough: texts after [`KEEP_BODY`], ids after [`KEEP_ID`], facts after
    /// [`KEEP_FACT`]. Returns how many rows changed.
    pub async fn prune(&self, now: i64) -> Result<usize, StoreError> {
        // One process at a time: the next finds nothing left to do.
        self.store.write_locking(vec!["prune".to_owned()], move |unit| store::prune(unit, now)).await
    }

    /// Empties the database's own log, so that texts which were deleted stand nowhere any more.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when somebody reads an older state just now: to be tried again.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        if self.store.empty_log().await? { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Deletes the text of everything in a lane: a customer asked to be forgotten. What was not delivered yet
    /// will not be. Returns how many entries changed.
    pub async fn erase(&self, lane: String, now: i64) -> Result<usize, StoreError> {
        self.store.write_again(move |unit| store::erase(unit, &lane, now)).await
    }
}
