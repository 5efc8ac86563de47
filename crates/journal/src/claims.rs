//! Which lanes the claimed entries are of, where others share the database: settlements and appends lock lanes before
//! anything else, and in one order, so that none of them waits for another in a circle.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::entry::Entry;

/// The claims of this process that are not settled yet; nothing where it is alone.
#[derive(Clone)]
pub(crate) struct Claims {
    lanes: Option<Arc<Mutex<HashMap<i64, String>>>>,
}

impl Claims {
    pub(crate) fn new(shared: bool) -> Self {
        Self { lanes: shared.then(Arc::default) }
    }

    pub(crate) fn remember(&self, entries: &[Entry]) {
        if let Some(mut lanes) = self.lock() {
            lanes.extend(entries.iter().map(|entry| (entry.seq, entry.lane.clone())));
        }
    }

    /// The lanes of these entries, as far as they were claimed here.
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
