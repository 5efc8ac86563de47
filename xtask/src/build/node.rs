//! The node tools that shrink what a page loads: wasm-opt, wasm2js and terser, at the versions of
//! `xtask/tools/package-lock.json`, installed once outside the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::process::{output, run};
use crate::tools;

/// Installed node tools.
#[derive(Debug)]
pub(crate) struct NodeRuntime {
    programs: PathBuf,
}

impl NodeRuntime {
    /// The tools, installed when they are missing; `None` on a machine without node and npm, or where npm has no
    /// network.
    pub(crate) fn find(root: &Path) -> anyhow::Result<Option<Self>> {
        let modules = Self::packages(root, "xtask/tools", "node")?;
        Ok(modules.map(|modules| Self { programs: modules.join(".bin") }))
    }

    /// The directory of the packages of a lock file in the checkout, installed below `name` in the tools directory
    /// when they are missing; `None` as for `find`.
    pub(crate) fn packages(root: &Path, sources: &str, name: &str) -> anyhow::Result<Option<PathBuf>> {
        let lock = std::fs::read(root.join(sources).join("package-lock.json"))
            .with_context(|| format!("cannot read {sources}/package-lock.json"))?;
        let key = hex::encode(&Sha256::digest(lock)[..8]);
        let directory = tools::directory()?.join(name).join(key);
        if !answers("node") {
            return Ok(None);
        }
        if !directory.is_dir() {
            if !answers("npm") {
                return Ok(None);
            }
            if let Err(error) = install(root, sources, &directory) {
                eprintln!("{error:#}");
                return Ok(None);
            }
        }
        Ok(Some(directory.join("node_modules")))
    }

    /// One of the tools, by the name of its program.
    pub(crate) fn tool(&self, program: &str) -> Command {
        Command::new(self.programs.join(program))
    }

    /// The script, minified.
    pub(crate) fn minify(&self, script: &str, work: &Path) -> anyhow::Result<String> {
        // Functions with a body are not inlined: that would make the script longer under brotli.
        let compress = "passes=3,toplevel,unsafe_arrows,keep_fargs=false,inline=1,hoist_funs";
        let arguments =
            ["--toplevel", "--compress", compress, "--mangle", "toplevel", "--mangle-props", "regex=/^_\\$/"];
        self.terser(&with_let(script), work, &arguments)
    }

    /// A module, minified as a site's own bundler does it.
    pub(crate) fn minify_module(&self, module: &str, work: &Path) -> anyhow::Result<String> {
        self.terser(module, work, &["--module", "--compress", "--mangle"])
    }

    fn terser(&self, text: &str, work: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let (source, target) = (work.join("long.js"), work.join("short.js"));
        std::fs::write(&source, text)?;
        let mut terser = self.tool("terser");
        terser.arg(&source).arg("--output").arg(&target).args(["--ecma", "2017"]).args(arguments);
        output(&mut terser).context("terser does not take the text")?;
        std::fs::read_to_string(target).context("terser wrote nothing")
    }
}

/// Replaces `const` by `let` in declarations, so that terser merges neighbouring ones.
fn with_let(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    for line in script.split_inclusive('\n') {
        let code = line.trim_start();
        let (indent, code) = line.split_at(line.len() - code.len());
        let word = ["const ", "for (const "].into_iter().find(|word| code.starts_with(word));
        let rest = &code[word.map_or(0, str::len)..];
        text.extend([indent, &word.unwrap_or_default().replace("const", "let"), rest]);
    }
    text
}

fn answers(program: &str) -> bool {
    output(Command::new(program).arg("--version")).is_ok()
}

/// Installs into a temporary directory and renames it, so that a broken installation is never taken for a whole one.
fn install(root: &Path, sources: &str, directory: &Path) -> anyhow::Result<()> {
    eprintln!("installing the packages of {sources} into the tools directory, once");
    let above = directory.parent().context("the tools directory has a directory above")?;
    std::fs::create_dir_all(above)?;
    let part = tempfile::tempdir_in(above)?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        std::fs::copy(root.join(sources).join(file), part.path().join(file))
            .with_context(|| format!("cannot copy {sources}/{file}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(npm.current_dir(part.path()))
        .with_context(|| format!("the packages of {sources} cannot be installed"))?;
    match std::fs::rename(part.path(), directory) {
        // Another build has installed the same lock file meanwhile.
        Err(_) if directory.is_dir() => Ok(()),
        moved => moved.with_context(|| format!("cannot make {}", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_become_let_and_nothing_else_does() {
        let script = "const a = 'const b';\n  for (const c of a) f(c);\nconstant(a);\n\n  g('a const');";
        let expected = "let a = 'const b';\n  for (let c of a) f(c);\nconstant(a);\n\n  g('a const');";
        assert_eq!(with_let(script), expected);
    }

    #[test]
    fn the_locks_install_from_any_mirror() {
        for sources in ["xtask/tools", "xtask/peers", "xtask/peers-server"] {
            let lock =
                std::fs::read_to_string(crate::root().join(sources).join("package-lock.json")).unwrap();
            assert!(lock.contains("\"integrity\": \"sha512-"));
            assert!(!lock.contains("\"resolved\""), "an address stands in the lock of {sources}");
        }
    }
}
