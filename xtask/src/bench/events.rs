//! `cargo xtask bench`: how many events a second the relay acknowledges after they are durable, beside an axum handler
//! that does nothing, on the same cores in the same run.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use tempfile::TempDir;
use tokio::process::Command;

use super::ledger::{BenchLedger, signups_on};
use super::load::{self, EventLoad, LatencySample};
use super::{BenchPrograms, Options, median, noop, on_cores, pin_ourselves, ratio};
use crate::page;
use crate::process::output;
use crate::server::Server;

/// Events of a batch.
const BATCH: u64 = 20;
/// Requests a second of the steady load.
const STEADY: u32 = 5_000;
/// A port where nothing listens: every event stays in the journal, and failing delivery attempts are part of the load.
const NOBODY: &str = "http://127.0.0.1:9";

/// What is measured, from the least work to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Measured {
    /// Reads the body and does nothing.
    Noop,
    /// Parses the event into a type.
    Typed,
    /// `headwater relay`, its destination down.
    Relay,
    /// `headwater relay`, its destination a handler that takes everything.
    Sink,
    /// `headwater serve`, which also records what it acknowledges.
    Serve,
    /// `headwater relay`, its destination down, many events in a request.
    Batch,
    /// `headwater relay`, its destination down, at a steady rate.
    Steady,
}

const CONTENDERS: [Measured; 7] = [
    Measured::Noop,
    Measured::Typed,
    Measured::Relay,
    Measured::Sink,
    Measured::Serve,
    Measured::Batch,
    Measured::Steady,
];

impl Measured {
    fn title(self) -> String {
        match self {
            Self::Noop => "axum handler that reads the body and does nothing".to_owned(),
            Self::Typed => "axum handler that parses the event into a type".to_owned(),
            Self::Relay => "`headwater relay`: checked, bounded, durable (fsync) before 202".to_owned(),
            Self::Sink => "the same, delivering meanwhile to a handler that does nothing".to_owned(),
            Self::Serve => "`headwater serve`: the same, recording meanwhile in its own ledger".to_owned(),
            Self::Batch => format!("`headwater relay`, {BATCH} events in each request"),
            Self::Steady => {
                format!("`headwater relay`, {STEADY} single events a second, whatever the answers take")
            }
        }
    }

    fn load(self) -> EventLoad {
        match self {
            Self::Noop => EventLoad::single(noop::NOOP),
            Self::Typed => EventLoad::single(noop::TYPED),
            Self::Relay | Self::Sink | Self::Serve => EventLoad::single("/v1/events"),
            Self::Batch => EventLoad { batch: BATCH, ..EventLoad::single("/v1/events") },
            Self::Steady => EventLoad { rate: Some(STEADY), ..EventLoad::single("/v1/events") },
        }
    }
}

