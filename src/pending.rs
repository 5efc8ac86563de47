//! What was said and not yet acknowledged: stored under its id, so that the next page can say it again.

use headwater_protocol::queue;

use crate::browser;

/// Makes room: the oldest events go when there are too many, when they are too long together, and at their age.
pub(crate) fn trim() {
    queue::trim(browser::list(true), browser::size, browser::age, browser::remove);
}

/// Forgets all events.
pub(crate) fn clear() {
    (0..browser::list(true)).for_each(browser::remove);
}

/// Lists the events that are not on their way; how many of the oldest one body takes.
pub(crate) fn batch() -> usize {
    queue::batch(browser::list(false), browser::size)
}
