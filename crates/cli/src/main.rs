//! The program `headwater`: one binary for every role. `main` prints, `run` decides.
//!
//! Exit codes: 0 success, 1 an error while working, 2 wrong arguments (clap's own).

mod api;
mod args;
mod check;
mod completions;
mod control;
mod erasure;
mod files;
mod init;
mod listen;
mod migrate;
mod min_rate;
mod program;
mod proxies;
mod relay_role;
mod scripts;
mod serve;
mod storage;
mod system;
mod webhooks;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The most threads for blocking work, which is reading the databases: twice the read connections of both. Tokio's
/// default of 512 threads would each keep the memory of the longest list that they have read.
const BLOCKING_THREADS: usize = 4 * headwater_protocol::limits::READERS_MAX;

fn main() -> ExitCode {
    let invocation = args::read(api::commands());
    args::start_logging(&invocation);
    match run(invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headwater: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(invocation: args::Invocation) -> anyhow::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
    runtime.block_on(async {
        let arguments = match invocation {
            args::Invocation::Own(arguments) => arguments,
            args::Invocation::Api { resource, matches, .. } => {
                let settings = args::settings_directory();
                let done = api::run(&resource, &matches, settings.as_deref()).await;
                return done.unwrap_or_else(|| anyhow::bail!("there is no command {resource}"));
            }
        };
        match arguments.command {
            args::Command::Completions(options) => {
                completions::print(options.shell, api::commands());
                Ok(())
            }
            args::Command::Man(options) => completions::write_manual(&options.directory, api::commands()),
            args::Command::Check(options) => check::run(&options),
            args::Command::Migrate(options) => migrate::run(options).await,
            args::Command::Init(options) => init::run(options).await,
            args::Command::Serve(options) => serve::run(options).await,
            args::Command::Relay(options) => relay_role::run(options).await,
        }
    })
}
