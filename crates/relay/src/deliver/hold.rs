//! Destinations that refuse our credential, as after a key was rotated there. Every entry would be refused, and none is
//! at fault. So delivery to that destination is held: one entry at a time tries, with backoff, until one is accepted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_protocol::limits::{DELIVERY_BACKOFF_MIN, HOLD_MAX};

/// A program's number, and whether it is the test pair. It identifies a destination.
type Pair = (i64, bool);

#[derive(Debug)]
struct HeldDestination {
    /// Epoch milliseconds of the next attempt.
    until: i64,
    /// Refusals of one entry after the other: those that were under way together count once.
    refusals: u32,
    /// An entry was let through to try, and its answer has not come.
    probing: bool,
    reason: String,
}

/// Which destinations are held.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: Mutex<HashMap<Pair, HeldDestination>>,
}

impl Holds {
    fn held(&self) -> MutexGuard<'_, HashMap<Pair, HeldDestination>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an entry may be sent at `now`. While a destination is held, one entry at a time may, as a probe; for the
    /// others, the error is when to retry (epoch milliseconds) and why.
    pub(super) fn may_try(&self, pair: Pair, now: i64) -> Result<(), (i64, String)> {
        let mut held = self.held();
        let Some(hold) = held.get_mut(&pair) else { return Ok(()) };
        // The second condition fails when the clock was set back; the hold must not get longer by that.
        if now < hold.until && hold.until - now <= HOLD_MAX {
            return Err((hold.until, held_reason(&hold.reason)));
        }
        hold.until = now + wait(hold.refusals);
        hold.probing = true;
        Ok(())
    }

    /// Records that the destination refused our credential; returns when to retry (epoch milliseconds) and why.
    pub(super) fn refused(&self, pair: Pair, reason: &str, now: i64) -> (i64, String) {
        let mut held = self.held();
        let hold = held.entry(pair).or_insert_with(|| {
            tracing::error!(
                program = pair.0,
                test = pair.1,
                reason,
                "the destination refuses our credential: delivery to it is held, nothing is lost; set a key that it accepts"
            );
            HeldDestination { until: now, refusals: 0, probing: true, reason: String::new() }
        });
        reason.clone_into(&mut hold.reason);
        // Entries that were under way together prolong the hold only once.
        if now >= hold.until || hold.until - now > HOLD_MAX {
            hold.until = now + wait(hold.refusals);
        }
        if std::mem::take(&mut hold.probing) {
            hold.refusals = hold.refusals.saturating_add(1);
        }
        (hold.until, held_reason(reason))
    }

    /// Records that the destination accepted our credential; `true` when delivery to it was held.
    pub(super) fn accepted(&self, pair: Pair) -> bool {
        let was_held = self.held().remove(&pair).is_some();
        if was_held {
            tracing::info!(program = pair.0, test = pair.1, "the destination accepts our credential again");
        }
        was_held
    }
}

/// The beginning of the reason of held entries, by which they are found and made due.
pub(super) const HELD: &str = "held: the destination refuses our credential";

fn held_reason(reason: &str) -> String {
    format!("{HELD} ({reason})")
}

fn wait(refusals: u32) -> i64 {
    DELIVERY_BACKOFF_MIN.saturating_mul(1 << refusals.min(20)).min(HOLD_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = (1, false);
    const NOW: i64 = 1_775_514_585_000;

    #[test]
    fn one_entry_at_a_time_tries_a_destination_that_is_held() {
        let holds = Holds::default();
        assert_eq!(holds.may_try(PAIR, 0), Ok(()));
        let (until, reason) = holds.refused(PAIR, "refused with 401", 0);
        assert_eq!(reason, "held: the destination refuses our credential (refused with 401)");
        assert_eq!(holds.may_try(PAIR, until - 1), Err((until, reason)));
        assert_eq!(holds.may_try((1, true), 0), Ok(()), "another key pair");
        assert_eq!(holds.may_try(PAIR, until), Ok(()));
        assert!(holds.may_try(PAIR, until).is_err(), "another entry is the probe");
        assert!(holds.accepted(PAIR) && !holds.accepted(PAIR));
        assert_eq!(holds.may_try(PAIR, until), Ok(()));
    }

    #[test]
    fn entries_that_were_under_way_together_prolong_a_hold_once() {
        let holds = Holds::default();
        let until = NOW + DELIVERY_BACKOFF_MIN;
        for now in [NOW, NOW, until - 1] {
            assert_eq!(holds.refused(PAIR, "401", now).0, until);
        }
        assert_eq!(
            holds.refused(PAIR, "401", until).0,
            until + 2 * DELIVERY_BACKOFF_MIN,
            "and a later one again"
        );
    }

    #[test]
    fn a_probe_gives_its_destination_time_to_answer() {
        let holds = Holds::default();
        let (until, _) = holds.refused(PAIR, "401", NOW);
        assert_eq!(holds.may_try(PAIR, until), Ok(()));
        let next = until + 2 * DELIVERY_BACKOFF_MIN;
        assert_eq!(holds.may_try(PAIR, until).unwrap_err().0, next);
        assert_eq!((holds.may_try(PAIR, next - 1).is_err(), holds.may_try(PAIR, next)), (true, Ok(())));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_hold_longer() {
        let held = || {
            let holds = Holds::default();
            let (until, _) = holds.refused(PAIR, "401", NOW);
            (holds, until)
        };
        let (holds, until) = held();
        assert_eq!(holds.may_try(PAIR, until - HOLD_MAX).unwrap_err().0, until, "the longest hold there is");
        assert_eq!(holds.may_try(PAIR, until - HOLD_MAX - 1), Ok(()));
        let (holds, until) = held();
        assert_eq!(holds.refused(PAIR, "401", until - HOLD_MAX).0, until);
        let back = until - HOLD_MAX - 1;
        assert_eq!(holds.refused(PAIR, "401", back).0, back + 2 * DELIVERY_BACKOFF_MIN);
    }

    #[test]
    fn the_wait_grows_with_each_refusal_up_to_a_bound() {
        let holds = Holds::default();
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..20 {
            assert_eq!(holds.may_try(PAIR, now), Ok(()));
            let (until, _) = holds.refused(PAIR, "401", now);
            waits.push(until - now);
            now = until;
        }
        assert!(waits.is_sorted() && waits[0] < 1_000 && waits[19] == HOLD_MAX, "{waits:?}");
        assert_eq!(holds.may_try(PAIR, now - 2 * HOLD_MAX), Ok(()), "the clock went back");
    }
}
