//! Secrets: made, hashed and compared, never kept.
//!
//! Ours carry 190 random bits, so one round of SHA-256 is enough: there is nothing to guess.

use headwater_protocol::key::Prefix;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What the books keep of a secret.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether `secret` is the one of `hash`; takes the same time either way.
pub(crate) fn matches(secret: &str, expected: &[u8; 32]) -> bool {
    hash(secret).ct_eq(expected).into()
}

/// The password of callers in the same process.
pub(crate) fn mint_in_process(random: &[u8; 32]) -> SecretString {
    SecretString::from(Prefix::SecretKey.mint_credential(random))
}
