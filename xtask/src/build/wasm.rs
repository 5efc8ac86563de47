//! Builds a wasm module and its glue from Rust: cargo, then wasm-bindgen, so that the same sources make the same
//! bytes in every checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::trap_formatting::trap_formatting;
use crate::process::{cargo, output, run, target_directory};
use crate::tools;

/// The form in which the tracker is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WasmArtefact {
    /// One script that a page loads: `no_std`, glue as a module that is inlined.
    Script,
    /// A package for bundlers: typed, with a glue that finds its own wasm.
    Package,
}

impl WasmArtefact {
    /// The profile in Cargo.toml.
    fn profile(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Package => "npm",
        }
    }

    fn cargo_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Script => &["--no-default-features", "--features", "script"],
            Self::Package => &[],
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            // 128 KiB of stack in place of a megabyte: shorter addresses, and less of a page's memory. More than half
            // of it is for the lines of a page (`PAGE_LINES_MAX`). Passing it traps.
            Self::Script => &["-Clink-arg=-zstack-size=131072"],
            Self::Package => &[],
        }
    }

    /// The target of the glue, as `xtask-bindgen` names it. `bundler` comes without types.
    fn glue(self) -> &'static str {
        match self {
            Self::Script => "bundler",
            Self::Package => "web",
        }
    }
}

/// The prefix of the files that wasm-bindgen writes.
pub(super) const NAME: &str = "headwater";

/// Builds the tracker and writes `headwater_bg.wasm` and its glue into the directory.
pub(super) fn build(root: &Path, artefact: WasmArtefact, directory: &Path) -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    tools::wasm_target()?;
    let mut build = cargo();
    build.current_dir(root).args(["build", "--package", "headwater-tracker", "--lib"]);
    build.args(["--target", TARGET, "--profile", artefact.profile()]).args(artefact.cargo_arguments());
    let mut flags = remapped(root)?;
    flags.extend(artefact.flags().iter().map(|&flag| flag.to_owned()));
    // Overrides flags that are set for the checkout: they would change the bytes.
    run(build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))?;

    let built = target_directory(root)?.join(TARGET).join(artefact.profile()).join("headwater_tracker.wasm");
    let wasm = match artefact {
        WasmArtefact::Script => built,
        WasmArtefact::Package => {
            let muted = directory.with_extension("wasm");
            std::fs::write(&muted, trap_formatting(&std::fs::read(built)?)?)?;
            muted
        }
    };
    let mut bind = cargo();
    bind.current_dir(root).args(["run", "--quiet", "--package", "xtask-bindgen", "--", artefact.glue()]);
    bind.arg(wasm).arg(directory).arg(NAME);
    output(&mut bind)?;
    Ok(())
}

/// Flags that replace this machine's paths by the same names on every machine.
fn remapped(root: &Path) -> anyhow::Result<Vec<String>> {
    let sysroot = output(Command::new("rustc").current_dir(root).args(["--print", "sysroot"]))?;
    let said = output(Command::new("rustc").current_dir(root).arg("-vV"))?;
    let commit = said.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => std::env::home_dir().context("no home directory: set CARGO_HOME")?.join(".cargo"),
    };
    let places = [
        // The path that the standard library has where its sources are not installed.
        (Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), format!("/rustc/{}", commit.unwrap_or("-"))),
        (home, "/cargo".to_owned()),
        // rustc applies the last one that matches: a cargo home inside the checkout must not hide the checkout.
        (root.to_path_buf(), "/headwater".to_owned()),
    ];
    Ok(places.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_this_machine_stays_in_a_module() {
        let root = crate::root();
        let flags = remapped(&root).unwrap();
        assert_eq!(flags.last().unwrap(), &format!("--remap-path-prefix={}=/headwater", root.display()));
        assert!(flags[0].contains("lib/rustlib/src/rust=/rustc/"), "{flags:?}");
    }
}
