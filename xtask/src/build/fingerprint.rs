//! Tells whether `dist/` or `pkg/` was built from the present sources, so that nothing is built twice.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::ScriptPart;

/// Everything that an artefact depends on.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "crates/protocol/Cargo.toml",
    "crates/protocol/src",
    "docs/openapi.json",
    "pkg.json",
    "rust-toolchain.toml",
    "src",
    "xtask/bindgen",
    "xtask/src/build",
    "xtask/src/build.rs",
    "xtask/tools/package-lock.json",
];

/// The fingerprint of the sources, and whether the build is optimised.
pub(super) fn inputs(root: &Path, optimised: bool) -> anyhow::Result<String> {
    Ok(format!("{} {optimised}", digest(root, INPUTS)?))
}

/// Whether the part was made from these inputs and has not been changed since.
pub(super) fn is_current(root: &Path, part: ScriptPart, inputs: &str) -> bool {
    let Ok(known) = std::fs::read_to_string(file(root, part)) else { return false };
    digest(root, &[part.directory()]).is_ok_and(|outputs| known == line(inputs, &outputs))
}

/// Removes the part's fingerprint before it is replaced, so that an interrupted build is not taken for current.
pub(super) fn forget(root: &Path, part: ScriptPart) -> anyhow::Result<()> {
    match std::fs::remove_file(file(root, part)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Records that the part was made from these inputs.
pub(super) fn remember(root: &Path, part: ScriptPart, inputs: &str) -> anyhow::Result<()> {
    let outputs = digest(root, &[part.directory()])?;
    std::fs::write(file(root, part), line(inputs, &outputs)).context("cannot write a fingerprint into dist/")
}

fn file(root: &Path, part: ScriptPart) -> PathBuf {
    root.join("dist").join(format!(".fingerprint-{}", part.directory()))
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

    fn checkout() -> tempfile::TempDir {
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
        let root = checkout();
        let made = inputs(root.path(), true).unwrap();
        assert!(!is_current(root.path(), ScriptPart::Scripts, &made));
        remember(root.path(), ScriptPart::Scripts, &made).unwrap();
        assert!(is_current(root.path(), ScriptPart::Scripts, &made));
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
        assert!(!is_current(root.path(), ScriptPart::Scripts, &made));
    }

    #[test]
    fn a_build_that_did_not_end_is_not_current() {
        let (root, made) = remembered();
        forget(root.path(), ScriptPart::Scripts).unwrap();
        assert!(!is_current(root.path(), ScriptPart::Scripts, &made));
        forget(root.path(), ScriptPart::Scripts).unwrap();
    }

    #[test]
    fn the_scripts_are_current_without_the_package() {
        let (root, made) = remembered();
        assert!(!is_current(root.path(), ScriptPart::Package, &made));
        std::fs::write(root.path().join("pkg/index.js"), "other").unwrap();
        assert!(is_current(root.path(), ScriptPart::Scripts, &made));
    }
}
