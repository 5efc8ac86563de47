//! What was said and not yet acknowledged: stored under its id, so that the next page can say it again.

use alloc::string::String;

use protocol::limits::{EVENT_BODY_MAX, PENDING_AGE_MAX, PENDING_BYTES_MAX, PENDING_EVENTS_MAX};

use crate::browser;

/// Characters of an id. Ids are passed on one after the other, without separators.
const ID: usize = 36;
/// Bytes of a body beside its events: the public key and the frame.
const FRAME: usize = 512;

/// Makes room: the oldest events go when there are too many, when they are too long together, and at their age.
#[expect(clippy::cast_precision_loss, reason = "30 days of milliseconds are exact")]
pub(crate) fn trim() {
    let oldest = browser::id(browser::now() - PENDING_AGE_MAX as f64);
    let ids = browser::stored(true);
    let (mut rest, mut count, mut bytes) = (&*ids, 0, 0);
    while let Some((before, id)) = rest.len().checked_sub(ID).and_then(|at| rest.split_at_checked(at)) {
        count += 1;
        bytes += browser::size(id);
        if count > PENDING_EVENTS_MAX || bytes > PENDING_BYTES_MAX || *id < *oldest {
            browser::remove(id);
        }
        rest = before;
    }
}

/// Forgets events that need no further attempt.
pub(crate) fn forget(mut ids: &str) {
    while let Some((id, rest)) = ids.split_at_checked(ID) {
        browser::remove(id);
        ids = rest;
    }
}

/// The ids of the oldest events that are not on their way, as many as one body takes.
pub(crate) fn batch() -> String {
    let mut ids = browser::stored(false);
    let (mut end, mut bytes) = (0, 0);
    while let Some(id) = ids.get(end..end + ID) {
        bytes += browser::size(id);
        if bytes > EVENT_BODY_MAX - FRAME {
            break;
        }
        end += ID;
    }
    ids.truncate(end);
    ids
}
