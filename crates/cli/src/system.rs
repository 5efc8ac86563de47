//! The clock and the randomness that every room is given.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use headwater_protocol::Millis;

/// The system's clock. A clock set before 1970 reads as 1970.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Time since now. Nobody can set it, and it never runs backwards.
pub(crate) fn monotonic() -> headwater_relay::Monotonic {
    let begun = Instant::now();
    Arc::new(move || begun.elapsed())
}

/// 32 bytes from the system's generator. A system without one cannot make secrets: the process ends.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system's random generator answers");
    bytes
}
