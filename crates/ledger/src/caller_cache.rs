//! A cache of key pairs that were authenticated lately. Every request brings a pair, and looking each up in the
//! database costs more than many requests do. It holds the hash of a pair, never the pair.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_protocol::Millis;
use headwater_protocol::limits::{CALLER_CACHE_MILLIS, CALLERS_MAX};
use sha2::{Digest as _, Sha256};

use crate::record::credential::Caller;

/// Callers by the hash of their key pair, with the time they were looked up.
#[derive(Default)]
pub(crate) struct CallerCache {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// Counts changes of credentials. A lookup that began before a change is not cached after it.
    generation: u64,
    callers: HashMap<[u8; 32], (Millis, Caller)>,
}

/// A key pair that is not cached and has to be looked up.
pub(crate) struct PendingLookup {
    hash: [u8; 32],
    generation: u64,
}

impl CallerCache {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller of a key pair that was looked up less than `CALLER_CACHE_MILLIS` ago; otherwise the handle that
    /// [`CallerCache::insert`] takes after the lookup.
    pub(crate) fn find(
        &self,
        public_key: &str,
        password: &str,
        now: Millis,
    ) -> Result<Caller, PendingLookup> {
        let mut hasher = Sha256::new();
        hasher.update(public_key);
        hasher.update([0]);
        hasher.update(password);
        let hash = hasher.finalize().into();
        let entries = self.entries();
        match entries.callers.get(&hash) {
            // A negative age, after the clock was set back, counts as expired.
            Some((at, caller)) if (0..CALLER_CACHE_MILLIS).contains(&(now.0 - at.0)) => Ok(*caller),
            _ => Err(PendingLookup { hash, generation: entries.generation }),
        }
    }

    /// Caches the result of a lookup, unless credentials have changed since it began.
    pub(crate) fn insert(&self, lookup: &PendingLookup, caller: Caller, now: Millis) {
        let mut entries = self.entries();
        if entries.generation != lookup.generation {
            return;
        }
        if entries.callers.len() >= CALLERS_MAX {
            entries.callers.clear();
        }
        entries.callers.insert(lookup.hash, (now, caller));
    }

    /// Empties the cache after a change of credentials.
    pub(crate) fn clear(&self) {
        let mut entries = self.entries();
        entries.generation += 1;
        entries.callers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: Caller = Caller::Vendor { program: 1, test: false, read_only: false };

    fn lookup(callers: &CallerCache, now: i64) -> Option<PendingLookup> {
        callers.find("pk_1", "sk_1", Millis(now)).err()
    }

    #[test]
    fn a_key_pair_is_cached_for_a_moment_and_only_as_a_whole() {
        let callers = CallerCache::default();
        callers.insert(&lookup(&callers, 5).unwrap(), CALLER, Millis(5));
        assert!(lookup(&callers, 5).is_none() && lookup(&callers, 4 + CALLER_CACHE_MILLIS).is_none());
        assert!(lookup(&callers, 5 + CALLER_CACHE_MILLIS).is_some() && lookup(&callers, 4).is_some());
        assert!(callers.find("pk_1", "sk_2", Millis(5)).is_err());
        assert!(callers.find("pk_1sk_1", "", Millis(5)).is_err());
    }

    #[test]
    fn a_lookup_that_began_before_a_secret_was_replaced_is_not_cached() {
        let callers = CallerCache::default();
        callers.insert(&lookup(&callers, 0).unwrap(), CALLER, Millis(0));
        callers.clear();
        let late = lookup(&callers, 0).unwrap();
        callers.clear();
        callers.insert(&late, CALLER, Millis(0));
        assert!(lookup(&callers, 0).is_some());
    }
}
