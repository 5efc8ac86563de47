//! What proves that a provider sent a webhook, as several of them do it: a signature with its time, or the Basic
//! credentials of the endpoint.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use headwater_protocol::{Millis, limits};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::WebhookError;

/// A header such as `t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 over time, joint and body. There are several
/// signatures while a secret is rotated; one valid one is enough.
pub(super) struct SignatureHeader {
    /// Its name, as people write it.
    pub(super) name: &'static str,
    /// What separates its parts.
    pub(super) separator: char,
    /// The name of the part with the time, in seconds.
    pub(super) time: &'static str,
    /// The name of the parts with a signature.
    pub(super) signature: &'static str,
    /// What stands between the time and the body in what is signed.
    pub(super) joint: &'static str,
}

impl SignatureHeader {
    /// Checks the header's text, and that its time is within [`limits::WEBHOOK_TOLERANCE`] of `now`, so that a recorded
    /// webhook cannot be replayed later.
    pub(super) fn verify(
        &self,
        header: &str,
        body: &[u8],
        secret: &SecretString,
        now: Millis,
    ) -> Result<(), WebhookError> {
        let Self { name, separator, time, signature, joint } = self;
        let refuse = |reason: String| Err(WebhookError::Signature(reason));
        let parts = || header.split(*separator).filter_map(|part| part.trim().split_once('='));
        let signed_at = parts().find(|(name, _)| name == time).map(|(_, value)| value);
        let Some((text, seconds)) = signed_at.and_then(|text| Some((text, text.parse::<i64>().ok()?))) else {
            return refuse(format!("the {name} header has no timestamp ({time}=)"));
        };
        let sign = || {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
                .expect("HMAC takes keys of any length");
            mac.update(text.as_bytes());
            mac.update(joint.as_bytes());
            mac.update(body);
            mac
        };
        let known = parts()
            .filter(|(name, _)| name == signature)
            .filter_map(|(_, value)| hex::decode(value).ok())
            .any(|given| sign().verify_slice(&given).is_ok());
        if !known {
            return refuse(format!(
                "the {name} header holds no signature ({signature}=) of this body by this program's secret"
            ));
        }
        if now.since(Millis(seconds.saturating_mul(1000))).abs() > limits::WEBHOOK_TOLERANCE {
            return refuse(format!(
                "the {name} timestamp lies more than five minutes from this server's clock"
            ));
        }
        Ok(())
    }
}

/// Checks that the request carries the Basic credentials `secret`, which is `user:password`, in constant time. No time
/// is checked, because none is signed.
pub(super) fn basic(headers: &HeaderMap, secret: &SecretString) -> Result<(), WebhookError> {
    let refuse = |reason: &str| Err(WebhookError::Signature(reason.to_owned()));
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = text.trim().split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let Some(given) = pair.and_then(|(_, pair)| BASE64_STANDARD.decode(pair.trim()).ok()) else {
        return refuse("the webhook carries no Basic credentials: set them on the endpoint at the provider");
    };
    // Of the digests, so that the comparison takes as long for every length.
    if bool::from(Sha256::digest(given).ct_eq(&Sha256::digest(secret.expose_secret()))) {
        return Ok(());
    }
    refuse("the Basic credentials are not those of this program's secret, which is user:password")
}
