//! The secrets that callers show: made, hashed and compared. Only their hashes are stored.
//!
//! They carry 190 random bits, so one round of SHA-256 is enough: they cannot be guessed.

use headwater_protocol::key::Prefix;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The hash of a secret, which is all that the ledger stores of it.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether `secret` has the hash `expected`, in constant time.
pub(crate) fn matches(secret: &str, expected: &[u8; 32]) -> bool {
    hash(secret).ct_eq(expected).into()
}

/// The password of callers in the same process.
pub(crate) fn mint_in_process(random: &[u8; 32]) -> SecretString {
    SecretString::from(Prefix::SecretKey.mint_credential(random))
}
