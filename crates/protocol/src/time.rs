//! Time on the wire: integer milliseconds since 1970-01-01 UTC (api.md section 2).

use serde::{Deserialize, Serialize};

/// A moment, in epoch milliseconds. Never read from a clock in this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// One day, in milliseconds.
    pub const DAY: i64 = 24 * 60 * 60 * 1000;

    /// This moment and `millis` more.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
