//! Delivery: claims entries that are due, sends each to its destination, and settles it. Many lanes are delivered at
//! once, each in its order; no lane waits for another.

mod attempt;
mod backoff;
mod hold;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use headwater_client::Client;
use headwater_journal::{Claim, Entry, Outcome, State};
use headwater_protocol::limits::{DELIVERIES_MAX, DELIVERY_BACKOFF_MAX, HOLD_MAX, PARKED_DELIVERIES_MAX};
use headwater_store::StoreError;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use crate::Relay;
use attempt::AttemptEnd;
use hold::Holds;

/// The client of a program's key pair; `None` when the program is not known (any more).
pub type Destinations = Arc<dyn Fn(i64, bool) -> Option<Client> + Send + Sync>;

/// Milliseconds a claim lasts: far longer than the client's time-outs of an entry's first few requests together.
const LEASE: i64 = 5 * 60 * 1000;
/// The shortest pause between two claims. Under load each claim then takes many entries, and leaves the store's writer
/// time for new events.
const CLAIM_EVERY: Duration = Duration::from_millis(5);
/// The longest pause between two claims, in milliseconds: other processes append without a notification.
const CLAIM_EVERY_MAX: i64 = 1_000;
/// Milliseconds between two searches for claims of processes that have died.
const RELEASE_EVERY: i64 = 2_000;
/// Milliseconds between two prunings.
const PRUNE_EVERY: i64 = 60 * 60 * 1000;
/// Milliseconds ahead, longer than any backoff. A due time further ahead was computed while the clock was wrong.
const AHEAD_MAX: i64 = 25 * DELIVERY_BACKOFF_MAX;
/// The first and the longest pause before a failed settlement is tried again.
const SETTLE_AGAIN: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// Delivers until `stop` turns true, then settles what is in flight, for at most `drain`. Returns how many deliveries
/// were not settled by then, as when the journal's database is away: each is repeated by the next process.
pub async fn run(
    relay: Relay,
    destinations: Destinations,
    stop: watch::Receiver<bool>,
    drain: Duration,
) -> usize {
    let mut deliveries = DeliveryLoop::new(relay, destinations);
    let mut stopped = stop.clone();
    let deadline = async {
        if stopped.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could stop it.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(drain).await;
    };
    // In order, so that a simulation's run can be repeated: of two that are ready, tokio would take any.
    tokio::select! {
        biased;
        () = work(&mut deliveries, stop) => {}
        () = deadline => {
            let left = deliveries.tasks.len();
            tracing::error!(left, "deliveries were not settled in time; the next process repeats them");
        }
    }
    // Those that are left are given up when the loop is dropped.
    deliveries.tasks.len()
}

async fn work(deliveries: &mut DeliveryLoop, mut stop: watch::Receiver<bool>) {
    let (mut pruned_at, mut released_at) = (None, None);
    let mut pruning = false;
    while !*stop.borrow() {
        let now = deliveries.relay.now().0;
        if pruned_at.is_none_or(|at| has_passed(PRUNE_EVERY, at, now)) {
            pruned_at = Some(now);
            release_far_ahead(&deliveries.relay, now).await;
            pruning = true;
        }
        // One small step between two claims, so that neither deliveries nor requests wait for a long pruning.
        pruning = pruning && prune(&deliveries.relay, now).await;
        // Once at the start. Again and again only where other processes share the journal and may die.
        let shared = deliveries.relay.journal.is_shared();
        if released_at.is_none_or(|at| shared && has_passed(RELEASE_EVERY, at, now)) {
            released_at = Some(now);
            if let Err(error) = deliveries.relay.journal.release(now).await {
                tracing::warn!(%error, "the claims of processes that died were not released; their leases run out");
            }
        }
        match deliveries.claim(now).await {
            Ok(0) if !pruning => deliveries.rest(now, &mut stop).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the journal cannot be claimed from; trying again");
                deliveries.rest(now, &mut stop).await;
            }
        }
        tokio::time::sleep(CLAIM_EVERY).await;
    }
    // Attempts under way may have reached the destination, so their outcomes are still recorded.
    while deliveries.one_ended().await {}
}

/// Whether so many milliseconds have passed since `at`, or the clock was set back.
fn has_passed(millis: i64, at: i64, now: i64) -> bool {
    !(0..millis).contains(&now.saturating_sub(at))
}

