//! Exponential backoff with full jitter. The due time is stored with the entry, so it survives a restart.

use headwater_protocol::limits::{DELIVERY_BACKOFF_MAX, DELIVERY_BACKOFF_MIN};
use sha2::{Digest as _, Sha256};

/// Milliseconds until attempt `attempt + 1`: between 1 and an exponentially growing bound, or the destination's
/// `retry_after` in seconds if that is longer, up to 24 times the longest backoff.
///
/// The jitter is a hash of id and attempt: distributed like a random number, but the same in every run of a test.
pub(super) fn wait(id: [u8; 16], attempt: i64, retry_after: Option<u64>) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 24) - 1).unwrap_or(0);
    let bound = DELIVERY_BACKOFF_MIN.saturating_mul(1 << doublings).min(DELIVERY_BACKOFF_MAX);
    let digest = Sha256::new().chain_update(id).chain_update(attempt.to_be_bytes()).finalize();
    let draw = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let jittered = i64::from(draw) % bound + 1;
    let retry_after =
        retry_after.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000));
    jittered.max(retry_after.min(24 * DELIVERY_BACKOFF_MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::wait;
    use headwater_protocol::limits::{DELIVERY_BACKOFF_MAX, DELIVERY_BACKOFF_MIN};
    use proptest::prelude::*;

    #[test]
    fn the_first_wait_is_any_millisecond_up_to_its_bound() {
        let waits: BTreeSet<_> = (0..5_000_u128).map(|n| wait(n.to_be_bytes(), 1, None)).collect();
        assert_eq!(waits, (1..=DELIVERY_BACKOFF_MIN).collect());
        let longest = (0..5_000_u128).map(|n| wait(n.to_be_bytes(), 3, None)).max();
        assert!(
            (3 * DELIVERY_BACKOFF_MIN..=4 * DELIVERY_BACKOFF_MIN).contains(&longest.unwrap()),
            "{longest:?}"
        );
    }

    #[test]
    fn a_destination_can_ask_for_a_day_and_no_more() {
        for seconds in [86_400, 86_401, u64::MAX] {
            assert_eq!(wait([7; 16], 1, Some(seconds)), 24 * DELIVERY_BACKOFF_MAX);
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_bounded_and_never_shorter_than_asked(id: [u8; 16], attempt in 0i64..10_000, requested in 0u64..86_400) {
            let first = wait(id, 1, None);
            prop_assert!((1..=DELIVERY_BACKOFF_MIN).contains(&first));
            prop_assert!((1..=DELIVERY_BACKOFF_MAX).contains(&wait(id, attempt, None)));
            prop_assert!(wait(id, attempt, Some(requested)) >= i64::try_from(requested).unwrap() * 1000);
        }
    }
}
