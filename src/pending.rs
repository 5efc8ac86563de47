//! What was said and not yet acknowledged: stored under its id, so that the next page can say it again.

use alloc::string::String;

use headwater_protocol::limits::PENDING_AGE_MAX;
use headwater_protocol::queue;

use crate::browser;

/// Makes room: the oldest events go when there are too many, when they are too long together, and at their age.
#[expect(clippy::cast_precision_loss, reason = "30 days of milliseconds are exact")]
pub(crate) fn trim() {
    let oldest = browser::id(browser::now() - PENDING_AGE_MAX as f64);
    queue::trim(&browser::stored(true), &oldest, browser::size, browser::remove);
}

/// Forgets events that need no further attempt.
pub(crate) fn forget(ids: &str) {
    queue::each(ids, browser::remove);
}

/// Hands over the ids of the oldest events that are not on their way, as many as one body takes.
pub(crate) fn batch(send: fn(&str)) {
    let ids: String = browser::stored(false);
    send(queue::batch(&ids, browser::size));
}
