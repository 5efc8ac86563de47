//! Whose key pairs came lately: every request brings one, and asking the database for each costs more than many a
//! request itself. What is remembered is the hash of a pair, never the pair.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_protocol::Millis;
use headwater_protocol::limits::{CALLERS_KEPT, CALLERS_MAX};
use sha2::{Digest as _, Sha256};

use crate::record::credential::Caller;

/// Callers by the hash of their pair, with the time they were looked up.
#[derive(Default)]
pub(crate) struct Callers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Counts changes of credentials: what was looked up before one is not kept after it.
    edition: u64,
    callers: HashMap<[u8; 32], (Millis, Caller)>,
}

/// A pair that was asked for and is to be looked up.
pub(crate) struct Asked {
    hash: [u8; 32],
    edition: u64,
}

impl Callers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller of a pair, when that was looked up a moment ago; otherwise what [`Callers::keep`] takes.
    pub(crate) fn find(&self, public_key: &str, password: &str, now: Millis) -> Result<Caller, Asked> {
        let mut hasher = Sha256::new();
        hasher.update(public_key);
        hasher.update([0]);
        hasher.update(password);
        let hash = hasher.finalize().into();
        let kept = self.kept();
        match kept.callers.get(&hash) {
            // Also when the clock went back.
            Some((at, caller)) if (0..CALLERS_KEPT).contains(&(now.0 - at.0)) => Ok(*caller),
            _ => Err(Asked { hash, edition: kept.edition }),
        }
    }

    /// Remembers who it was, unless credentials have changed since it was asked.
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

    /// Credentials have changed: everybody is looked up anew.
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
    fn a_pair_is_known_for_a_moment_and_its_halves_are_not() {
        let callers = Callers::default();
        callers.keep(&asked(&callers, 5).unwrap(), CALLER, Millis(5));
        assert!(asked(&callers, 5).is_none() && asked(&callers, 4 + CALLERS_KEPT).is_none());
        assert!(asked(&callers, 5 + CALLERS_KEPT).is_some() && asked(&callers, 4).is_some());
        assert!(callers.find("pk_1", "sk_2", Millis(5)).is_err());
        assert!(callers.find("pk_1sk_1", "", Millis(5)).is_err());
    }

    #[test]
    fn what_was_looked_up_before_a_secret_was_replaced_is_not_kept_after_it() {
        let callers = Callers::default();
        callers.keep(&asked(&callers, 0).unwrap(), CALLER, Millis(0));
        callers.forget();
        let late = asked(&callers, 0).unwrap();
        callers.forget();
        callers.keep(&late, CALLER, Millis(0));
        assert!(asked(&callers, 0).is_some());
    }
}
