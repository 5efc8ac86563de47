//! `pkg/`: the npm package for bundlers. wasm-bindgen's glue and types, the hand-written entry points of `src/npm/`,
//! and a manifest with the version of the workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::wasm::{self, NAME, WasmArtefact};
use super::{NodeRuntime, api_client, shrink};

/// The files of the package by their paths in it.
pub(super) type Package = BTreeMap<PathBuf, Vec<u8>>;

/// All crates of the workspace share one version, this program's included.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Builds the package; files in between are put below `work`.
pub(super) fn build(root: &Path, node: Option<&NodeRuntime>, work: &Path) -> anyhow::Result<Package> {
    let directory = work.join("package");
    wasm::build(root, WasmArtefact::Package, &directory)?;
    if let Some(node) = node {
        shrink::optimise(node, &directory.join(format!("{NAME}_bg.wasm")))?;
    }
    let mut package = Package::new();
    collect(&directory, Path::new(""), &mut package)?;
    // wasm-bindgen's own manifest and ignore file would take the place of ours.
    package.retain(|path, _| !path.ends_with(".gitignore") && !path.ends_with("package.json"));
    let hand_written = root.join("src/npm");
    if hand_written.is_dir() {
        collect(&hand_written, Path::new(""), &mut package)?;
    }
    // `src/npm/` holds Rust files, too.
    package.retain(|path, _| path.extension().is_none_or(|extension| extension != "rs"));
    if !package.contains_key(Path::new("README.md")) {
        bail!("there is no src/npm/README.md: the package's own, for who finds it at a registry");
    }
    let types = package.get_mut(Path::new("headwater.d.ts")).context("wasm-bindgen wrote no types")?;
    *types = without_disposal(&String::from_utf8(std::mem::take(types))?).into();
    let api =
        std::fs::read_to_string(root.join("docs/openapi.json")).context("cannot read docs/openapi.json")?;
    package.insert("api/operations.js".into(), api_client::operations(&api)?.into());
    package.insert("api/index.d.ts".into(), api_client::types(&api)?.into());
    package.insert("LICENSE".into(), std::fs::read(root.join("LICENSE")).context("cannot read LICENSE")?);
    let source = std::fs::read_to_string(root.join("pkg.json")).context("cannot read pkg.json")?;
    let manifest = manifest(&source, VERSION).context("pkg.json")?;
    check(&serde_json::from_str(&manifest)?, &package).context("pkg.json")?;
    package.insert("package.json".into(), manifest.into());
    Ok(package)
}

/// The types without the methods that free the tracker. There is one tracker for the life of a page, and TypeScript
/// knows `Symbol.dispose` only if a site's `lib` includes it.
fn without_disposal(types: &str) -> String {
    let disposal = |line: &&str| ["free(): void;", "[Symbol.dispose](): void;"].contains(&line.trim());
    types.split_inclusive('\n').filter(|line| !disposal(line)).collect()
}

