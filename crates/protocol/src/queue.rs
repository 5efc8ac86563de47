//! The browser's queue of unacknowledged events: which of them are dropped when there are too many, and how many go
//! into one request.
//!
//! Events are identified by their position in the queue; 0 is the oldest. Their texts stay where they are stored: the
//! caller says how long and how old each is.

use crate::limits::{EVENT_BODY_MAX, PENDING_AGE_MAX, PENDING_BYTES_MAX, PENDING_EVENTS_MAX};

/// Characters of an id.
pub const ID: usize = 36;
/// Bytes of a body that are not its events: the public key and the JSON around them.
pub const FRAME: usize = 512;

/// Calls `remove` for each of `count` events that must be dropped: the oldest while there are too many or too many
/// bytes (`size`, in bytes), and those that are too old (`age`, in milliseconds).
#[expect(clippy::cast_precision_loss, reason = "30 days of milliseconds are exact")]
pub fn trim(
    count: usize,
    size: impl Fn(usize) -> usize,
    age: impl Fn(usize) -> f64,
    mut remove: impl FnMut(usize),
) {
    let (mut place, mut bytes) = (count, 0);
    while let Some(older) = place.checked_sub(1) {
        place = older;
        bytes += size(place);
        let newer = count - place;
        if newer > PENDING_EVENTS_MAX || bytes > PENDING_BYTES_MAX || age(place) > PENDING_AGE_MAX as f64 {
            remove(place);
        }
    }
}

/// How many of the oldest of `count` events one body takes.
pub fn batch(count: usize, size: impl Fn(usize) -> usize) -> usize {
    let mut bytes = 0;
    let fits = |place: &usize| {
        bytes += size(*place) + 1; // and the comma
        bytes <= EVENT_BODY_MAX - FRAME
    };
    (0..count).take_while(fits).count()
}

#[cfg(all(test, feature = "wire"))]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::limits::EVENT_MAX;

    fn removed(count: usize, size: impl Fn(usize) -> usize, age: impl Fn(usize) -> f64) -> Vec<usize> {
        let mut gone = Vec::new();
        trim(count, size, age, |place| gone.push(place));
        gone
    }

    #[test]
    fn the_oldest_make_room() {
        let month = 30.0 * 24.0 * 60.0 * 60.0 * 1000.0;
        let none: [usize; 0] = [];
        assert_eq!(removed(PENDING_EVENTS_MAX + 2, |_| 10, |_| 0.0), [1, 0]);
        assert_eq!(removed(5, |_| 10, |place| if place < 2 { month + 1.0 } else { month }), [1, 0]);
        assert_eq!(removed(4, |_| EVENT_MAX, |_| 0.0), [1, 0]);
        assert_eq!(removed(4, |_| 10, |_| 0.0), none);
        // An entry whose name contains no time has the age NaN, and stays.
        assert_eq!(removed(1, |_| 0, |_| f64::NAN), none);
    }

    #[test]
    fn a_body_takes_the_oldest_that_fit() {
        assert_eq!(batch(3, |_| 10), 3);
        assert_eq!(batch(3, |_| EVENT_MAX), 1);
        assert_eq!(batch(0, |_| 10), 0);
    }

    proptest! {
        #[test]
        fn what_stays_is_within_bounds_and_what_is_sent_too(sizes in prop::collection::vec(0..EVENT_MAX, 0..120)) {
            let size = |place: usize| sizes[place];
            let gone = removed(sizes.len(), size, |_| 0.0);
            let kept: Vec<usize> = (0..sizes.len()).filter(|place| !gone.contains(place)).collect();
            prop_assert!(kept.len() <= PENDING_EVENTS_MAX);
            prop_assert!(kept.iter().map(|place| sizes[*place]).sum::<usize>() <= PENDING_BYTES_MAX);
            let sent = batch(sizes.len(), size);
            prop_assert!(sent <= sizes.len());
            prop_assert!(FRAME + sizes[..sent].iter().map(|size| size + 1).sum::<usize>() <= EVENT_BODY_MAX);
            prop_assert!(sent > 0 || sizes.is_empty(), "every event fits a body alone");
        }
    }
}
