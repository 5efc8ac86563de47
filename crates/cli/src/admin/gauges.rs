//! What is read at the moment that metrics are asked for: the queue, the stores' load, the disk.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use headwater_metrics::{Gauge, Levels, Registry, Unit};
use tokio::sync::Mutex;

use super::Running;
use crate::system;

/// States of entries, in the order of [`Gauges::refresh`]. Delivered ones are not counted: they are no backlog.
const STATES: &[&str] = &["due", "waiting", "parked", "dead", "unattributed"];
/// The queue is counted at most so often, however often metrics are asked for: a million entries take some 100 ms.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// The gauges of a server.
pub(super) struct Gauges {
    entries: Levels,
    oldest: Gauge,
    readers: Vec<Gauge>,
    waiting: Vec<Gauge>,
    disk_free: Gauge,
    ready: Gauge,
    counted_at: Mutex<Option<Instant>>,
    /// Epoch milliseconds of the receipt of the oldest entry; negative when there is none.
    oldest_at: AtomicI64,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry, running: &Running) -> Self {
        let own = registry.sub_registry_with_prefix("headwater");
        let entries = Levels::new("state", STATES);
        let help = "Entries of the queue that are not delivered; of each state a million are counted at most";
        own.register("queue_entries", help, entries.clone());
        let gauge = |registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>| {
            let gauge = Gauge::default();
            match unit {
                Some(unit) => registry.register_with_unit(name, help, unit, gauge.clone()),
                None => registry.register(name, help, gauge.clone()),
            }
            gauge
        };
        let help = "Age of the oldest entry that is due or waiting; 0 when there is none";
        let oldest = gauge(own, "queue_oldest", help, Some(Unit::Seconds));
        let disk_free =
            gauge(own, "disk_free", "Free room on the disk of the data directory", Some(Unit::Bytes));
        let ready = gauge(own, "ready", "1 when /readyz answers 200", None);
        let started = gauge(own, "started", "When the process started, since 1970", Some(Unit::Seconds));
        started.set(system::now().0 / 1000);
        let (mut readers, mut waiting) = (Vec::new(), Vec::new());
        for (name, store) in &running.stores {
            let own = registry.sub_registry_with_prefix("headwater_store");
            let own = own.sub_registry_with_label(("store".into(), (*name).into()));
            let help = "How long each commit took";
            own.register_with_unit("commit_duration", help, Unit::Seconds, store.metrics().commits.clone());
            let help = "How long each sync of the write-ahead log took (fsync)";
            own.register_with_unit("sync_duration", help, Unit::Seconds, store.metrics().syncs.clone());
            readers.push(gauge(own, "readers_in_use", "Read connections in use", None));
            waiting.push(gauge(own, "units_waiting", "Units of work that wait for the writer", None));
        }
        let counted_at = Mutex::default();
        Self { entries, oldest, readers, waiting, disk_free, ready, counted_at, oldest_at: (-1).into() }
    }

    /// Reads all of them anew, the queue only when it was counted some time ago.
    pub(super) async fn refresh(&self, running: &Running, is_ready: bool) {
        self.ready.set(i64::from(is_ready));
        for (at, (_, store)) in running.stores.iter().enumerate() {
            let load = store.load();
            self.readers[at].set(i64::try_from(load.readers).unwrap_or(i64::MAX));
            self.waiting[at].set(i64::try_from(load.waiting).unwrap_or(i64::MAX));
        }
        if let Some(free) = running.directory.as_deref().and_then(|path| system::free_bytes(path).ok()) {
            self.disk_free.set(i64::try_from(free).unwrap_or(i64::MAX));
        }
        self.count(running).await;
        let received = self.oldest_at.load(Ordering::Relaxed);
        let age = if received < 0 { 0 } else { (system::now().0 - received).max(0) / 1000 };
        self.oldest.set(age);
    }

    async fn count(&self, running: &Running) {
        // Held while it counts: a second scrape waits for the first one's numbers and does not count again.
        let mut counted_at = self.counted_at.lock().await;
        if counted_at.is_some_and(|at| at.elapsed() < COUNT_EVERY) {
            return;
        }
        match running.queue.backlog().await {
            Ok(backlog) => {
                let levels =
                    [backlog.due, backlog.waiting, backlog.parked, backlog.dead, backlog.unattributed];
                for (at, level) in levels.into_iter().enumerate() {
                    self.entries.set(at, level);
                }
                self.oldest_at.store(backlog.oldest.unwrap_or(-1), Ordering::Relaxed);
                *counted_at = Some(Instant::now());
            }
            Err(error) => tracing::warn!(%error, "the queue was not counted; metrics show the older numbers"),
        }
    }
}
