//! `cargo xtask build`: the script a page loads (`dist/`) and the npm package (`pkg/`).
//!
//! ```text
//! cargo → wasm-bindgen → wasm-opt → one text with browser.js, glue and shell.js → terser → dist/headwater.js
//!                                 ↘ wasm2js → the same text without wasm → terser → dist/headwater-fallback.js
//! ```

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};

mod artefacts;
mod fingerprint;
mod glue;
mod node;
mod package;
mod script;
mod shrink;
pub(crate) mod text;
mod wasm;

pub(crate) use node::Node;

/// Builds `dist/` and `pkg/` from the tracker in `src/`, unless they are those of the same sources already.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    for needed in ["src/lib.rs", "src/browser.js", "src/shell.js", "pkg.json"] {
        if !root.join(needed).exists() {
            bail!("there is no tracker to build: {needed} is missing");
        }
    }
    let dist = root.join("dist");
    std::fs::create_dir_all(&dist).context("cannot make dist/")?;
    let lock = File::create(dist.join(".lock")).context("cannot write to dist/")?;
    lock.lock().context("cannot wait for another build to end")?;

    let node = Node::find(root)?;
    if node.is_none() {
        eprintln!("unoptimised and without the fallback for pages that forbid wasm: install node and npm");
    }
    let inputs = fingerprint::inputs(root, node.is_some())?;
    if fingerprint::is_current(root, &inputs) {
        return Ok(());
    }
    let work = tempfile::tempdir()?;
    let scripts = script::build(root, node.as_ref(), work.path())?;
    let package = package::build(root, node.as_ref(), work.path())?;
    fingerprint::forget(root)?;
    let files = artefacts::write(&dist, &scripts)?;
    package::install(&package, &root.join("pkg"))?;
    print!("{}", artefacts::table(&files));
    fingerprint::remember(root, &inputs)
}
