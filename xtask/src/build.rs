//! `cargo xtask build`: the script a page loads (`dist/`) and the npm package (`pkg/`).
//!
//! ```text
//! cargo → wasm-bindgen → wasm-opt → one text with browser.js, glue and shell.js → terser → dist/headwater.js
//!                                 ↘ wasm2js → the same text without wasm → terser → dist/headwater-fallback.js
//! ```

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};

mod api_client;
mod artefacts;
mod blank_panic_texts;
mod fingerprint;
mod glue;
mod node;
mod package;
mod script;
mod sections;
mod shrink;
pub(crate) mod text;
mod trap_formatting;
mod wasm;

pub(crate) use node::NodeRuntime;

/// What is built from the tracker, each in a directory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScriptPart {
    /// The scripts that a page loads.
    Scripts,
    /// The npm package.
    Package,
}

impl ScriptPart {
    fn directory(self) -> &'static str {
        match self {
            Self::Scripts => "dist",
            Self::Package => "pkg",
        }
    }
}

/// Builds `dist/` and `pkg/` from the tracker in `src/`, unless they were built from the same sources already.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    build(root, &[ScriptPart::Scripts, ScriptPart::Package])
}

/// Builds `dist/` alone, which is all that the server embeds.
pub(crate) fn scripts(root: &Path) -> anyhow::Result<()> {
    build(root, &[ScriptPart::Scripts])
}

fn build(root: &Path, parts: &[ScriptPart]) -> anyhow::Result<()> {
    for needed in ["src/lib.rs", "src/browser.js", "src/shell.js", "pkg.json"] {
        if !root.join(needed).exists() {
            bail!("there is no tracker to build: {needed} is missing");
        }
    }
    let dist = root.join("dist");
    std::fs::create_dir_all(&dist).context("cannot make dist/")?;
    let lock = File::create(dist.join(".lock")).context("cannot write to dist/")?;
    lock.lock().context("cannot wait for another build to end")?;

    let missing = |inputs: &str| -> Vec<ScriptPart> {
        parts.iter().copied().filter(|part| !fingerprint::is_current(root, *part, inputs)).collect()
    };
    let mut inputs = fingerprint::inputs(root, true)?;
    if missing(&inputs).is_empty() {
        return Ok(());
    }
    let node = NodeRuntime::find(root)?;
    if node.is_none() {
        eprintln!("unoptimised and without the fallback for pages that forbid wasm: install node and npm");
        inputs = fingerprint::inputs(root, false)?;
    }
    for part in missing(&inputs) {
        make(root, part, node.as_ref(), &inputs)?;
    }
    Ok(())
}

fn make(root: &Path, part: ScriptPart, node: Option<&NodeRuntime>, inputs: &str) -> anyhow::Result<()> {
    let work = tempfile::tempdir()?;
    match part {
        ScriptPart::Scripts => {
            let scripts = script::build(root, node, work.path())?;
            fingerprint::forget(root, part)?;
            let files = artefacts::write(&root.join("dist"), &scripts)?;
            print!("{}", artefacts::table(&files));
        }
        ScriptPart::Package => {
            let package = package::build(root, node, work.path())?;
            fingerprint::forget(root, part)?;
            package::install(&package, &root.join("pkg"))?;
        }
    }
    fingerprint::remember(root, part, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_source_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("src")).unwrap();
        for (file, missing) in [("src/lib.rs", "src/browser.js"), ("src/browser.js", "src/shell.js")] {
            std::fs::write(root.path().join(file), "").unwrap();
            let error = run(root.path()).unwrap_err().to_string();
            assert_eq!(error, format!("there is no tracker to build: {missing} is missing"));
        }
        assert!(!root.path().join("dist").exists());
    }

    #[test]
    fn what_was_built_from_the_same_sources_is_not_built_again() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["src", "dist", "pkg"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        for file in ["src/lib.rs", "src/browser.js", "src/shell.js", "pkg.json", "dist/headwater.js"] {
            std::fs::write(root.path().join(file), "this is no source: to build it would fail").unwrap();
        }
        let inputs = fingerprint::inputs(root.path(), true).unwrap();
        fingerprint::remember(root.path(), ScriptPart::Scripts, &inputs).unwrap();
        scripts(root.path()).unwrap();
        assert!(run(root.path()).is_err(), "the package was not built yet");
        fingerprint::remember(root.path(), ScriptPart::Package, &inputs).unwrap();
        run(root.path()).unwrap();
        std::fs::write(root.path().join("src/shell.js"), "changed").unwrap();
        assert!(run(root.path()).is_err());
    }
}
