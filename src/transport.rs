//! Attempts: one at once, others after a pause that grows, one more when the page goes away.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::{browser, consent, pending};

/// Failed attempts since the last answer that was one.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// Milliseconds before the second attempt, at most; doubled for each further one.
const PAUSE: u32 = 1000;
/// Seconds a relay may ask for; a browser's timers end at 24 days, and a visitor's page long before.
const WAIT_MAX: u32 = 3600;
/// How often the pause doubles: 1,000 ms · 2⁸ is about four minutes.
const DOUBLINGS_MAX: u32 = 8;

/// Sends the newest event at once, whatever else waits.
pub(crate) fn post() {
    if consent::granted() {
        browser::send_newest();
    }
}

/// Sends what waits, if anything does.
pub(crate) fn flush() {
    if consent::granted() {
        browser::send(pending::batch());
    }
}

/// Sends what waits although the page goes away; no answer will be heard, so it stays stored.
pub(crate) fn part() {
    if consent::granted() {
        browser::beacon(pending::batch());
    }
}

/// The relay's answer: its status, 0 when there was none, and the seconds it asked to wait. Says whether it is the last
/// word, after which what it is about need not stay stored.
pub(crate) fn answered(status: u16, wait: u32) -> bool {
    // 408 and 429 ask for another attempt; any other 4xx is the last word.
    let last = status / 100 == 2 || status / 100 == 4 && status != 408 && status != 429;
    if last {
        FAILED.store(0, Ordering::Relaxed);
        // What waited behind this batch.
        browser::wake_after(0);
    } else {
        let doublings = FAILED.fetch_add(1, Ordering::Relaxed).min(DOUBLINGS_MAX);
        // Somewhere in the pause, so that the browsers of a busy site do not come back together.
        let pause = browser::random(PAUSE << doublings);
        browser::wake_after(pause.max(wait.min(WAIT_MAX) * 1000));
    }
    last
}
