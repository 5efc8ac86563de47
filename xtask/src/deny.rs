//! `cargo xtask deny`: licences, sources, bans and advisories of dependencies, as `deny.toml` says.

use std::path::Path;
use std::process::Command;

use crate::process;
use crate::tools;

/// Checks bans, licences and sources, which only a commit changes, then advisories, which change at any time. Where
/// their database cannot be fetched, the check says that it was skipped, so that silence is not taken for a pass.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let tool = tools::cargo_deny()?;
    let deny = |arguments: &[&str]| {
        let mut deny = Command::new(&tool);
        deny.current_dir(root).args(arguments);
        deny
    };
    process::run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    match process::output(&mut deny(&["fetch", "db"])) {
        Ok(_) => process::run(&mut deny(&["check", "--disable-fetch", "advisories"])),
        Err(error) => {
            eprintln!("{}", skipped(&error.to_string()));
            Ok(())
        }
    }
}

/// The message where the database cannot be fetched.
fn skipped(reason: &str) -> String {
    let last = reason.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(reason);
    format!("skipped: advisories, because their database cannot be had here: {}", last.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_said_with_its_reason() {
        let said = skipped("`cargo-deny fetch db` ended with 1: trying\n  no network\n");
        assert_eq!(said, "skipped: advisories, because their database cannot be had here: no network");
    }
}
