//! `cargo xtask bench`: how many events a second the relay acknowledges after they are durable, beside an
//! axum handler that does nothing, on the same cores in the same run. `--browser`: what our script costs a page.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tempfile::TempDir;
use tokio::process::Command;

use crate::binaries::{self, Speed};
use crate::page;
use crate::process::output;
use crate::server::Server;

mod browser;
mod ledger;
pub(crate) mod load;
pub(crate) mod noop;
mod postgres;

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
    #[arg(long, default_value_t = 100_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(1001..))]
    customers: u64,
    /// Payments of the program in the filled ledger.
    #[arg(long, default_value_t = 100_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(2..))]
    payments: u64,
    /// Programs in the filled ledger.
    #[arg(long, default_value_t = 10_000, requires = "ledger", value_parser = clap::value_parser!(u64).range(2..))]
    programs: u64,
    /// Measure this `headwater` in place of the one built here, for example one from before a change.
    #[arg(long, requires = "ledger")]
    headwater: Option<PathBuf>,
    /// Loads of each page in the browser.
    #[arg(long, default_value_t = 20, requires = "browser", value_parser = clap::value_parser!(u16).range(1..))]
    loads: u16,
    /// Print the table only; leave docs/benchmarks.md as it is.
    #[arg(long)]
    dry: bool,
    /// Measure this contender alone, for use with a profiler; prints no table and no ratio.
    #[arg(long)]
    only: Option<Measured>,
}

/// What to measure in place of the relay's acknowledged events.
#[derive(Debug, Args)]
#[group(multiple = false)]
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
}

/// What is measured, from the least work to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measured {
    /// Reads the body and does nothing.
    Noop,
    /// Parses the event into a type.
    Typed,
    /// `headwater relay`.
    Relay,
}

const CONTENDERS: [Measured; 3] = [Measured::Noop, Measured::Typed, Measured::Relay];

impl Measured {
    fn title(self) -> &'static str {
        match self {
            Self::Noop => "axum handler that reads the body and does nothing",
            Self::Typed => "axum handler that parses the event into a type",
            Self::Relay => "`headwater relay`: checked, bounded, durable (fsync) before 202",
        }
    }
}

/// Measures, prints the table, and writes it into docs/benchmarks.md.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    if options.what.ledger {
        return ledger::run(root, options);
    }
    if options.what.postgres {
        return postgres::run(root, options);
    }
    if options.what.browser {
        return browser::run(root, options.loads, options.dry);
    }
    let programs = binaries::build(root, Speed::Release)?;
    let pinned = pin_ourselves();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut samples: [Vec<load::LatencySample>; CONTENDERS.len()] = Default::default();
    for round in 1..=options.rounds {
        for (contender, samples) in CONTENDERS.into_iter().zip(&mut samples) {
            if options.only.is_some_and(|only| only != contender) {
                continue;
            }
            let sample = runtime.block_on(measure(contender, &programs, pinned, options))?;
            eprintln!("round {round}: {} {:.0}/s", contender.title(), sample.per_second);
            samples.push(sample);
        }
    }
    if options.only.is_some() {
        return Ok(());
    }
    let table = table(&samples);
    print!("{table}");
    if options.dry {
        return Ok(());
    }
    let section = section(&table, options, pinned)?;
    page::replace(&root.join("docs/benchmarks.md"), "Events", &section)
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

async fn measure(
    contender: Measured,
    programs: &Path,
    pinned: bool,
    options: &Options,
) -> anyhow::Result<load::LatencySample> {
    let directory = tempfile::tempdir()?;
    let (mut command, path) = server(contender, programs, pinned, &directory)?;
    let server = Server::start("the contender", &mut command).await?;
    let duration = Duration::from_secs(options.seconds);
    let sample = load::run(&server.url, path, options.connections, duration).await;
    server.stop().await?;
    sample
}

/// The command that starts a contender's server, and the path that takes events.
fn server(
    contender: Measured,
    programs: &Path,
    pinned: bool,
    directory: &TempDir,
) -> anyhow::Result<(Command, &'static str)> {
    if contender != Measured::Relay {
        let mut command = on_cores(pinned, &programs.join("xtask"));
        command.args(["bench-noop", "--listen", "127.0.0.1:0"]);
        return Ok((command, if contender == Measured::Noop { noop::NOOP } else { noop::TYPED }));
    }
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "sk_test_example\n")?;
    let mut command = on_cores(pinned, &programs.join("headwater"));
    command.args(["relay", "--listen", "127.0.0.1:0", "--data"]).arg(directory.path().join("data"));
    // Nothing listens there: every event stays in the journal, and failing delivery attempts are part of the load.
    command.args(["--destination", "http://127.0.0.1:9", "--public-key", load::PUBLIC_KEY]);
    // The rate limit is checked but never reached: all events come from one address, with one key.
    command.args(["--events-per-second", "10000000"]);
    command.arg("--secret-key-file").arg(secret).env("HEADWATER_LOG", "off");
    Ok((command, "/v1/events"))
}

fn table(samples: &[Vec<load::LatencySample>; CONTENDERS.len()]) -> String {
    let mut table =
        String::from("| server | acknowledged/s | of no-op | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|\n");
    for (contender, rounds) in CONTENDERS.into_iter().zip(samples) {
        let sample = load::median(rounds);
        let ratio = ratio(rounds, &samples[0]);
        let (title, rate) = (contender.title(), sample.per_second);
        let (p50, p99) = (sample.p50.as_secs_f64() * 1e3, sample.p99.as_secs_f64() * 1e3);
        writeln!(table, "| {title} | {rate:.0} | {ratio:.2} | {p50:.2} | {p99:.2} |")
            .expect("text takes text");
    }
    table
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

fn section(table: &str, options: &Options, pinned: bool) -> anyhow::Result<String> {
    let rustc = output(std::process::Command::new("rustc").arg("--version"))?;
    let cores =
        if pinned { "2 cores for the server, 2 others for the load" } else { "cores shared with the load" };
    let (rounds, seconds, connections) = (options.rounds, options.seconds, options.connections);
    Ok(format!(
        "`cargo xtask bench` writes this section. Each number is the median of {rounds} interleaved rounds of {seconds} s (a ratio: of
each round's own) with {connections} connections, one event of {} bytes each request, ids of version 7, {cores}; {}.
The relay's destination is down throughout, so that delivery tries and fails beside the load. Keys, bounds and
rates are checked for each event; the rate is set so high that the load does not reach it. Ratios travel
between machines, absolute numbers do not: the disk's fsync decides them.

{table}",
        load::event_length(),
        rustc.trim(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_noop_handler_of_the_same_round() {
        let rounds = |rates: [f64; 3]| {
            let sample = |per_second| load::LatencySample {
                per_second,
                p50: Duration::from_millis(1),
                p99: Duration::from_millis(2),
            };
            rates.map(sample).to_vec()
        };
        // The machine was half as fast in the second round, and the disk was slow for the relay in the third.
        let samples = [[1000.0, 500.0, 1100.0], [800.0, 400.0, 900.0], [400.0, 200.0, 110.0]];
        let table = table(&samples.map(rounds));
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert!(rows[0].ends_with("| 1000 | 1.00 | 1.00 | 2.00 |"), "{rows:?}");
        assert!(rows[2].ends_with("| 200 | 0.40 | 1.00 | 2.00 |"), "{rows:?}");
    }
}
