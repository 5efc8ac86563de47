//! `cargo xtask bench` in the default build of xtask, which lacks the dependencies that only measurements need:
//! builds xtask again with the feature `bench` and passes the arguments on.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use crate::process::{cargo, run as finish};

/// The arguments of `bench`, unparsed; the build with the feature parses them.
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
