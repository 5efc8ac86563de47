//! The browser's queue of unacknowledged events, as decisions over ids: what goes when there is too much, and what one
//! body takes. The texts stay where they are stored; whoever calls says how long each is.
//!
//! Ids are passed as one text, [`ID`] characters each and oldest first, because that is what the script can afford.

use crate::limits::{EVENT_BODY_MAX, PENDING_BYTES_MAX, PENDING_EVENTS_MAX};

/// Characters of an id.
pub const ID: usize = 36;
/// Bytes of a body beside its events: the public key and the frame.
pub const FRAME: usize = 512;

/// Calls `remove` for the events that have to go: the oldest when there are too many, when they are too long together,
/// and all that are older than the id `oldest`.
pub fn trim(ids: &str, oldest: &str, size: impl Fn(&str) -> usize, mut remove: impl FnMut(&str)) {
    let (mut rest, mut count, mut bytes) = (ids, 0, 0);
    while let Some((before, id)) = rest.len().checked_sub(ID).and_then(|at| rest.split_at_checked(at)) {
        count += 1;
        bytes += size(id);
        if count > PENDING_EVENTS_MAX || bytes > PENDING_BYTES_MAX || *id < *oldest {
            remove(id);
        }
        rest = before;
    }
}

/// Calls `each` for every id.
pub fn each(mut ids: &str, mut each: impl FnMut(&str)) {
    while let Some((id, rest)) = ids.split_at_checked(ID) {
        each(id);
        ids = rest;
    }
}

/// The oldest of these ids, as many as one body takes.
pub fn batch(ids: &str, size: impl Fn(&str) -> usize) -> &str {
    let (mut end, mut bytes) = (0, 0);
    while let Some(id) = ids.get(end..end + ID) {
        bytes += size(id) + 1; // and the comma
        if bytes > EVENT_BODY_MAX - FRAME {
            break;
        }
        end += ID;
    }
    ids.get(..end).unwrap_or_default()
}

#[cfg(all(test, feature = "wire"))]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::limits::EVENT_MAX;

    fn id(number: usize) -> String {
        alloc::format!("0192f0c0-0000-7000-8000-{number:012}")
    }

    fn ids(numbers: impl Iterator<Item = usize>) -> String {
        numbers.map(id).collect()
    }

    fn removed(ids: &str, oldest: &str, size: impl Fn(&str) -> usize) -> Vec<String> {
        let mut gone = Vec::new();
        trim(ids, oldest, size, |id| gone.push(String::from(id)));
        gone
    }

    #[test]
    fn the_oldest_make_room() {
        let many = ids(0..PENDING_EVENTS_MAX + 2);
        assert_eq!(removed(&many, "", |_| 10), [id(1), id(0)]);
        assert_eq!(removed(&ids(0..5), &id(2), |_| 10), [id(1), id(0)]);
        assert_eq!(removed(&ids(0..4), "", |_| EVENT_MAX), [id(1), id(0)]);
        assert_eq!(removed(&ids(0..4), "", |_| 10), Vec::<String>::new());
    }

    #[test]
    fn a_body_takes_the_oldest_that_fit() {
        assert_eq!(batch(&ids(0..3), |_| 10), ids(0..3));
        assert_eq!(batch(&ids(0..3), |_| EVENT_MAX), ids(0..1));
        assert_eq!(batch("", |_| 10), "");
    }

    proptest! {
        #[test]
        fn what_stays_is_within_bounds_and_what_is_sent_too(sizes in prop::collection::vec(0..EVENT_MAX, 0..120)) {
            let all = ids(0..sizes.len());
            let size = |id: &str| sizes[id[24..].parse::<usize>().unwrap()];
            let gone = removed(&all, "", size);
            let kept: Vec<usize> = (0..sizes.len()).filter(|number| !gone.contains(&id(*number))).collect();
            prop_assert!(kept.len() <= PENDING_EVENTS_MAX);
            prop_assert!(kept.iter().map(|number| sizes[*number]).sum::<usize>() <= PENDING_BYTES_MAX);
            let sent = batch(&all, size);
            prop_assert!(all.starts_with(sent));
            let mut bytes = FRAME;
            each(sent, |id| bytes += size(id) + 1);
            prop_assert!(bytes <= EVENT_BODY_MAX);
            prop_assert!(!sent.is_empty() || all.is_empty(), "every event fits a body alone");
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,300}") {
            trim(&text, "0", str::len, |_| ());
            each(&text, |_| ());
            prop_assert!(text.starts_with(batch(&text, str::len)));
        }
    }
}
