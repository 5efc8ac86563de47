//! Whether `dist/` and `pkg/` are what the present sources make, so that nothing is built twice.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// Everything whose change changes an artefact.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "crates/protocol/Cargo.toml",
    "crates/protocol/src",
    "pkg.json",
    "rust-toolchain.toml",
    "src",
    "xtask/src/build",
    "xtask/src/build.rs",
    "xtask/tools/package-lock.json",
];
const OUTPUTS: &[&str] = &["dist", "pkg"];

/// The fingerprint of the sources, and of whether they are optimised.
pub(super) fn inputs(root: &Path, optimised: bool) -> anyhow::Result<String> {
    Ok(format!("{} {optimised}", digest(root, INPUTS)?))
}

/// Whether the artefacts were made from these inputs, and are as they were made.
pub(super) fn is_current(root: &Path, inputs: &str) -> bool {
    let Ok(known) = std::fs::read_to_string(file(root)) else { return false };
    digest(root, OUTPUTS).is_ok_and(|outputs| known == line(inputs, &outputs))
}

/// Says that the artefacts are being replaced.
pub(super) fn forget(root: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file(root)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says that the artefacts were made from these inputs.
pub(super) fn remember(root: &Path, inputs: &str) -> anyhow::Result<()> {
    let outputs = digest(root, OUTPUTS)?;
    std::fs::write(file(root), line(inputs, &outputs)).context("cannot write dist/.fingerprint")
}

fn file(root: &Path) -> PathBuf {
    root.join("dist/.fingerprint")
}

fn line(inputs: &str, outputs: &str) -> String {
    format!("{inputs} {outputs}\n")
}

/// One hash over the names and contents of these files and of the files below these directories.
fn digest(root: &Path, paths: &[&str]) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for path in paths {
        collect(&root.join(path), &mut files)?;
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        let content = std::fs::read(&file).with_context(|| format!("cannot read {name}"))?;
        digest.update(format!("{name}\0{}\0", content.len()));
        digest.update(content);
    }
    Ok(hex::encode(digest.finalize()))
}

/// The files below a path; those whose name begins with a dot are not content.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
    } else if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                collect(&entry.path(), files)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for directory in ["src/npm", "dist", "pkg"] {
            std::fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        for file in ["src/lib.rs", "src/npm/index.js", "dist/headwater.js", "pkg.json"] {
            std::fs::write(root.path().join(file), file).unwrap();
        }
        root
    }

    fn remembered() -> (tempfile::TempDir, String) {
        let root = house();
        let made = inputs(root.path(), true).unwrap();
        assert!(!is_current(root.path(), &made));
        remember(root.path(), &made).unwrap();
        assert!(is_current(root.path(), &made));
        (root, made)
    }

    #[test]
    fn a_changed_source_is_noticed() {
        let (root, made) = remembered();
        assert_ne!(inputs(root.path(), false).unwrap(), made);
        std::fs::write(root.path().join("src/npm/index.js"), "other").unwrap();
        assert_ne!(inputs(root.path(), true).unwrap(), made);
    }

    #[test]
    fn a_moved_source_is_noticed() {
        let (root, made) = remembered();
        std::fs::rename(root.path().join("src/lib.rs"), root.path().join("src/visit.rs")).unwrap();
        assert_ne!(inputs(root.path(), true).unwrap(), made);
    }

    #[test]
    fn a_damaged_artefact_is_noticed() {
        let (root, made) = remembered();
        std::fs::write(root.path().join("dist/headwater.js"), "other").unwrap();
        assert!(!is_current(root.path(), &made));
    }

    #[test]
    fn a_build_that_did_not_end_is_not_current() {
        let (root, made) = remembered();
        forget(root.path()).unwrap();
        assert!(!is_current(root.path(), &made));
        forget(root.path()).unwrap();
    }
}