/// Deletes some of the old texts, ids and facts; `true` when there may be more.
async fn prune(relay: &Relay, now: i64) -> bool {
    match relay.journal.prune(now).await {
        Ok(pruned) => pruned.more,
        Err(error) => {
            tracing::warn!(%error, "pruning failed; tried again in an hour");
            false
        }
    }
}

/// Makes entries due that have a due time from a wrong clock.
async fn release_far_ahead(relay: &Relay, now: i64) {
    match relay.journal.release_far_ahead(now, AHEAD_MAX).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "entries that were delayed while the clock was ahead are due now"),
        Err(error) => tracing::warn!(%error, "the search for entries delayed by a wrong clock failed"),
    }
}

/// Delivers and settles every entry that is due now, and those that fall due by that; returns how many attempts it
/// made. For callers that step delivery themselves, as tests do; servers use [`run`]. Entries with a later due time are
/// not touched.
///
/// # Errors
/// When the journal cannot be claimed from.
pub async fn deliver_due(relay: &Relay, destinations: &Destinations) -> Result<usize, StoreError> {
    let mut deliveries = DeliveryLoop::new(relay.clone(), Arc::clone(destinations));
    let mut attempts = 0;
    loop {
        let claimed = deliveries.claim(relay.now().0).await?;
        if claimed == 0 {
            return Ok(attempts);
        }
        attempts += claimed;
        while deliveries.one_ended().await {}
    }
}

/// The entries being delivered. Each is settled when its own attempt ends, so that a slow answer delays its own lane
/// only; settlements that come together share a commit.
struct DeliveryLoop {
    relay: Relay,
    destinations: Destinations,
    tasks: JoinSet<()>,
    /// Place in the journal of each task's entry, and whether it is parked.
    under_way: HashMap<Id, (i64, bool)>,
    holds: Arc<Holds>,
    /// Whether the last claim may have been committed without an answer.
    claim_is_unknown: bool,
}

impl DeliveryLoop {
    fn new(relay: Relay, destinations: Destinations) -> Self {
        Self {
            relay,
            destinations,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            holds: Arc::default(),
            claim_is_unknown: false,
        }
    }