/// Measures, prints the table, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let pinned = pin_ourselves();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut samples: [Vec<LatencySample>; CONTENDERS.len()] = Default::default();
    for round in 1..=options.rounds {
        for (contender, samples) in CONTENDERS.into_iter().zip(&mut samples) {
            if options.only.is_some_and(|only| only != contender) {
                continue;
            }
            let sample = runtime.block_on(measure(contender, programs, pinned, options))?;
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

/// Measures one contender, in a directory of its own.
pub(super) async fn measure(
    contender: Measured,
    programs: &BenchPrograms,
    pinned: bool,
    options: &Options,
) -> anyhow::Result<LatencySample> {
    if contender == Measured::Serve {
        let ledger = BenchLedger::init(&programs.headwater).await?.on_cores(pinned);
        return Ok(signups_on(&ledger, 1, options).await?.meanwhile);
    }
    let directory = tempfile::tempdir()?;
    let mut noop = on_cores(pinned, &programs.xtask);
    noop.args(["bench-noop", "--listen", "127.0.0.1:0"]);
    let (server, sink) = match contender {
        Measured::Noop | Measured::Typed => (Server::start("the handler", &mut noop).await?, None),
        Measured::Sink => {
            let sink = Server::start("the destination", &mut noop).await?;
            (relay(programs, pinned, &directory, &sink.url).await?, Some(sink))
        }
        _ => (relay(programs, pinned, &directory, NOBODY).await?, None),
    };
    let duration = Duration::from_secs(options.seconds);
    let sample = load::run(&server.url, &contender.load(), options.connections, duration).await;
    server.stop().await?;
    if let Some(sink) = sink {
        sink.stop().await?;
    }
    sample
}

async fn relay(
    programs: &BenchPrograms,
    pinned: bool,
    directory: &TempDir,
    destination: &str,
) -> anyhow::Result<Server> {
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "sk_test_example\n")?;
    let mut command: Command = on_cores(pinned, &programs.headwater);
    command.args(["relay", "--listen", "127.0.0.1:0", "--data"]).arg(directory.path().join("data"));
    command.args(["--destination", destination, "--public-key", load::PUBLIC_KEY]);
    // The rate limit is checked but never reached: all events come from one address, with one key.
    command.args(["--events-per-second", "10000000"]);
    command.arg("--secret-key-file").arg(secret).env("HEADWATER_LOG", "off");
    Server::start("the relay", &mut command).await
}

fn table(samples: &[Vec<LatencySample>; CONTENDERS.len()]) -> String {
    let mut table =
        String::from("| server | events/s | of no-op | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|\n");
    for (contender, rounds) in CONTENDERS.into_iter().zip(samples) {
        let sample = load::median(rounds);
        // A rate that the load sets says nothing about the server.
        let ratio = match contender {
            Measured::Steady => String::new(),
            _ => format!("{:.2}", ratio(rounds, &samples[0])),
        };
        let (title, rate) = (contender.title(), sample.per_second);
        // Medians of their own: the rates of a steady load are all the same.
        let of = |time: fn(&LatencySample) -> Duration| {
            median(rounds.iter().map(|one| time(one).as_secs_f64() * 1e3).collect())
        };
        let (p50, p99) = (of(|one| one.p50), of(|one| one.p99));
        writeln!(table, "| {title} | {rate:.0} | {ratio} | {p50:.2} | {p99:.2} |").expect("text takes text");
    }
    table
}

fn section(table: &str, options: &Options, pinned: bool) -> anyhow::Result<String> {
    let rustc = output(std::process::Command::new("rustc").arg("--version"))?;
    let cores =
        if pinned { "2 cores for the server, 2 others for the load" } else { "cores shared with the load" };
    let (rounds, seconds, connections) = (options.rounds, options.seconds, options.connections);
    Ok(format!(
        "`cargo xtask bench` writes this section. Each number is the median of {rounds} interleaved rounds of {seconds} s (a ratio: of
each round's own) with {connections} connections, one event of {} bytes each request where the row says no other, ids of version 7,
{cores}; {}. The relay's destination is down where the row says no other, so
that delivery tries and fails beside the load. `headwater serve` gets smaller signups, each of a new customer. Keys, bounds and
rates are checked for each event; the rate is set so high that the load does not reach it. Times are of requests; at the steady
rate they count from when the request was due, and this program's timer adds up to 1 ms. Ratios travel
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
            let sample = |per_second| LatencySample {
                per_second,
                p50: Duration::from_millis(1),
                p99: Duration::from_millis(2),
            };
            rates.map(sample).to_vec()
        };
        // The machine was half as fast in the second round, and the disk was slow for the relay in the third.
        let other = [400.0, 200.0, 110.0];
        let samples = [[1000.0, 500.0, 1100.0], [800.0, 400.0, 900.0], other, other, other, other, other];
        let table = table(&samples.map(rounds));
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert!(rows[0].ends_with("| 1000 | 1.00 | 1.00 | 2.00 |"), "{rows:?}");
        assert!(rows[2].ends_with("| 200 | 0.40 | 1.00 | 2.00 |"), "{rows:?}");
        assert!(rows[6].ends_with("| 200 |  | 1.00 | 2.00 |"), "{rows:?}");
    }
}
