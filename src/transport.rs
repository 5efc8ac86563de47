//! Delivery attempts: one at once, further ones after growing pauses, and a beacon when the page goes away.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::{browser, consent, pending};

/// Failed attempts since the last final answer.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// Milliseconds before the second attempt, at most; doubled for each further one.
const PAUSE: u32 = 1000;
/// Seconds a relay may ask us to wait, at most: browsers' timers overflow at 24 days, and a page ends long before.
const WAIT_MAX: u32 = 3600;
/// How often the pause doubles: 1,000 ms · 2⁸ is about four minutes.
const DOUBLINGS_MAX: u32 = 8;

/// Sends the newest event at once, without older ones that wait for a retry.
pub(crate) fn post() {
    if consent::granted() {
        browser::send_newest();
    }
}

/// Sends a batch of stored events, if there are any.
pub(crate) fn flush() {
    if consent::granted() {
        browser::send(pending::batch());
    }
}

/// Sends a batch while the page goes away. No answer can arrive, so the events stay stored and are sent again.
pub(crate) fn part() {
    if consent::granted() {
        browser::beacon(pending::batch());
    }
}

/// Handles the relay's answer: its status, 0 for none, and the seconds it asked to wait. Returns whether the answer is
/// final, so that its events need not stay stored.
pub(crate) fn answered(status: u16, wait: u32) -> bool {
    // 408 and 429 ask for another attempt; any other 4xx is final.
    let last = status / 100 == 2 || status / 100 == 4 && status != 408 && status != 429;
    if last {
        FAILED.store(0, Ordering::Relaxed);
        // Sends the events that were not in this request.
        browser::wake_after(0);
    } else {
        let doublings = FAILED.fetch_add(1, Ordering::Relaxed).min(DOUBLINGS_MAX);
        // A random part of the pause (full jitter), so that the browsers of a busy site do not retry together.
        let pause = browser::random(PAUSE << doublings);
        browser::wake_after(pause.max(wait.min(WAIT_MAX) * 1000));
    }
    last
}
