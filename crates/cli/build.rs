//! Embeds the browser scripts of `dist/` in the binary, uncompressed and compressed, if they have been built. Without
//! them the binary still builds, and its script routes answer how to build them.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs};

const NAMES: [&str; 7] = [
    "headwater.js",
    "headwater-fallback.js",
    "headwater-forms.js",
    "headwater-links.js",
    "headwater-checkout.js",
    "headwater-consent.js",
    "headwater-debug.js",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for name in NAMES {
        let source = root.join(name);
        println!("cargo::rerun-if-changed={}", source.display());
        let plain = fs::read(&source).unwrap_or_default();
        let target = |suffix: &str| Path::new(&out).join(format!("{name}{suffix}"));
        let (mut brotli, mut gzip) = (Vec::new(), Vec::new());
        if !plain.is_empty() {
            let best = brotli::enc::BrotliEncoderParams {
                quality: 11,
                size_hint: plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut plain.as_slice(), &mut brotli, &best)
                .expect("memory takes everything");
            let mut encoder = flate2::write::GzEncoder::new(&mut gzip, flate2::Compression::best());
            encoder
                .write_all(&plain)
                .and_then(|()| encoder.finish().map(drop))
                .expect("memory takes everything");
        }
        for (suffix, bytes) in [("", plain), (".br", brotli), (".gz", gzip)] {
            let written = File::create(target(suffix)).and_then(|mut file| file.write_all(&bytes));
            written.expect("OUT_DIR is writable");
        }
    }
}
