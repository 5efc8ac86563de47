//! Builds a wasm module and its glue from Rust: cargo, then wasm-bindgen, so that the same sources make the same
//! bytes in every checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use wasmparser::{Parser, Payload, TypeRef, ValType};

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

/// A function that a module imports from JavaScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The JavaScript module, as wasm-bindgen or wasm-opt named it.
    pub(super) module: String,
    /// The function in it.
    pub(super) name: String,
}

/// The functions that a module imports, in order; any other import is an error.
pub(super) fn imports(wasm: &[u8]) -> anyhow::Result<Vec<Import>> {
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ImportSection(section) = payload? else { continue };
        for import in section.into_imports() {
            let import = import?;
            let (module, name) = (import.module.to_owned(), import.name.to_owned());
            if !matches!(import.ty, TypeRef::Func(_)) {
                bail!("the module imports {name} from {module}, which is no function");
            }
            imports.push(Import { module, name });
        }
    }
    Ok(imports)
}

/// Whether an imported or exported function takes or returns 64-bit integers. wasm2js splits those into two numbers,
/// so the fallback's glue would not match.
pub(super) fn crosses_with_64_bits(wasm: &[u8]) -> anyhow::Result<bool> {
    let mut types = Vec::new();
    let mut functions = Vec::new();
    let mut crossing = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    types.push(ty.params().iter().chain(ty.results()).any(|value| *value == ValType::I64));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        crossing.push(functions.len());
                        functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == wasmparser::ExternalKind::Func {
                        crossing.push(export.index as usize);
                    }
                }
            }
            _ => {}
        }
    }
    let wide =
        |function: usize| functions.get(function).and_then(|ty| types.get(*ty as usize)) == Some(&true);
    Ok(crossing.into_iter().any(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports `m.f` and exports a function as `g`: both of type 0, `(param)`.
    fn module(param: u8) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 5, 1, 0x60, 1, param, 0]); // type 0
        wasm.extend([2, 7, 1, 1, b'm', 1, b'f', 0, 0]); // import
        wasm.extend([3, 2, 1, 0]); // one function of type 0
        wasm.extend([7, 5, 1, 1, b'g', 0, 1]); // export
        wasm.extend([10, 4, 1, 2, 0, 0x0b]); // its code
        wasm
    }

    const I32: u8 = 0x7f;
    const I64: u8 = 0x7e;

    #[test]
    fn imports_are_read_from_the_module_itself() {
        let imports = imports(&module(I32)).unwrap();
        assert_eq!(imports, [Import { module: "m".into(), name: "f".into() }]);
    }

    #[test]
    fn an_import_that_is_no_function_is_refused() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([2, 8, 1, 1, b'm', 1, b'f', 2, 0, 1]); // a memory
        assert!(imports(&wasm).unwrap_err().to_string().contains("imports f from m"));
    }

    #[test]
    fn imports_and_exports_with_64_bits_are_noticed() {
        assert!(!crosses_with_64_bits(&module(I32)).unwrap());
        assert!(crosses_with_64_bits(&module(I64)).unwrap());
    }

    #[test]
    fn no_path_of_this_machine_stays_in_a_module() {
        let root = crate::root();
        let flags = remapped(&root).unwrap();
        assert_eq!(flags.last().unwrap(), &format!("--remap-path-prefix={}=/headwater", root.display()));
        assert!(flags[0].contains("lib/rustlib/src/rust=/rustc/"), "{flags:?}");
    }
}
