//! The test clock. **We** add it, so that a year of installments runs in a test.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// `POST /test_clock`, with test keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdvanceTestClock {
    /// The test clock's new time, not before its present one.
    pub advance_to: Millis,
}

/// A program's test clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestClockState {
    /// The time of the program's test records.
    pub now: Millis,
    /// Whether the clock was moved; while it was not, test records earn nothing.
    pub in_use: bool,
}
