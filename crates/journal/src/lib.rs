//! The durable queue. An event is appended before the relay answers that it was accepted; a deliverer claims it, and
//! settles it when the attempt has ended. Entries of one lane (one customer) are delivered in their order; lanes do not
//! wait for each other. An entry that waits for something that may never come, such as its customer, is parked: the
//! lane goes on without it, and it falls due when one of the names it waits for is delivered.
//!
//! De-duplication and enqueueing are one unit of work. So are settling an entry and making the next of its lane the
//! head, and storing a webhook's facts and entries. A crash at any step leaves the queue consistent.
//!
//! What this crate does not do: read the bodies of events, or do network I/O.

mod append_batcher;
mod delivered_names;
mod entry;
mod leases;
mod store;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_store::{Store, StoreError};
use tokio::sync::Notify;

use append_batcher::AppendBatcher;
use delivered_names::DeliveredNames;
use leases::Leases;

pub use entry::{
    Activity, Appended, Backlog, Counts, Entry, EntryAttempt, EntryRange, Filter, NewEntry, Outcome,
    PrunePlace, Pruned, ReasonCount, Retention, State,
};
pub use store::{
    MIGRATIONS, REPLAYABLE, activity, attempts, backlog, check, entries, entries_of_event, first_received,
};

/// Milliseconds a delivered or unattributed entry keeps its text, for inspection and for replay of the latter: 7 days.
pub const KEEP_BODY: i64 = 7 * 24 * 60 * 60 * 1000;
/// Milliseconds an id is remembered, so that the same event sent again is a duplicate: 90 days, longer than any browser
/// retries.
pub const KEEP_ID: i64 = 90 * 24 * 60 * 60 * 1000;
/// Milliseconds a fact is remembered: 400 days, so that a yearly plan can be refunded or disputed at its end.
pub const KEEP_FACT: i64 = 400 * 24 * 60 * 60 * 1000;

/// Something a billing provider said that later events need, such as which payment paid which invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The program and mode, written as in lanes.
    pub scope: String,
    /// What it is about, such as `in:in_1`. Entries are parked for the scope and name together (see
    /// [`Fact::parked_name`]).
    pub name: String,
    /// Distinguishes the facts under one name.
    pub part: String,
    /// The provider's time of the fact, epoch milliseconds. Of two facts with the same scope, name and part, the newer
    /// one is kept.
    pub at: i64,
    /// Orders two facts of the same time; the higher rank is the later one.
    pub rank: i64,
    /// The content. The journal does not read it.
    pub body: String,
    /// The number of the change that stored it: higher than that of every fact stored or changed before. Whoever gives a
    /// fact to the journal writes 0.
    pub change: i64,
}

impl Fact {
    /// The name that entries are parked for when they wait for this fact.
    pub fn parked_name(&self) -> String {
        format!("{}:{}", self.scope, self.name)
    }
}

/// Milliseconds after which an entry that is parked for the first time is tried again, where several processes share
/// the database. Its name may have been delivered by another process during the attempt, which this process's
/// [`DeliveredNames`] do not record.
const FIRST_PARK_DELAY: i64 = 1_000;

/// How many dead entries of pages are kept for each program and mode, the newest ones. Dead entries of billing
/// providers and of the vendor are all kept.
pub const KEEP_DEAD_CLAIMS: i64 = 100_000;

/// The locks of an append. It looks up whether a lane has a head before it writes, so nothing else may change the
/// lane in between.
fn lanes(entries: &[NewEntry]) -> Vec<String> {
    entries.iter().map(|entry| lane_lock(&entry.lane)).collect()
}

/// The lock of a name. A settlement that parks for a name and one that delivers it must not run at the same time, or
/// the parked entry would miss the name.
fn name_lock(name: &str) -> String {
    format!("name {name}")
}

fn lane_lock(lane: &str) -> String {
    format!("lane {lane}")
}

/// What a claim takes, see [`Journal::claim`].
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Entries at most.
    pub limit: u32,
    /// Parked ones among them at most.
    pub parked: u32,
    /// Milliseconds until an entry that is not settled falls due again.
    pub lease: i64,
}

/// The journal in one store. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    store: Store,
    /// `None` for a file, whose single writer already commits many appends together.
    batcher: Option<AppendBatcher>,
    news: Arc<Notify>,
    names: Arc<DeliveredNames>,
    leases: Leases,
    retention: Retention,
    pruned: Arc<Mutex<PrunePlace>>,
}

impl Journal {
    /// The journal in a store that was opened with [`MIGRATIONS`].
    pub fn open(store: Store) -> Self {
        let batcher = store.is_shared().then(|| AppendBatcher::new(store.clone()));
        let leases = Leases::new(store.is_shared());
        Self {
            store,
            batcher,
            news: Arc::default(),
            names: Arc::new(DeliveredNames::new()),
            leases,
            retention: Retention::default(),
            pruned: Arc::default(),
        }
    }

