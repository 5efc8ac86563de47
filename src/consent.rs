//! Consent: whether anything may be stored and sent (browser.md section 5).

use core::sync::atomic::{AtomicU8, Ordering};

use crate::{browser, pending, referral_cookie};

static STATE: AtomicU8 = AtomicU8::new(GRANTED);
const GRANTED: u8 = 0;
/// The state of a visitor who denied consent, for [`set`].
pub(crate) const DENIED: u8 = 2;

/// Whether cookies may be written and events sent.
pub(crate) fn granted() -> bool {
    STATE.load(Ordering::Relaxed) == GRANTED
}

/// Whether the visitor denied consent.
pub(crate) fn denied() -> bool {
    STATE.load(Ordering::Relaxed) == DENIED
}

/// Sets the state: 0 for granted, 2 for denied, 1 for pending, which keeps everything in memory. Denial also erases
/// what was stored.
pub(crate) fn set(state: u8) {
    STATE.store(state, Ordering::Relaxed);
    if denied() {
        pending::clear();
        referral_cookie::erase();
        browser::fill(&[], &[]);
    }
    browser::hold(!granted());
}
