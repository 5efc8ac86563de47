//! `cargo xtask bench` in the build that everybody starts with: builds xtask again, with what only measurements need,
//! and hands its arguments on.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use crate::process::{cargo, run as finish};

/// What `bench` is told; read by the build that measures.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Builds with the feature `bench` and runs the same command there.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let mut again = cargo();
    again.current_dir(root).args([
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "bench",
        "--",
        "bench",
    ]);
    finish(again.args(&options.arguments))
}
