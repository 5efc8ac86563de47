//! `cargo xtask bench`: everything that is measured, and what the measurements share.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use tokio::process::Command;

use crate::binaries::{self, Speed};
use crate::process::output;

mod browser;
mod events;
mod import;
mod ledger;
pub(crate) mod load;
mod migrate;
pub(crate) mod noop;
mod postgres;
mod versus;

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Open connections, each with one request at a time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Rounds; each measures every contender once, in turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds each contender is measured in each round.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[command(flatten)]
    what: What,
    /// Customers of one partner in the filled ledger, to measure what one more costs then.
    #[arg(long, default_value_t = 1_000_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(1002..))]
    customers: u64,
    /// Payments of the program in the filled ledger.
    #[arg(long, default_value_t = 10_000_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(2..))]
    payments: u64,
    /// Programs in the filled ledger.
    #[arg(long, default_value_t = 10_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(2..))]
    programs: u64,
    /// At most 100,000 customers and payments in a filled ledger, which is made in seconds.
    #[arg(long)]
    quick: bool,
    /// Measure this `headwater` in place of the one built here, for example one from before a change.
    #[arg(long)]
    headwater: Option<PathBuf>,
    /// Loads of each page in the browser.
    #[arg(long, default_value_t = 20, requires = "browser", value_parser = clap::value_parser!(u16).range(1..))]
    loads: u16,
    /// Print the table only; leave docs/benchmarks.md as it is.
    #[arg(long)]
    dry: bool,
    /// Measure this contender alone, for use with a profiler; prints no table and no ratio.
    #[arg(long)]
    only: Option<events::Measured>,
}

/// What to measure in place of the relay's acknowledged events.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line, of which one may be given")]
struct What {
    /// What our script and its peers cost a page in a browser.
    #[arg(long)]
    browser: bool,
    /// What the ledger records a second, compared with bare SQLite.
    #[arg(long)]
    ledger: bool,
    /// Several relays and a ledger on one PostgreSQL, compared with a handler that does nothing.
    #[arg(long)]
    postgres: bool,
    /// What a company would write instead, Fastify with PostgreSQL, doing the same work.
    #[arg(long)]
    versus: bool,
    /// A CSV file of a million payments, imported twice.
    #[arg(long)]
    import: bool,
    /// A ledger with a million payments, moved into PostgreSQL and back.
    #[arg(long)]
    migrate: bool,
}

/// Measures, prints the tables, and writes them into docs/benchmarks.md. Load and baselines run in this process, so it
/// must be a release build: a debug build makes a release of itself and runs that.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    if options.what.browser {
        return browser::run(root, options.loads, options.dry);
    }
    if cfg!(debug_assertions) {
        let built = binaries::build(root, Speed::Release)?;
        let mut release = std::process::Command::new(built.join("xtask"));
        release.args(std::env::args_os().skip(1));
        return crate::process::run(release.current_dir(root));
    }
    let programs = BenchPrograms::find(options)?;
    if options.what.ledger {
        return ledger::run(root, &programs, options);
    }
    if options.what.postgres {
        return postgres::run(root, &programs, options);
    }
    if options.what.versus {
        return versus::run(root, &programs, options);
    }
    if options.what.import {
        return import::run(root, &programs, options);
    }
    if options.what.migrate {
        return migrate::run(root, &programs, options);
    }
    events::run(root, &programs, options)
}

/// The programs that are measured.
struct BenchPrograms {
    headwater: PathBuf,
    /// This program, whose subcommand serves the handler that does nothing.
    xtask: PathBuf,
}

impl BenchPrograms {
    /// The `headwater` that was asked for, or else the one that was built with this program.
    fn find(options: &Options) -> anyhow::Result<Self> {
        let xtask = std::env::current_exe()?;
        let beside = xtask.parent().context("a program has a directory")?.join("headwater");
        Ok(Self { headwater: options.headwater.clone().unwrap_or(beside), xtask })
    }
}

/// Pins this process to cores 2 and 3, so that the servers get 0 and 1; returns whether that worked. It takes four
/// cores and `taskset`.
fn pin_ourselves() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut taskset = std::process::Command::new("taskset");
    let own = std::process::id().to_string();
    let pinned = cores >= 4 && output(taskset.args(["--cpu-list", "--pid", "2,3", &own])).is_ok();
    if !pinned {
        eprintln!("server and load share the cores: fewer than four of them, or no taskset");
    }
    pinned
}

/// A command pinned to the servers' cores.
fn on_cores(pinned: bool, program: &Path) -> Command {
    if !pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0,1"]).arg(program);
    command
}

/// The median over the rounds of the rate divided by the baseline's in the same round. A machine that slows down for
/// a while slows both.
fn ratio(rounds: &[load::LatencySample], baseline: &[load::LatencySample]) -> f64 {
    let pairs = rounds.iter().zip(baseline);
    median(pairs.map(|(round, base)| round.per_second / base.per_second).collect())
}

/// The load average of the last five minutes, where the system provides it.
fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').nth(1).map(str::to_owned)
}

/// The middle of the numbers, or the mean of the two in the middle.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) }
}
