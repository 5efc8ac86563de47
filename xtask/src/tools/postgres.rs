//! PostgreSQL's programs: found where Debian and Homebrew install them, or installed.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::engine::{apt_install, directories};
use crate::cluster;

/// Debian's directory, with one directory for each version.
const LIBRARIES: &[&str] = &["/usr/lib/postgresql"];
/// Homebrew's directories, one for each version.
const HOMEBREW: &[&str] = &[
    "/opt/homebrew/opt/postgresql@17/bin",
    "/opt/homebrew/opt/postgresql@16/bin",
    "/opt/homebrew/opt/postgresql@15/bin",
];

/// The directory of `initdb`, `postgres` and the like; installed from Debian's package where we may.
pub(crate) fn postgres() -> anyhow::Result<PathBuf> {
    if let Some(programs) = find() {
        return Ok(programs);
    }
    apt_install(&["postgresql"])?;
    let Some(programs) = find() else {
        bail!(
            "needs PostgreSQL's server programs: install them (Debian: postgresql; Homebrew: postgresql@17)"
        );
    };
    Ok(programs)
}

fn find() -> Option<PathBuf> {
    let debian = LIBRARIES.iter().find_map(|library| cluster::newest(Path::new(library)));
    let mut others = HOMEBREW.iter().map(PathBuf::from).chain(directories());
    debian.or_else(|| others.find(|programs| programs.join("initdb").is_file()))
}
