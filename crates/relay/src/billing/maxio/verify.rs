//! `X-Chargify-Webhook-Signature-Hmac-Sha-256`: hex HMAC-SHA256 of the body with the site's shared key. It has no time: a
//! recorded webhook can be sent again, and counts once by its id, which is signed with the rest.

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::billing::WebhookError;

/// Checks that Maxio signed `body`.
///
/// # Errors
/// [`WebhookError::Signature`] if not.
pub fn verify(header: &str, body: &[u8], secret: &SecretString) -> Result<(), WebhookError> {
    let refuse = |reason: &str| Err(WebhookError::Signature(reason.to_owned()));
    if header.is_empty() {
        return refuse("the webhook has no X-Chargify-Webhook-Signature-Hmac-Sha-256 header");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    match hex::decode(header.trim()) {
        Ok(signature) if mac.verify_slice(&signature).is_ok() => Ok(()),
        _ => refuse(
            "the X-Chargify-Webhook-Signature-Hmac-Sha-256 header is no signature of this body by this program's shared key",
        ),
    }
}
