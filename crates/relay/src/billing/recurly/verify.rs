//! Who sent a notification. XML notifications are not signed: they carry the Basic credentials of the endpoint. JSON
//! webhooks carry `recurly-signature: <time>,<hex>[,<hex>]`, HMAC-SHA256 over `<time>.<body>`, with two signatures
//! while a key is rotated (Recurly, «Webhooks: signature verification»).
//!
//! The program's secret is either: with a colon it is `user:password`, without one the signing key, which has none.

use headwater_protocol::{Millis, limits};
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::billing::{WebhookError, proof};

/// A time below this is in seconds: as milliseconds it would lie in 1973. Recurly's text says milliseconds, its example
/// has seconds.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Checks that Recurly sent `body`.
///
/// # Errors
/// [`WebhookError::Signature`] if not, or if its signature is older than [`limits::WEBHOOK_TOLERANCE`].
pub fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secret: &SecretString,
    now: Millis,
) -> Result<(), WebhookError> {
    if secret.expose_secret().contains(':') {
        return proof::basic(headers, secret);
    }
    signature(headers, body, secret, now)
}

fn refuse(reason: &str) -> WebhookError {
    WebhookError::Signature(reason.to_owned())
}

fn signature(
    headers: &HeaderMap,
    body: &[u8],
    secret: &SecretString,
    now: Millis,
) -> Result<(), WebhookError> {
    let missing = || {
        refuse(
            "the webhook has no recurly-signature header: XML notifications are not signed, so that their secret is the endpoint's user:password",
        )
    };
    let header =
        headers.get("recurly-signature").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let mut parts = header.split(',').map(str::trim);
    let time = parts.next().unwrap_or_default();
    let number: i64 =
        time.parse().map_err(|_| refuse("the recurly-signature header does not begin with a time"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let expected = mac.finalize().into_bytes();
    let same = |given: Vec<u8>| bool::from(given.ct_eq(expected.as_slice()));
    if !parts.filter_map(|given| hex::decode(given).ok()).any(same) {
        return Err(refuse(
            "the recurly-signature header holds no signature of this body by this program's secret",
        ));
    }
    let millis = if number.unsigned_abs() < SECONDS_BELOW.unsigned_abs() {
        number.saturating_mul(1000)
    } else {
        number
    };
    if now.since(Millis(millis)).saturating_abs() > limits::WEBHOOK_TOLERANCE {
        return Err(refuse(
            "the recurly-signature time lies more than five minutes from this server's clock",
        ));
    }
    Ok(())
}
