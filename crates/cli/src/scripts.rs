//! The browser script, carried in the binary.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

static HEADWATER_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/headwater.js"));

/// The script as the relay serves it; empty when this binary was built before the script.
pub(crate) fn embedded() -> relay::Scripts {
    let latest = (!HEADWATER_JS.is_empty()).then_some(Bytes::from_static(HEADWATER_JS));
    relay::Scripts { latest, hash: hex::encode(&Sha256::digest(HEADWATER_JS)[..4]) }
}
