//! Tools that a fresh machine lacks: found, or installed once, outside the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::process::{cargo, output, run};

mod engine;
mod postgres;
mod schemathesis;

pub(crate) use engine::{Browser, Engine, Engines, browser, install};
pub(crate) use postgres::postgres;
pub(crate) use schemathesis::schemathesis;

/// A tool that cargo installs, at the one version this was built with.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
}

const WASM_PACK: CargoTool = CargoTool { package: "wasm-pack", program: "wasm-pack", version: "0.15.1" };
const CARGO_FUZZ: CargoTool = CargoTool { package: "cargo-fuzz", program: "cargo-fuzz", version: "0.13.2" };
const GECKODRIVER: CargoTool =
    CargoTool { package: "geckodriver", program: "geckodriver", version: "0.37.1" };
const CARGO_MUTANTS: CargoTool =
    CargoTool { package: "cargo-mutants", program: "cargo-mutants", version: "27.1.0" };
const CARGO_DENY: CargoTool = CargoTool { package: "cargo-deny", program: "cargo-deny", version: "0.20.2" };

/// Where tools are kept: `$HEADWATER_TOOLS`, or a cache below the home directory.
pub(crate) fn directory() -> anyhow::Result<PathBuf> {
    if let Some(directory) = std::env::var_os("HEADWATER_TOOLS") {
        return Ok(PathBuf::from(directory));
    }
    let home =
        std::env::home_dir().context("no home directory: set HEADWATER_TOOLS to a directory for tools")?;
    Ok(home.join(".cache/headwater/tools"))
}

/// `wasm-bindgen` of exactly the version in Cargo.lock, because the format of the glue differs between versions. For
/// browser tests; the build uses the library.
pub(crate) fn wasm_bindgen(root: &Path) -> anyhow::Result<PathBuf> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", version)
}

/// `wasm-pack`, which drives the browser suite.
pub(crate) fn wasm_pack() -> anyhow::Result<PathBuf> {
    cargo_tool(WASM_PACK.package, WASM_PACK.program, WASM_PACK.version)
}

/// `cargo-fuzz`, which builds fuzz targets.
pub(crate) fn cargo_fuzz() -> anyhow::Result<PathBuf> {
    cargo_tool(CARGO_FUZZ.package, CARGO_FUZZ.program, CARGO_FUZZ.version)
}

/// `cargo-mutants`, for mutation testing.
pub(crate) fn cargo_mutants() -> anyhow::Result<PathBuf> {
    cargo_tool(CARGO_MUTANTS.package, CARGO_MUTANTS.program, CARGO_MUTANTS.version)
}

/// `cargo-deny`, which checks licences and sources of dependencies.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    cargo_tool(CARGO_DENY.package, CARGO_DENY.program, CARGO_DENY.version)
}

/// `geckodriver`, which speaks WebDriver to Firefox.
fn geckodriver() -> anyhow::Result<PathBuf> {
    cargo_tool(GECKODRIVER.package, GECKODRIVER.program, GECKODRIVER.version)
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// A tool on the path or in the cache when its version is right; otherwise installed into the cache.
fn cargo_tool(package: &str, program: &str, version: &str) -> anyhow::Result<PathBuf> {
    let directory = directory()?;
    let cached = directory.join("bin").join(program);
    for candidate in [cached.clone(), PathBuf::from(program)] {
        // Some cargo subcommands print their version only when called with the name that cargo passes, such as
        // `fuzz`.
        let called: [&[&str]; 2] = [&[], &[program.trim_start_matches("cargo-")]];
        for name in called {
            let mut ask = Command::new(&candidate);
            if output(ask.args(name).arg("--version")).is_ok_and(|said| names_version(&said, version)) {
                return Ok(candidate);
            }
        }
    }
    eprintln!("installing {package} {version} into the tools directory, once");
    let mut install = cargo();
    install.args(["install", "--debug", "--locked", "--force", package, "--version", version, "--root"]);
    // A default target set for the checkout, such as wasm, must not apply to the tool's own build.
    run(install.arg(&directory).env_remove("CARGO_BUILD_TARGET"))
        .with_context(|| format!("{package} {version} is needed and cannot be installed"))?;
    Ok(cached)
}

/// Whether `--version` printed this version, as the word after the program's name.
fn names_version(said: &str, version: &str) -> bool {
    said.split_whitespace().any(|word| word == version)
}

/// Adds the wasm target to the toolchain when rustup manages it and the target is missing.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", TARGET]))
        .context("install the standard library for wasm32-unknown-unknown for this toolchain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_the_one_of_the_package_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-test\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.126\"\nsource = \"s\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.126"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn a_version_that_only_begins_alike_is_another_version() {
        assert!(names_version("wasm-pack 0.15.1\n", "0.15.1"));
        assert!(!names_version("wasm-pack 0.15.10\n", "0.15.1"));
    }
}
