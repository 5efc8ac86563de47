//! The browser scripts, embedded in the binary.

use bytes::Bytes;
use headwater_relay::{Script, Scripts};
use sha2::{Digest as _, Sha256};

/// A script of `dist/` in every encoding; `None` when this binary was built before the script.
macro_rules! script {
    ($name:literal) => {
        read([
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name)),
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".br")),
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
        ])
    };
}

/// The scripts as the relay serves them.
pub(crate) fn embedded() -> Scripts {
    let latest = script!("headwater.js");
    let text = latest.as_ref().map_or(&[][..], |script| &script.plain);
    Scripts {
        hash: hex::encode(&Sha256::digest(text)[..4]),
        fallback: script!("headwater-fallback.js"),
        parts: [
            ("headwater-forms.js", script!("headwater-forms.js")),
            ("headwater-links.js", script!("headwater-links.js")),
            ("headwater-checkout.js", script!("headwater-checkout.js")),
            ("headwater-consent.js", script!("headwater-consent.js")),
            ("headwater-debug.js", script!("headwater-debug.js")),
        ]
        .into_iter()
        .filter_map(|(name, script)| Some((name, script?)))
        .collect(),
        latest,
    }
}

fn read([plain, brotli, gzip]: [&'static [u8]; 3]) -> Option<Script> {
    let [plain, brotli, gzip] = [plain, brotli, gzip].map(Bytes::from_static);
    (!plain.is_empty()).then_some(Script { plain, brotli, gzip })
}
