//! `headwater completions` and `headwater man`, from the description of the command line itself.

use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_complete::Shell;

use crate::args;

/// Prints the completions of a shell.
pub(crate) fn print(shell: Shell, of_api: Vec<Command>) {
    clap_complete::generate(shell, &mut args::command(of_api), "headwater", &mut std::io::stdout());
}

/// Writes `headwater.1`, and a page for each command below it.
pub(crate) fn write_manual(directory: &Path, of_api: Vec<Command>) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    clap_mangen::generate_to(args::command(of_api), directory)
        .with_context(|| format!("cannot write into {}", directory.display()))
}
