//! Stripe's webhooks: the envelope and its signature. The test supplies the objects inside.

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// An event of Stripe's around `object`. `created` is in epoch milliseconds, as everywhere here; the event has seconds.
pub fn event(id: &str, kind: &str, created: i64, object: &Value) -> Value {
    json!({"id": id, "object": "event", "type": kind, "created": created.div_euclid(1000), "livemode": true,
           "api_version": "2025-09-30.clover", "data": {"object": object}})
}

/// The `Stripe-Signature` header of `body`, signed at `now` (epoch milliseconds).
pub fn sign(secret: &str, now: i64, body: &[u8]) -> String {
    let seconds = now.div_euclid(1000);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}
