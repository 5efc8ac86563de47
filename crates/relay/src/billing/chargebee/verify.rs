//! Chargebee signs nothing: the Basic credentials that a person gave the webhook in Chargebee prove its origin
//! (billing.md).

use http::HeaderMap;
use secrecy::SecretString;

use crate::billing::{WebhookError, proof};

/// Checks the credentials. No time is signed, and Chargebee sends a webhook again for days, so none is too old.
pub fn verify(headers: &HeaderMap, secret: &SecretString) -> Result<(), WebhookError> {
    proof::basic(headers, secret)
}
