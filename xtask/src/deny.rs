//! `cargo xtask deny`: licences, sources and bans of dependencies, as `deny.toml` says.

use std::path::Path;
use std::process::Command;

use crate::process;
use crate::tools;

/// Runs `cargo deny` without advisories: they change without us, and would make an old commit fail.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut deny = Command::new(tools::cargo_deny()?);
    deny.current_dir(root).args(["check", "bans", "licenses", "sources"]);
    process::run(&mut deny)
}
