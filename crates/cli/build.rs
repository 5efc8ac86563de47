//! Carries the browser script into the binary, when it has been built: `dist/headwater.js` and its manifest.
//! Without them the binary still builds, and its script routes say how to build the script.

use std::path::Path;
use std::{env, fs};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let source = root.join("dist/headwater.js");
    println!("cargo::rerun-if-changed={}", source.display());
    fs::write(Path::new(&out).join("headwater.js"), fs::read(&source).unwrap_or_default())
        .expect("OUT_DIR is writable");
}
