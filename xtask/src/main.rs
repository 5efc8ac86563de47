//! `cargo xtask`: every command of the repository. `main` prints; the modules do the work.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "bench")]
mod bench;
#[cfg(not(feature = "bench"))]
#[path = "rebuild.rs"]
mod bench;
mod binaries;
mod build;
mod bundlers;
mod cluster;
mod demo;
mod deny;
mod endpoints;
mod package;
mod page;
mod process;
mod server;
mod size;
mod soak;
mod test;
mod tidy;
mod tools;

/// Every command of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct XtaskArguments {
    #[command(subcommand)]
    command: XtaskCommand,
}

#[derive(Debug, Subcommand)]
enum XtaskCommand {
    /// Measures durably acknowledged events a second, compared with a handler that does nothing.
    Bench(bench::Options),
    /// Serves the handler that does nothing.
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    BenchNoop(bench::noop::NoopOptions),
    /// Builds the script that a page loads and the npm package.
    Build,
    /// Starts the demo company, ready to click through.
    Demo(demo::Options),
    /// Packs what an operator installs: a static binary, a Debian package, container and monitoring files.
    Package,
    /// Measures the sizes of the artefacts; fails over budget.
    Size(size::Options),
    /// Runs fuzz targets, crashes and other long tests; fails on any finding.
    Soak(soak::Options),
    /// Runs everything that CI runs as tests: native, in a browser, journeys end to end, styles of integration.
    Test(test::Options),
    /// Checks the rules that the compiler does not enforce.
    Tidy(tidy::Options),
    /// Checks licences, sources, bans and advisories of dependencies.
    Deny,
}

fn main() -> ExitCode {
    match dispatch(&XtaskArguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &XtaskCommand) -> anyhow::Result<()> {
    let root = root();
    match command {
        XtaskCommand::Bench(options) => bench::run(&root, options),
        #[cfg(feature = "bench")]
        XtaskCommand::BenchNoop(options) => bench::noop::run(options),
        XtaskCommand::Build => build::run(&root),
        XtaskCommand::Demo(options) => demo::run(&root, options),
        XtaskCommand::Deny => deny::run(&root),
        XtaskCommand::Package => package::run(&root),
        XtaskCommand::Size(options) => size::run(&root, options),
        XtaskCommand::Soak(options) => soak::run(&root, options),
        XtaskCommand::Test(options) => test::run(&root, options),
        XtaskCommand::Tidy(options) => tidy::run(&root, options),
    }
}

/// The checkout: the directory above this package. The path is the one that cargo gives when it runs us, because two
/// checkouts that share a target directory share this program; otherwise the path at build time.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().expect("xtask/ has a directory above it").to_path_buf()
}
