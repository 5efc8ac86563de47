//! The program `headwater`: one binary for every role. `main` prints, `run` decides.
//!
//! Exit codes: 0 success, 1 an error while working, 2 wrong arguments (clap's own), 3 a server stopped before it had
//! finished what it had begun, 4 `status --check` or `verify` found something that somebody has to look at, 5 `import`
//! took a file but for some of its rows.

mod admin;
mod api;
mod args;
mod backup;
mod check;
mod completions;
mod config;
mod control;
mod dead;
mod entry_change;
mod erasure;
mod events;
mod files;
mod http_durations;
mod init;
mod listen;
mod migrate;
mod min_rate;
mod program;
mod proxies;
mod queue;
mod relay_role;
mod scripts;
mod serve;
mod status;
mod stop;
mod storage;
mod system;
mod table;
mod webhooks;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The most threads for blocking work, which is reading the databases: twice the read connections of both. Tokio's
/// default of 512 threads would each keep the memory of the longest list that they have read.
const BLOCKING_THREADS: usize = 4 * headwater_protocol::limits::READERS_MAX;

/// The exit code of an import of which some rows were refused.
const ROWS_REFUSED: u8 = 5;

fn main() -> ExitCode {
    let invocation = args::read(api::commands());
    args::start_logging(&invocation);
    match run(invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headwater: {error:#}");
            exit_code(&error)
        }
    }
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<stop::Unfinished>() {
        return ExitCode::from(stop::UNFINISHED);
    }
    if error.is::<api::RowsRefused>() {
        return ExitCode::from(ROWS_REFUSED);
    }
    if error.is::<status::Attention>() { ExitCode::from(status::ATTENTION) } else { ExitCode::FAILURE }
}

fn run(invocation: args::Invocation) -> anyhow::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
    runtime.block_on(async {
        let arguments = match invocation {
            args::Invocation::Own(arguments) => *arguments,
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
            args::Command::Backup(options) => backup::back_up(&options),
            args::Command::Restore(options) => backup::restore(&options),
            args::Command::Config(command) => config::run(command, arguments.config),
            args::Command::Status(options) => status::run(options).await,
            args::Command::Dead(command) => dead::run(command).await,
            args::Command::Events(command) => events::run(command).await,
            args::Command::Serve(options) => serve::run(options).await,
            args::Command::Relay(options) => relay_role::run(options).await,
        }
    })
}
