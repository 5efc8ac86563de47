//! `Paddle-Signature: ts=<seconds>;h1=<hex>[;h1=<hex>]`: HMAC-SHA256 over `<ts>:<body>`. There are several `h1` while a
//! secret is rotated; one valid signature is enough.

use headwater_protocol::{Millis, limits};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::billing::WebhookError;

/// Checks that Paddle signed `body`, and that the signature's time is within [`limits::WEBHOOK_TOLERANCE`] of `now`, so
/// that a recorded webhook cannot be replayed later.
pub fn verify(header: &str, body: &[u8], secret: &SecretString, now: Millis) -> Result<(), WebhookError> {
    let refuse = |reason: &str| Err(WebhookError::Signature(reason.to_owned()));
    let parts = || header.split(';').filter_map(|part| part.trim().split_once('='));
    let signed = parts().find(|(name, _)| *name == "ts").map(|(_, value)| value);
    let Some((text, seconds)) = signed.and_then(|text| Some((text, text.parse::<i64>().ok()?))) else {
        return refuse("the Paddle-Signature header has no timestamp (ts=)");
    };
    let sign = || {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac.update(b":");
        mac.update(body);
        mac
    };
    let known = parts()
        .filter(|(name, _)| *name == "h1")
        .filter_map(|(_, value)| hex::decode(value).ok())
        .any(|signature| sign().verify_slice(&signature).is_ok());
    if !known {
        return refuse(
            "the Paddle-Signature header holds no signature (h1=) of this body by this program's secret",
        );
    }
    if now.since(Millis(seconds.saturating_mul(1000))).abs() > limits::WEBHOOK_TOLERANCE {
        return refuse("the Paddle-Signature timestamp lies more than five minutes from this server's clock");
    }
    Ok(())
}
