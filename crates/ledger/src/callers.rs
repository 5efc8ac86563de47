//! A cache of key pairs that were authenticated lately. Every request brings a pair, and looking each up in the
//! database costs more than many requests do. It holds the hash of a pair, never the pair.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_protocol::Millis;
use headwater_protocol::limits::{CALLERS_KEPT, CALLERS_MAX};
use sha2::{Digest as _, Sha256};

use crate::record::credential::Caller;

/// Callers by the hash of their key pair, with the time they were looked up.
#[derive(Default)]
pub(crate) struct Callers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Counts changes of credentials. A lookup that began before a change is not cached after it.
    edition: u64,
    callers: HashMap<[u8; 32], (Millis, Caller)>,
}

/// A key pair that is not cached and has to be looked up.
pub(crate) struct Asked {
    hash: [u8; 32],
    edition: u64,
}

impl Callers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller of a key pair that was looked up less than `CALLERS_KEPT` ago; otherwise the handle that
    /// [`Callers::keep`] takes after the lookup.
    pub(crate) fn find(&self, public_key: &str, password: &str, now: Millis) -> Result<Caller, Asked> {
        let mut hasher = Sha256::new();
        hasher.update(public_key);
        hasher.update([0]);
        hasher.update(password);
        let hash = hasher.finalize().into();
        let kept = self.kept();
        match kept.callers.get(&hash) {
            // A negative age, after the clock was set back, counts as expired.
            Some((at, caller)) if (0..CALLERS_KEPT).contains(&(now.0 - at.0)) => Ok(*caller),
            _ => Err(Asked { hash, edition: kept.edition }),
        }
    }

    /// Caches the result of a lookup, unless credentials have changed since it began.
    pub(crate) fn keep(&self, asked: &Asked, caller: Caller, now: Millis) {
        let mut kept = self.kept();
        if kept.edition != asked.edition {
            return;
        }
        if kept.callers.len() >= CALLERS_MAX {
            kept.callers.clear();
        }
        kept.callers.insert(asked.hash, (now, caller));
    }

    /// Empties the cache after a change of credentials.
    pub(crate) fn forget(&self) {
        let mut kept = self.kept();
        kept.edition += 1;
        kept.callers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: Caller = Caller::Vendor { program: 1, test: false };

    fn asked(callers: &Callers, now: i64) -> Option<Asked> {
        callers.find("pk_1", "sk_1", Millis(now)).err()
    }

    #[test]
    fn a_key_pair_is_cached_for_a_moment_and_only_as_a_whole() {
        let callers = Callers::default();
        callers.keep(&asked(&callers, 5).unwrap(), CALLER, Millis(5));
        assert!(asked(&callers, 5).is_none() && asked(&callers, 4 + CALLERS_KEPT).is_none());
        assert!(asked(&callers, 5 + CALLERS_KEPT).is_some() && asked(&callers, 4).is_some());
        assert!(callers.find("pk_1", "sk_2", Millis(5)).is_err());
        assert!(callers.find("pk_1sk_1", "", Millis(5)).is_err());
    }

    #[test]
    fn a_lookup_that_began_before_a_secret_was_replaced_is_not_cached() {
        let callers = Callers::default();
        callers.keep(&asked(&callers, 0).unwrap(), CALLER, Millis(0));
        callers.forget();
        let late = asked(&callers, 0).unwrap();
        callers.forget();
        callers.keep(&late, CALLER, Millis(0));
        assert!(asked(&callers, 0).is_some());
    }
}
