//! The two programs that the demo, the journeys and the bench start.

use std::path::{Path, PathBuf};

use crate::process::{cargo, run, target_directory};

/// How fast the programs are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Built quickly, run slowly: for tests and the demo.
    Debug,
    /// Built slowly, run fast: for measurements.
    Release,
}

/// Builds `headwater` and `storefront` (and this program, where speed counts), and says in which directory they are.
pub(crate) fn build(root: &Path, speed: Speed) -> anyhow::Result<PathBuf> {
    // Carried inside `headwater`, so they have to be there first.
    crate::build::scripts(root)?;
    let mut build = cargo();
    build.current_dir(root).args(["build", "-p", "headwater-cli", "-p", "headwater-storefront", "--bins"]);
    if speed == Speed::Release {
        // The bench starts the handler it compares with from here too.
        build.args(["--release", "-p", "xtask", "--features", "xtask/bench"]);
    }
    run(&mut build)?;
    let profile = if speed == Speed::Release { "release" } else { "debug" };
    Ok(target_directory(root)?.join(profile))
}
