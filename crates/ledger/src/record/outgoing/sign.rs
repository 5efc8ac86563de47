//! Signs what is sent to a webhook: as Standard Webhooks say, and with `X-PartnerStack-Signature`, which existing
//! receivers check (triggers.md section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_protocol::Millis;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// What a secret begins with.
const MARK: &str = "whsec_";

/// A new secret of 256 random bits.
pub(crate) fn mint_secret(random: &[u8; 32]) -> String {
    format!("{MARK}{}", STANDARD.encode(random))
}

/// The headers that prove who sent `body`, the delivery `id`, at `at`. `old` is the secret before `secret`, while
/// receivers change over: Standard Webhooks take a signature with each. The other header has room for one, which is
/// made with the old secret, because the receiver has nothing else until it has been told the new one.
pub(crate) fn headers(
    id: &str,
    at: Millis,
    body: &str,
    (secret, old): (&str, Option<&str>),
) -> Vec<(&'static str, String)> {
    let seconds = at.0.div_euclid(1000);
    let signed = format!("{id}.{seconds}.{body}");
    let each = std::iter::once(secret).chain(old);
    let signatures = each.map(|secret| format!("v1,{}", STANDARD.encode(mac(&key(secret), &signed))));
    let signatures = signatures.collect::<Vec<_>>().join(" ");
    let plain = hex::encode(mac(old.unwrap_or(secret).as_bytes(), body));
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures),
        ("x-partnerstack-signature", plain),
    ]
}

/// The bytes that a secret's text stands for.
fn key(secret: &str) -> Vec<u8> {
    let text = secret.strip_prefix(MARK).unwrap_or(secret);
    STANDARD.decode(text).unwrap_or_else(|_| secret.as_bytes().to_vec())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
