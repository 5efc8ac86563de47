//! `Paddle-Signature: ts=<seconds>;h1=<hex>[;h1=<hex>]`.

use headwater_protocol::Millis;
use secrecy::SecretString;

use crate::billing::WebhookError;
use crate::billing::proof::SignatureHeader;

const HEADER: SignatureHeader =
    SignatureHeader { name: "Paddle-Signature", separator: ';', time: "ts", signature: "h1", joint: ":" };

/// Checks that Paddle signed `body` a short time ago.
pub fn verify(header: &str, body: &[u8], secret: &SecretString, now: Millis) -> Result<(), WebhookError> {
    HEADER.verify(header, body, secret, now)
}
