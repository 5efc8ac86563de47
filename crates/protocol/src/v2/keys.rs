//! New secrets in place of old ones. **We** add `POST /program/keys/rotate`, with the administrator's token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Millis;

/// One of a program's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichKey {
    /// The secret key of the production pair.
    Production,
    /// The secret key of the test pair.
    Test,
    /// The conversion API's token.
    Tracking,
    /// The conversion API's token that makes test customers.
    TestTracking,
    /// The administrator's token.
    Admin,
    /// A second secret for the production pair, which reads and changes nothing. The first call makes it.
    Read,
    /// The same for the test pair.
    TestRead,
}

/// `POST /program/keys/rotate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotateKey {
    /// Which secret gets a successor. The public key of a pair stays: pages carry it.
    pub which: WhichKey,
    /// Hours the old secret goes on working, so that servers can change over; 0 to 720.
    #[serde(default = "a_day")]
    pub overlap_hours: i64,
}

fn a_day() -> i64 {
    24
}

/// A new secret, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotatedKey {
    /// Which one it is.
    pub which: WhichKey,
    /// The public key of the pair, unchanged; null for a secret without one.
    pub public_key: Option<String>,
    /// The new one; secret.
    pub secret: String,
    /// When the old one stops working.
    pub old_works_until: Millis,
}

impl std::fmt::Debug for RotatedKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RotatedKey").field("which", &self.which).finish_non_exhaustive()
    }
}