    /// Claims as many due entries as may be under way and starts a task for each; returns how many.
    async fn claim(&mut self, now: i64) -> Result<usize, StoreError> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(ended);
        }
        let room = DELIVERIES_MAX.saturating_sub(self.tasks.len());
        if room == 0 {
            return Ok(0);
        }
        let under_way: HashSet<i64> = self.under_way.values().map(|(seq, _)| *seq).collect();
        if self.claim_is_unknown {
            let lost = self.relay.journal.release_claims(under_way.clone(), now).await?;
            tracing::warn!(lost, "claims whose commit was not acknowledged are due again");
            self.claim_is_unknown = false;
        }
        let parked = self.under_way.values().filter(|(_, parked)| *parked).count();
        let parked = PARKED_DELIVERIES_MAX.saturating_sub(parked);
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        // Not those under way: an attempt that has just failed may be settled and due again before its task has ended, and
        // one that takes longer than its lease must not be made twice.
        let claim = Claim { limit: number(room), parked: number(parked), lease: LEASE };
        let claimed = self.relay.journal.claim_except(under_way, now, claim).await;
        self.claim_is_unknown = matches!(claimed, Err(StoreError::Uncertain));
        let entries = claimed?;
        let count = entries.len();
        for entry in entries {
            let at = (entry.seq, entry.state == State::Parked);
            let (relay, destinations) = (self.relay.clone(), Arc::clone(&self.destinations));
            let delivery = deliver_and_settle(relay, destinations, Arc::clone(&self.holds), entry);
            self.under_way.insert(self.tasks.spawn(delivery).id(), at);
        }
        Ok(count)
    }

    /// Waits until one entry is settled; `false` when none is under way.
    async fn one_ended(&mut self) -> bool {
        let ended = self.tasks.join_next_with_id().await;
        ended.map(|ended| self.forget(ended)).is_some()
    }

    fn forget(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                // The entry is not settled, so another attempt begins when its lease runs out.
                tracing::error!(%error, "a delivery panicked");
                error.id()
            }
        };
        self.under_way.remove(&id);
    }

    /// Waits until an entry is appended or falls due, an attempt ends (which may make the next of its lane due), or
    /// `stop` turns true. When as many as may be are under way, only the last two matter.
    async fn rest(&mut self, now: i64, stop: &mut watch::Receiver<bool>) {
        if self.tasks.len() >= DELIVERIES_MAX {
            tokio::select! {
                biased;
                _ = self.one_ended() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            return;
        }
        let due = self.relay.journal.next_due().await.ok().flatten();
        let wait = due.map_or(CLAIM_EVERY_MAX, |due| (due - now).clamp(1, CLAIM_EVERY_MAX));
        let wait = Duration::from_millis(wait.unsigned_abs());
        let journal = self.relay.journal.clone();
        tokio::select! {
            biased;
            () = tokio::time::sleep(wait) => {}
            () = journal.news() => {}
            true = self.one_ended() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Delivers one entry to its destination and settles it.
async fn deliver_and_settle(relay: Relay, destinations: Destinations, holds: Arc<Holds>, entry: Entry) {
    let destination = destinations(entry.program, entry.test);
    let program = relay.programs.of(entry.program, entry.test);
    let (pair, now) = ((entry.program, entry.test), relay.now().0);
    let outcome = match (destination, program) {
        (Some(client), Some(program)) => match holds.may_try(pair, now) {
            Err(held) => put_off(held),
            Ok(()) => match attempt::deliver(&client, &program, &relay.journal, &entry, now).await {
                AttemptEnd::Refused(reason) => put_off(holds.refused(pair, &reason, relay.now().0)),
                AttemptEnd::As(outcome) => {
                    // Any other outcome shows that the destination accepts our credential. A retry does not: there was
                    // no answer, or an intermediary's.
                    if !matches!(outcome, Outcome::Retry { .. }) && holds.accepted(pair) {
                        release(&relay).await;
                    }
                    outcome
                }
            },
        },
        // A ledger that is being restored may not know the program yet, so the event, which was acknowledged with 202,
        // is kept and tried again.
        _ => put_off((now + HOLD_MAX, "held: its program is not known here".to_owned())),
    };
    let ended = relay.now().0;
    relay.metrics.ended(&outcome, ended - entry.received_at, ended - now);
    log(&entry, &outcome);
    settle(&relay, entry.seq, outcome).await;
}

/// Tries again later without counting an attempt, because the entry is not at fault.
fn put_off((at, reason): (i64, String)) -> Outcome {
    Outcome::Retry { at, reason, counted: false }
}

/// Makes the entries due that were held while the destination refused our credential.
async fn release(relay: &Relay) {
    if let Err(error) = relay.journal.release_by_reason(hold::HELD, relay.now().0).await {
        tracing::warn!(%error, "held entries could not be made due; each waits for its own retry time");
    }
}

/// Settles an entry, and tries again while the store is busy, full or cannot be reached: an entry that is not settled
/// blocks its lane until the lease runs out, and is then delivered twice.
async fn settle(relay: &Relay, seq: i64, outcome: Outcome) {
    let [mut wait, longest] = SETTLE_AGAIN;
    loop {
        match relay.journal.settle(vec![(seq, outcome.clone())], relay.now().0).await {
            Ok(()) => return,
            // Nothing would change: the store is stopping, or the unit itself is wrong.
            Err(error @ (StoreError::Closed | StoreError::Panicked)) => {
                let what = "a delivery could not be settled; it will be repeated, which receivers tolerate";
                tracing::error!(%error, what);
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "a delivery could not be settled; trying again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(longest);
            }
        }
    }
}

fn log(entry: &Entry, outcome: &Outcome) {
    let id = headwater_protocol::EventId::from_bytes(entry.id);
    match outcome {
        Outcome::Delivered { .. } => tracing::debug!(%id, kind = entry.kind, "delivered"),
        Outcome::Retry { reason, .. } => {
            tracing::info!(%id, kind = entry.kind, attempt = entry.attempts, reason, "to be retried");
        }
        Outcome::Parked { reason, .. } => tracing::info!(%id, kind = entry.kind, reason, "parked"),
        Outcome::Unattributed { reason } => {
            tracing::info!(%id, kind = entry.kind, reason, "unattributed; listed under GET /v1/entries");
        }
        Outcome::Dead { reason } => {
            tracing::warn!(%id, kind = entry.kind, reason, "given up; listed under GET /v1/entries?state=dead");
        }
    }
}

#[cfg(test)]
mod tests;
