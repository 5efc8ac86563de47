//! How long a delivery waits between two attempts.

use std::collections::BTreeSet;

use headwater_protocol::limits::{
    WEBHOOK_AGE_MAX, WEBHOOK_BACKOFF_MAX, WEBHOOK_BACKOFF_MIN, WEBHOOK_RETRY_AFTER_MAX,
};
use proptest::prelude::*;

use super::wait;

#[test]
fn the_first_wait_is_spread_over_its_bound_and_the_next_doubles_it() {
    let waits = |attempt| (0..20_000).map(move |n| wait(&format!("msg_{n}"), attempt, None));
    let first: BTreeSet<_> = waits(1).collect();
    assert!(first.len() > 4_500 && first.first() == Some(&1), "{}", first.len());
    assert_eq!(first.last(), Some(&WEBHOOK_BACKOFF_MIN));
    let second = waits(2).max().unwrap();
    assert!((WEBHOOK_BACKOFF_MIN + 4_000..=2 * WEBHOOK_BACKOFF_MIN).contains(&second), "{second}");
}

#[test]
fn three_days_have_some_forty_attempts() {
    let attempts = |key: &str| {
        let mut at = 0;
        (1..1_000)
            .take_while(|attempt| {
                at += wait(key, *attempt, None);
                at <= WEBHOOK_AGE_MAX
            })
            .count()
    };
    let all: Vec<_> = (0..200).map(|n| attempts(&format!("msg_{n}"))).collect();
    assert!(all.iter().all(|count| (25..80).contains(count)), "{all:?}");
}

proptest! {
    #[test]
    fn a_wait_is_bounded_and_never_shorter_than_asked(key: String, attempt in 0i64..10_000, asked in 0u64..200_000) {
        prop_assert!((1..=WEBHOOK_BACKOFF_MAX).contains(&wait(&key, attempt, None)));
        let waited = wait(&key, attempt, Some(asked));
        prop_assert!(waited >= i64::try_from(asked * 1000).unwrap().min(WEBHOOK_RETRY_AFTER_MAX));
        prop_assert!(waited <= WEBHOOK_RETRY_AFTER_MAX);
    }
}