    /// The same journal, which keeps texts so long.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Appends entries in their order; returns after the commit, with one result for each. An id that the program and
    /// mode already have is a duplicate and changes nothing.
    pub async fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<Appended>, StoreError> {
        let appended = match &self.batcher {
            Some(gather) => gather.append(entries).await?,
            None => self.store.write(move |unit| store::append(unit, &entries)).await?,
        };
        if appended.contains(&Appended::New) {
            self.news.notify_one();
        }
        Ok(appended)
    }

    /// Appends entries and stores facts in one unit of work. Entries parked for a fact that is new fall due at `now`,
    /// epoch milliseconds.
    pub async fn append_with_facts(
        &self,
        entries: Vec<NewEntry>,
        facts: Vec<Fact>,
        now: i64,
    ) -> Result<Vec<Appended>, StoreError> {
        let names = Arc::clone(&self.names);
        let mut locks = lanes(&entries);
        locks.extend(facts.iter().map(|fact| name_lock(&fact.parked_name())));
        let work = move |unit: &mut headwater_store::Unit<'_>| {
            // Two processes at once may give out the same number, which then orders nothing between their two facts.
            let newest = if facts.is_empty() { 0 } else { store::newest_change(unit)? };
            for (change, fact) in (newest + 1..).zip(&facts) {
                if store::upsert_fact(unit, fact, change, now)? {
                    store::release_parked(unit, &[fact.parked_name()], now, &names)?;
                }
            }
            store::append(unit, &entries)
        };
        let appended = self.store.write_locking(locks, work).await?;
        self.news.notify_one();
        Ok(appended)
    }

    /// The facts under a name of a scope, sorted by [`Fact::part`].
    pub async fn facts(&self, scope: String, name: String) -> Result<Vec<Fact>, StoreError> {
        self.store.read(move |unit| store::facts(unit, &scope, &name)).await
    }

    /// Resolves once something was appended or replayed since the last time.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// Claims up to `limit` entries that are due at `now` (epoch milliseconds): heads, at most one for each lane, and
    /// at most `parked` parked ones. An entry that is not settled within `lease` milliseconds falls due again, for
    /// another attempt.
    pub async fn claim(
        &self,
        now: i64,
        limit: u32,
        parked: u32,
        lease: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        self.claim_except(HashSet::new(), now, Claim { limit, parked, lease }).await
    }

    /// The same without the entries of `under_way`, by [`Entry::seq`]. A deliverer gives those whose attempt it has not
    /// seen end: the entry may be settled and due again already, or its lease may have run out.
    pub async fn claim_except(
        &self,
        under_way: HashSet<i64>,
        now: i64,
        claim: Claim,
    ) -> Result<Vec<Entry>, StoreError> {
        let claimed = self.names.now();
        let process = self.store.process();
        let work =
            move |unit: &mut headwater_store::Unit<'_>| store::claim(unit, &under_way, now, &claim, process);
        let mut entries = self.store.write(work).await?;
        // Read before the claim, so that a name delivered during the claim counts as delivered after it.
        for entry in &mut entries {
            entry.claimed = claimed;
        }
        self.leases.remember(&entries);
        Ok(entries)
    }

    /// Makes the heads that ended processes had claimed due at once, so that their leases need not run out first. For
    /// a file, every claim is taken for one of an ended process, so call this once, before the first claim. In a
    /// shared database, only the claims of processes that do not run any more are released. Parked entries keep their
    /// due time, so that new events do not wait behind them. Returns how many entries changed.
    pub async fn release(&self, now: i64) -> Result<usize, StoreError> {
        if !self.store.is_shared() {
            return self.store.write(move |unit| store::release(unit, now)).await;
        }
        let living = self.store.processes().await?;
        self.store.write(move |unit| store::release_dead(unit, &living, now)).await
    }

    /// Makes the heads due that this process has claimed, without those of `under_way`. For a process that does not know
    /// whether a claim was committed, since its connection was lost meanwhile: the lane would wait for the lease. Returns
    /// how many entries changed.
    pub async fn release_claims(&self, under_way: HashSet<i64>, now: i64) -> Result<usize, StoreError> {
        let process = self.store.process();
        self.store.write(move |unit| store::release_claims(unit, process, &under_way, now)).await
    }

    /// Whether other processes share the journal. Then [`Journal::release`] has to be called again and again, because
    /// any of them may die.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Makes every head due at once whose last attempt failed for a reason that begins with `reason`. Returns how many
    /// entries changed.
    pub async fn release_by_reason(&self, reason: &'static str, now: i64) -> Result<usize, StoreError> {
        self.store.write(move |unit| store::release_by_reason(unit, reason, now)).await
    }

    /// Makes entries due at `now` whose due time is more than `ahead` milliseconds later. Choose `ahead` longer than
    /// any retry delay: a later due time was computed while the clock was wrong. Returns how many entries changed.
    pub async fn release_far_ahead(&self, now: i64, ahead: i64) -> Result<usize, StoreError> {
        self.store.write(move |unit| store::release_far_ahead(unit, now, ahead)).await
    }

    /// Records how attempts ended, each given by its [`Entry::seq`]. All are one unit of work.
    pub async fn settle(&self, outcomes: Vec<(i64, Outcome)>, now: i64) -> Result<(), StoreError> {
        let names = Arc::clone(&self.names);
        let settled: Vec<i64> = outcomes.iter().map(|(seq, _)| *seq).collect();
        let names_of = outcomes.iter().flat_map(|(_, outcome)| outcome.names());
        let mut locks: Vec<_> = names_of.map(|name| name_lock(name)).collect();
        locks.extend(self.leases.lanes(&settled).iter().map(|lane| lane_lock(lane)));
        let first_retry = self.store.is_shared().then_some(now + FIRST_PARK_DELAY);
        let work = move |unit: &mut headwater_store::Unit<'_>| {
            let by = store::Settling { now, names: &names, first_retry };
            outcomes.iter().try_for_each(|(seq, outcome)| store::settle(unit, *seq, outcome, &by))
        };
        self.store.write_locking(locks, work).await?;
        self.leases.forget(&settled);
        Ok(())
    }

    /// When the next entry falls due, epoch milliseconds; `None` when no entry is open.
    pub async fn next_due(&self) -> Result<Option<i64>, StoreError> {
        self.store.read(store::next_due).await
    }

    /// Entries, newest first.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Entry>, StoreError> {
        self.store.read(move |unit| store::list(unit, &filter)).await
    }

    /// How many entries of a program and mode are parked, dead or unattributed.
    pub async fn counts(&self, program: i64, test: bool) -> Result<Counts, StoreError> {
        self.store.read(move |unit| store::counts(unit, program, test)).await
    }

    /// How much waits in the whole journal.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.store.read(backlog).await
    }

    /// Makes a dead, unattributed or parked entry of this program and mode due at once. `false` when there is no such
    /// entry, it is in another state, or its text was deleted.
    pub async fn replay(&self, program: i64, test: bool, id: [u8; 16], now: i64) -> Result<bool, StoreError> {
        let replayed = self.store.write(move |unit| store::replay(unit, program, test, &id, now)).await?;
        if replayed {
            self.news.notify_one();
        }
        Ok(replayed)
    }

    /// Deletes some of what has been kept long enough, in a step of a few milliseconds: texts after their [`Retention`],
    /// ids after [`KEEP_ID`], facts after [`KEEP_FACT`], and dead entries of pages beyond [`KEEP_DEAD_CLAIMS`].
    pub async fn prune(&self, now: i64) -> Result<Pruned, StoreError> {
        let place = *self.pruned.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = self.retention;
        // Locked, so that a second process that prunes at the same time waits and then finds nothing left to do.
        let locks = vec!["prune".to_owned()];
        let pruned =
            self.store.write_locking(locks, move |unit| store::prune(unit, now, keep, place)).await?;
        *self.pruned.lock().unwrap_or_else(PoisonError::into_inner) = pruned.place;
        Ok(pruned)
    }

    /// Makes entries due that are dead, unattributed or parked, and delivered ones too if `delivered` says so. They are
    /// named by [`Entry::seq`]. Returns how many changed; those in other states and those without a text do not.
    pub async fn replay_entries(
        &self,
        entries: Vec<i64>,
        delivered: bool,
        now: i64,
    ) -> Result<usize, StoreError> {
        let work =
            move |unit: &mut headwater_store::Unit<'_>| store::replay_entries(unit, &entries, delivered, now);
        let replayed = self.store.write(work).await?;
        self.news.notify_one();
        Ok(replayed)
    }

    /// Drops entries that are dead, unattributed or parked: they are never delivered. Returns how many changed.
    pub async fn drop_entries(&self, entries: Vec<i64>, now: i64) -> Result<usize, StoreError> {
        self.store.write(move |unit| store::drop_entries(unit, &entries, now)).await
    }

    /// Truncates the database's write-ahead log, so that deleted texts are not in it any more.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when a reader still uses an older snapshot; try again later.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        if self.store.truncate_log().await? { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Deletes the text of every entry in a lane, because a customer asked to be forgotten. Entries that were not
    /// delivered yet become dead. Returns how many entries changed.
    pub async fn erase(&self, lane: String, now: i64) -> Result<usize, StoreError> {
        // Locked, so that no entry is appended behind the lane's head while it is erased: nothing would deliver it.
        let locks = vec![lane_lock(&lane)];
        self.store.write_locking(locks, move |unit| store::erase(unit, &lane, now)).await
    }
}
