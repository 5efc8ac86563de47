//! Events that are not acknowledged yet: each is stored under its id, so that the next page can send it again.

use headwater_protocol::queue;

use crate::browser;

/// Drops the oldest events while there are too many or too many bytes, and those that are too old.
pub(crate) fn trim() {
    queue::trim(browser::list(true), browser::size, browser::age, browser::remove);
}

/// Removes all events.
pub(crate) fn clear() {
    (0..browser::list(true)).for_each(browser::remove);
}

/// Lists the events that are not in a request already; returns how many of the oldest fit into one body.
pub(crate) fn batch() -> usize {
    queue::batch(browser::list(false), browser::size)
}
