//! `dist/`: the scripts under the names by which they are served, and a manifest with their integrity hashes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256, Sha384};

use super::script::BuiltScripts;

/// A file of `dist/`, as the manifest lists it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Artefact {
    name: String,
    bytes: usize,
    /// For the `integrity` attribute of a script tag.
    integrity: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    files: &'a [Artefact],
}

/// Writes the scripts and the manifest, and removes the files of an earlier build. Directories stay: `cargo xtask package`
/// has one here.
pub(super) fn write(dist: &Path, scripts: &BuiltScripts) -> anyhow::Result<Vec<Artefact>> {
    let files = named(scripts);
    let artefacts: Vec<_> = files.iter().map(|(name, text)| artefact(name, text)).collect();
    let manifest = serde_json::to_string_pretty(&Manifest { files: &artefacts })? + "\n";
    for entry in std::fs::read_dir(dist)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            std::fs::remove_file(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    let manifest = ("manifest.json".to_owned(), manifest.as_str());
    for (name, text) in files.into_iter().chain([manifest]) {
        std::fs::write(dist.join(&name), text).with_context(|| format!("cannot write dist/{name}"))?;
    }
    Ok(artefacts)
}

/// The scripts under their names. The name with a hash never changes its content, so it may be cached for ever.
fn named(scripts: &BuiltScripts) -> Vec<(String, &str)> {
    // The same eight digits as in crates/cli/src/scripts.rs, which serves this file under this name.
    let hash = hex::encode(&Sha256::digest(&scripts.script)[..4]);
    let mut files = vec![
        ("headwater.js".to_owned(), scripts.script.as_str()),
        (format!("headwater-{hash}.js"), scripts.script.as_str()),
    ];
    files.extend(scripts.parts.iter().map(|(name, text)| (name.clone(), text.as_str())));
    files.extend(scripts.fallback.as_ref().map(|text| ("headwater-fallback.js".to_owned(), text.as_str())));
    files
}

fn artefact(name: &str, text: &str) -> Artefact {
    let hash = base64::prelude::BASE64_STANDARD.encode(Sha384::digest(text));
    Artefact { name: name.to_owned(), bytes: text.len(), integrity: format!("sha384-{hash}") }
}

/// Names, bytes and integrity hashes, one a line.
pub(super) fn table(files: &[Artefact]) -> String {
    let mut table = String::new();
    for Artefact { name, bytes, integrity } in files {
        writeln!(table, "dist/{name:<24} {bytes:>7}  {integrity}").expect("text takes text");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(fallback: Option<&str>) -> BuiltScripts {
        BuiltScripts {
            script: "abc".into(),
            fallback: fallback.map(Into::into),
            parts: vec![("headwater-debug.js".into(), "ghi".into())],
        }
    }

    #[test]
    fn the_hashed_name_is_that_of_the_bytes() {
        let scripts = scripts(Some("def"));
        let files = named(&scripts);
        // The SHA-256 of `abc`, from the standard's own example, begins with these digits.
        assert_eq!(files[1], ("headwater-ba7816bf.js".into(), "abc"));
        assert_eq!(files[0].1, files[1].1);
        assert_eq!(files[3], ("headwater-fallback.js".into(), "def"));
    }

    #[test]
    fn integrity_is_what_a_browser_computes() {
        let expected = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
        assert_eq!(artefact("a.js", "abc").integrity, expected);
    }

    #[test]
    fn a_new_build_leaves_nothing_of_the_old_one() {
        let dist = tempfile::tempdir().unwrap();
        std::fs::write(dist.path().join("headwater-00000000.js"), "old").unwrap();
        std::fs::write(dist.path().join(".lock"), "").unwrap();
        std::fs::create_dir_all(dist.path().join("package/data")).unwrap();
        let files = write(dist.path(), &scripts(None)).unwrap();
        assert_eq!(files.len(), 3);
        let mut names: Vec<_> =
            std::fs::read_dir(dist.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".lock",
                "headwater-ba7816bf.js",
                "headwater-debug.js",
                "headwater.js",
                "manifest.json",
                "package"
            ]
        );
        let manifest = std::fs::read(dist.path().join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["files"][0]["name"], "headwater.js");
        assert_eq!(manifest["files"][0]["bytes"], 3);
    }
}
