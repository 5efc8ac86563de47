//! Remembers the lanes of claimed entries, where several processes share the database. A settlement locks its lanes
//! before its first statement, as an append does, and must know them without a query. All locks are taken at once and
//! in one order, so that two units cannot deadlock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::entry::Entry;

/// The lanes of this process's unsettled claims by [`Entry::seq`]; `None` for a file, which needs no locks.
#[derive(Clone)]
pub(crate) struct Leases {
    lanes: Option<Arc<Mutex<HashMap<i64, String>>>>,
}

impl Leases {
    pub(crate) fn new(shared: bool) -> Self {
        Self { lanes: shared.then(Arc::default) }
    }

    pub(crate) fn remember(&self, entries: &[Entry]) {
        if let Some(mut lanes) = self.lock() {
            lanes.extend(entries.iter().map(|entry| (entry.seq, entry.lane.clone())));
        }
    }

    /// The lanes of those of these entries that this process has claimed.
    pub(crate) fn lanes(&self, entries: &[i64]) -> Vec<String> {
        let Some(lanes) = self.lock() else { return Vec::new() };
        entries.iter().filter_map(|seq| lanes.get(seq).cloned()).collect()
    }

    pub(crate) fn forget(&self, entries: &[i64]) {
        if let Some(mut lanes) = self.lock() {
            for seq in entries {
                lanes.remove(seq);
            }
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, HashMap<i64, String>>> {
        self.lanes.as_ref().map(|lanes| lanes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
