//! Delivery: claims what is due, carries it to its destination, settles. Many lanes at once, each in order.

mod backoff;
mod carry;

use std::sync::Arc;
use std::time::Duration;

use client::Client;
use journal::{Entry, Outcome};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Relay;

/// The client of a program's key pair; `None` when the program is not known (any more).
pub type Destinations = Arc<dyn Fn(i64, bool) -> Option<Client> + Send + Sync>;

/// Entries claimed at once: enough to keep a destination busy, few enough that a lease is never lost by waiting.
const CLAIM: u32 = 64;
/// Milliseconds a claim lasts: twice the client's own time-out for each of an entry's few requests.
const LEASE: i64 = 5 * 60 * 1000;
/// The longest wait between two looks at the journal: what other processes append has no bell here.
const LOOK_EVERY: i64 = 1_000;
/// Between two prunings.
const PRUNE_EVERY: i64 = 60 * 60 * 1000;

/// Delivers until `stop` turns true, then settles what is in flight.
pub async fn run(relay: Relay, destinations: Destinations, mut stop: watch::Receiver<bool>) {
    // One process owns the data directory: claims of the one before it, killed or not, are nobody's now.
    if let Err(error) = relay.journal.release(relay.now().0).await {
        tracing::warn!(%error, "entries that were being delivered wait for their lease to end");
    }
    let mut pruned_at = i64::MIN;
    while !*stop.borrow() {
        let now = relay.now().0;
        if now.saturating_sub(pruned_at) >= PRUNE_EVERY {
            pruned_at = now;
            if let Err(error) = relay.journal.prune(now).await {
                tracing::warn!(%error, "pruning put off");
            }
        }
        match relay.journal.claim(now, CLAIM, LEASE).await {
            Ok(entries) if !entries.is_empty() => deliver(&relay, &destinations, entries).await,
            Ok(_) => rest(&relay, now, &mut stop).await,
            Err(error) => {
                tracing::error!(%error, "the journal cannot be claimed from; trying again");
                rest(&relay, now, &mut stop).await;
            }
        }
    }
}

/// Waits for news, for the next due entry, or for the end.
async fn rest(relay: &Relay, now: i64, stop: &mut watch::Receiver<bool>) {
    let due = relay.journal.next_due().await.ok().flatten();
    let wait = due.map_or(LOOK_EVERY, |due| (due - now).clamp(1, LOOK_EVERY));
    let wait = Duration::from_millis(wait.unsigned_abs());
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = relay.journal.news() => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Carries a claim's entries side by side (they are of different lanes) and settles them in one commit.
async fn deliver(relay: &Relay, destinations: &Destinations, entries: Vec<Entry>) {
    let mut carried = JoinSet::new();
    for entry in entries {
        let destination = destinations(entry.program, entry.test);
        let program = relay.programs.of(entry.program, entry.test);
        let relay = relay.clone();
        carried.spawn(async move {
            let outcome = match (destination, program) {
                (Some(client), Some(program)) => carry::carry(&client, &program, &entry, relay.now().0).await,
                _ => Outcome::Dead { reason: "its program is not known here any more".to_owned() },
            };
            log(&entry, &outcome);
            (entry.seq, outcome)
        });
    }
    let mut outcomes = Vec::with_capacity(carried.len());
    while let Some(ended) = carried.join_next().await {
        match ended {
            Ok(outcome) => outcomes.push(outcome),
            // Its lease runs out, and another attempt begins.
            Err(error) => tracing::error!(%error, "a delivery panicked"),
        }
    }
    let now = relay.now().0;
    if let Err(error) = relay.journal.settle(outcomes, now).await {
        tracing::error!(%error, "deliveries could not be settled; they will be repeated, which receivers tolerate");
    }
}

fn log(entry: &Entry, outcome: &Outcome) {
    let id = protocol::EventId::from_bytes(entry.id);
    match outcome {
        Outcome::Delivered => tracing::debug!(%id, kind = entry.kind, "delivered"),
        Outcome::Retry { reason, .. } => {
            tracing::info!(%id, kind = entry.kind, attempt = entry.attempts, reason, "put off");
        }
        Outcome::Parked { reason, .. } => tracing::info!(%id, kind = entry.kind, reason, "parked"),
        Outcome::Dead { reason } => {
            tracing::warn!(%id, kind = entry.kind, reason, "given up; listed under GET /v1/entries?state=dead");
        }
    }
}

#[cfg(test)]
mod tests;
