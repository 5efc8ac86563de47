//! The two programs that the demo, the journeys and the bench start.

use std::path::{Path, PathBuf};

use crate::process::{cargo, run, target_directory};

/// The build profile of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Built quickly, run slowly: for tests and the demo.
    Debug,
    /// Built slowly, run fast: for measurements.
    Release,
}

/// Builds `headwater` and `storefront` (and for a release this program, too), and returns their directory.
pub(crate) fn build(root: &Path, speed: Speed) -> anyhow::Result<PathBuf> {
    // `headwater` embeds the scripts, so they must be built first.
    crate::build::scripts(root)?;
    let mut build = cargo();
    build.current_dir(root).args(["build", "-p", "headwater-cli", "-p", "headwater-storefront", "--bins"]);
    if speed == Speed::Release {
        // The bench's baseline handler is a subcommand of xtask.
        build.args(["--release", "-p", "xtask", "--features", "xtask/bench"]);
    }
    run(&mut build)?;
    let profile = if speed == Speed::Release { "release" } else { "debug" };
    Ok(target_directory(root)?.join(profile))
}
