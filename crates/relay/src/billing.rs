//! Billing providers: each verifies its own webhooks and turns them into our events.

pub mod stripe;

use headwater_protocol::FieldError;

/// Why a webhook was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is not the provider's, or too old. The sentence says which.
    Signature(String),
    /// It is, but cannot be read.
    Body(FieldError),
}
