//! `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`.

use headwater_protocol::Millis;
use secrecy::SecretString;

use crate::billing::WebhookError;
use crate::billing::proof::SignatureHeader;

const HEADER: SignatureHeader =
    SignatureHeader { name: "Stripe-Signature", separator: ',', time: "t", signature: "v1", joint: "." };

/// Checks that Stripe signed `body` a short time ago.
pub fn verify(header: &str, body: &[u8], secret: &SecretString, now: Millis) -> Result<(), WebhookError> {
    HEADER.verify(header, body, secret, now)
}
