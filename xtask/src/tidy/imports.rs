//! Checks which crate may import which.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::Problem;
use crate::process::{cargo, output};

/// Each of our crates and those that it may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("metrics", &[]),
    ("store", &["metrics"]),
    ("tracker", &["protocol"]),
    ("attribution", &["protocol"]),
    ("client", &["protocol"]),
    ("import", &["protocol"]),
    ("journal", &["store"]),
    ("relay", &["protocol", "journal", "client", "store", "metrics"]),
    ("ledger", &["protocol", "attribution", "import", "store"]),
    ("cli", &["relay", "ledger", "client", "import", "protocol", "journal", "store", "metrics"]),
    ("storefront", &["client", "protocol"]),
    ("journeys", &["protocol", "client"]),
    ("testkit", &["relay", "ledger", "client", "journal", "store", "teststore", "protocol"]),
    ("teststore", &["store"]),
    ("xtask", &[]),
    ("xtask-bindgen", &[]),
];

/// A package of the workspace and those of our crates that it imports.
#[derive(Debug)]
pub(super) struct CargoPackage {
    /// Without `headwater-`.
    name: String,
    /// Its Cargo.toml, from the checkout's root.
    manifest: String,
    /// The crates it imports, with the line of its Cargo.toml that says so.
    imports: Vec<(String, usize)>,
}

impl CargoPackage {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The names of our crates that it imports.
    pub(super) fn imports(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(|(import, _)| import.as_str())
    }

    #[cfg(test)]
    pub(super) fn of(name: &str, imports: &[&str]) -> Self {
        let imports = imports.iter().map(|import| ((*import).to_owned(), 9)).collect();
        Self { name: name.into(), manifest: format!("crates/{name}/Cargo.toml"), imports }
    }
}

/// The workspace's packages, as cargo understands them.
pub(super) fn packages(root: &Path) -> anyhow::Result<Vec<CargoPackage>> {
    let metadata = output(cargo().current_dir(root).args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(|package| read(root, package)).collect()
}

fn read(root: &Path, package: &Value) -> anyhow::Result<CargoPackage> {
    let name = package["name"].as_str().context("a package has no name")?;
    let manifest = Path::new(package["manifest_path"].as_str().context("a package has no manifest")?);
    let text =
        std::fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    let ours = dependencies.iter().filter_map(|dependency| import(dependency, &text)).collect();
    let manifest = manifest.strip_prefix(root).unwrap_or(manifest).to_string_lossy().into_owned();
    Ok(CargoPackage { name: short(name).to_owned(), manifest, imports: ours })
}

/// A dependency on one of our crates, and its line. Dev-dependencies are not restricted.
fn import(dependency: &Value, manifest: &str) -> Option<(String, usize)> {
    let name = dependency["name"].as_str()?;
    if dependency["kind"] == "dev" || (!name.starts_with("headwater") && name != "xtask") {
        return None;
    }
    let line = manifest
        .lines()
        .position(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '=', '.'])));
    Some((short(name).to_owned(), line.map_or(1, |line| line + 1)))
}

fn short(package: &str) -> &str {
    package.strip_prefix("headwater-").unwrap_or(package)
}

/// Imports that the table does not allow, and packages that are missing from it.
pub(super) fn check(packages: &[CargoPackage]) -> Vec<Problem> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &CargoPackage) -> Vec<Problem> {
    let problem = |line, text| Problem { file: package.manifest.clone(), line, text };
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        let text = format!("`{}` has no place in the import table: give it one in xtask", package.name);
        return vec![problem(1, text)];
    };
    let refused = package.imports.iter().filter(|(import, _)| !allowed.contains(&import.as_str()));
    let text = |import: &str| format!("`{}` may not import `{import}`, only {allowed:?}", package.name);
    refused.map(|(import, line)| problem(*line, text(import))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_that_the_table_does_not_allow_is_refused() {
        let problems = check(&[CargoPackage::of("journal", &["store", "relay"])]);
        assert_eq!(problems.len(), 1);
        let text = problems[0].to_string();
        assert!(text.starts_with("crates/journal/Cargo.toml:9: `journal` may not import `relay`"), "{text}");
    }

    #[test]
    fn protocol_and_store_import_nothing_of_ours() {
        assert_eq!(
            check(&[CargoPackage::of("protocol", &["store"]), CargoPackage::of("store", &["protocol"])])
                .len(),
            2
        );
    }

    #[test]
    fn a_crate_without_a_place_in_the_table_is_a_problem() {
        assert_eq!(check(&[CargoPackage::of("attic", &[])]).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle() {
        // A topological sort: each crate imports only crates that come before it.
        let mut done: Vec<&str> = Vec::new();
        while let Some((name, _)) = ALLOWED.iter().find(|(name, imports)| {
            !done.contains(name) && imports.iter().all(|import| done.contains(import))
        }) {
            done.push(name);
        }
        assert_eq!(done.len(), ALLOWED.len(), "{done:?}");
    }

    #[test]
    fn dev_dependencies_are_not_restricted_and_the_line_is_found() {
        let manifest = "[dependencies]\nheadwater-store = { workspace = true }\n";
        let normal = serde_json::json!({"name": "headwater-store", "kind": null});
        let dev = serde_json::json!({"name": "headwater-store", "kind": "dev"});
        let foreign = serde_json::json!({"name": "serde", "kind": null});
        assert_eq!(import(&normal, manifest), Some(("store".into(), 2)));
        assert_eq!(import(&dev, manifest), None);
        assert_eq!(import(&foreign, manifest), None);
    }

    #[test]
    fn cargo_lists_the_crates_it_builds() {
        let packages = packages(&crate::root()).unwrap();
        let relay = packages.iter().find(|package| package.name == "client").unwrap();
        assert!(relay.imports.iter().any(|(import, line)| import == "protocol" && *line > 1), "{relay:?}");
    }
}
