//! Schemathesis, which asks an API what its OpenAPI document allows and forbids: in a Python environment of its own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use super::{directory, names_version};
use crate::process::{output, run};

/// It and everything that it needs, each at one version.
const PACKAGES: &str = include_str!("schemathesis.txt");

/// The program; its environment is made in the tools directory where it is missing or of another version.
pub(crate) fn schemathesis() -> anyhow::Result<PathBuf> {
    let environment = directory()?.join("schemathesis");
    let program = environment.join("bin/schemathesis");
    let version = version(PACKAGES).context("schemathesis.txt names no version of schemathesis")?;
    if output(Command::new(&program).arg("--version")).is_ok_and(|said| names_version(&said, version)) {
        return Ok(program);
    }
    eprintln!("installing schemathesis {version} into the tools directory, once");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
        .context("needs Python 3.10 or newer with venv: install it (Debian: python3-venv)")?;
    let packages = environment.join("packages.txt");
    std::fs::write(&packages, PACKAGES).context("cannot write into the tools directory")?;
    let mut install = Command::new(environment.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    run(install.arg(&packages))
        .with_context(|| format!("schemathesis {version} is needed and cannot be installed"))?;
    Ok(program)
}

/// The version that a list of packages has of schemathesis.
fn version(packages: &str) -> Option<&str> {
    packages.lines().find_map(|line| line.strip_prefix("schemathesis=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_one_version() {
        assert!(version(PACKAGES).is_some_and(|version| version.starts_with('4')));
        let mut lines = PACKAGES.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.all(|line| line.split("==").count() == 2), "{PACKAGES}");
        assert_eq!(version("schemathesis-core==1\nschemathesis==4.0.1\n"), Some("4.0.1"));
    }
}
