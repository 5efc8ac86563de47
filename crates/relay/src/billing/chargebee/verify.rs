//! Chargebee signs nothing: the Basic credentials that a person gave the webhook in Chargebee are what proves its
//! origin (billing.md).

use base64::Engine as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::billing::WebhookError;

/// Checks that `header`, an `Authorization`, holds the credentials `secret`, which is `user:password`. Compares in
/// constant time. No time is checked: none is signed, and Chargebee sends a webhook again for days.
pub fn verify(header: &str, secret: &SecretString) -> Result<(), WebhookError> {
    let refuse = |reason: &str| Err(WebhookError::Signature(reason.to_owned()));
    let basic = header.trim().split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let given =
        basic.and_then(|(_, pair)| base64::engine::general_purpose::STANDARD.decode(pair.trim()).ok());
    let Some(given) = given else {
        return refuse(
            "the Authorization header holds no Basic credentials: protect the webhook with them in Chargebee",
        );
    };
    // Of the digests, so that the comparison takes as long for every length.
    if bool::from(Sha256::digest(given).ct_eq(&Sha256::digest(secret.expose_secret()))) {
        return Ok(());
    }
    refuse("the Basic credentials are not those of this program's secret, which is user:password")
}