/// Reads the files below a directory.
fn collect(directory: &Path, inside: &Path, package: &mut Package) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let inside = inside.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &inside, package)?;
        } else {
            package.insert(inside, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// The manifest with the version in it. It is edited as text, because the order of conditions in `exports` has a
/// meaning.
fn manifest(source: &str, version: &str) -> anyhow::Result<String> {
    let manifest: Value = serde_json::from_str(source)?;
    if !manifest["name"].is_string() {
        bail!("has no name");
    }
    if manifest.get("version").is_some() {
        bail!("has a version of its own: the workspace's is used");
    }
    Ok(source.replacen('{', &format!("{{\n  \"version\": \"{version}\","), 1))
}

/// Checks that every path of the manifest exists and that every file is published.
fn check(manifest: &Value, package: &Package) -> anyhow::Result<()> {
    let there = |path: &str| package.keys().any(|file| file.starts_with(path));
    let mut named = Vec::new();
    for member in ["exports", "main", "module", "types", "browser"] {
        paths(&manifest[member], &mut named);
    }
    if let Some(path) = named.iter().map(|path| path.trim_start_matches("./")).find(|path| !there(path)) {
        bail!("names {path}, which the build does not make");
    }
    let Some(files) = manifest["files"].as_array() else { return Ok(()) };
    let files: Vec<_> = files.iter().filter_map(Value::as_str).map(|file| file.trim_matches('/')).collect();
    if let Some(file) = files.iter().find(|file| !file.contains('*') && !there(file)) {
        bail!("publishes {file}, which the build does not make");
    }
    let published = |path: &Path| {
        let text = path.to_string_lossy();
        // npm publishes these two whatever `files` says.
        ["README.md", "LICENSE"].contains(&&*text) || files.iter().any(|file| covers(file, path))
    };
    match package.keys().find(|path| !published(path)) {
        Some(path) => bail!("`files` leaves out {}, which the build makes", path.display()),
        None => Ok(()),
    }
}

/// Whether an entry of `files` covers a path: itself, a directory above, or `*` for the rest of a name.
fn covers(entry: &str, path: &Path) -> bool {
    match entry.split_once('*') {
        None => path.starts_with(entry),
        Some((before, after)) => {
            let path = path.to_string_lossy();
            let after = after.trim_start_matches(['*', '/']);
            path.len() >= before.len() + after.len() && path.starts_with(before) && path.ends_with(after)
        }
    }
}

/// Collects all strings of a value, at any depth; in the manifest these are paths.
fn paths<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| paths(value, found)),
        Value::Object(members) => members.values().for_each(|value| paths(value, found)),
        _ => {}
    }
}

/// Replaces the old package.
pub(super) fn install(package: &Package, directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {shown}"));
        }
        _ => {}
    }
    for (path, content) in package {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(directory))?;
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[&str]) -> Package {
        files.iter().map(|file| (file.into(), file.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_manifest_gets_the_version_of_the_workspace_and_keeps_its_order() {
        let text = manifest("{\n  \"name\": \"a\",\n  \"exports\": {}\n}\n", "0.1.2").unwrap();
        assert_eq!(text, "{\n  \"version\": \"0.1.2\",\n  \"name\": \"a\",\n  \"exports\": {}\n}\n");
        for wrong in ["[]", "{}", r#"{ "name": "a", "version": "9.9.9" }"#] {
            assert!(manifest(wrong, "0.1.2").is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_types_offer_no_way_to_free_the_tracker() {
        let types = "export class Tracker {\n    free(): void;\n    [Symbol.dispose](): void;\n    flush(): void;\n}\n";
        assert_eq!(without_disposal(types), "export class Tracker {\n    flush(): void;\n}\n");
    }

    #[test]
    fn a_path_to_nothing_is_refused() {
        let manifest =
            serde_json::json!({ "exports": { ".": { "types": "./a.d.ts", "default": "./a.js" } } });
        check(&manifest, &package(&["a.js", "a.d.ts"])).unwrap();
        let error = check(&manifest, &package(&["a.js"])).unwrap_err().to_string();
        assert!(error.contains("a.d.ts"), "{error}");
    }

    #[test]
    fn a_file_that_would_not_be_published_is_refused() {
        let manifest = serde_json::json!({ "files": ["*.js", "snippets/"] });
        check(&manifest, &package(&["LICENSE", "a.js", "snippets/x/b.ts"])).unwrap();
        let error = check(&manifest, &package(&["a.wasm", "snippets/b.js"])).unwrap_err().to_string();
        assert!(error.contains("a.wasm"), "{error}");
        let error = check(&manifest, &package(&["a.js"])).unwrap_err().to_string();
        assert!(error.contains("publishes snippets"), "{error}");
    }

    #[test]
    fn a_new_package_leaves_nothing_of_the_old_one() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("pkg");
        install(&package(&["old.js"]), &directory).unwrap();
        install(&package(&["a/new.js"]), &directory).unwrap();
        let mut found = Package::new();
        collect(&directory, Path::new(""), &mut found).unwrap();
        assert_eq!(found, package(&["a/new.js"]));
    }
}
