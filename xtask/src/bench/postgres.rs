//! `cargo xtask bench --postgres`: relays and a ledger on one PostgreSQL with fsync, compared with a handler that
//! does nothing on the same cores in the same run.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use tokio::process::Command;

use super::events::{Measured, measure};
use super::ledger::{BenchLedger, RecordedSignups, signups_on};
use super::load::{self, EventLoad, LatencySample};
use super::{BenchPrograms, Options, median};
use crate::cluster::Cluster;
use crate::page;
use crate::server::Server;

/// Numbers of relays that share the database.
const RELAYS: [usize; 3] = [1, 2, 3];

/// Numbers of programs that signups are for. Each is written by one session at a time (docs/decisions/0013).
const PROGRAMS: [usize; 2] = [1, 8];

/// Measures, prints the table, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let cluster = Cluster::start_durable()?;
    let section = tokio::runtime::Runtime::new()?.block_on(section(programs, &cluster, options))?;
    print!("{section}");
    if options.dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "On PostgreSQL", &section)
}

async fn section(programs: &BenchPrograms, cluster: &Cluster, options: &Options) -> anyhow::Result<String> {
    let mut ratios: [Vec<f64>; RELAYS.len()] = Default::default();
    let mut samples: [Vec<Vec<LatencySample>>; RELAYS.len()] = Default::default();
    let mut noops = Vec::new();
    for round in 0..options.rounds {
        let noop = measure(Measured::Noop, programs, false, options).await?;
        for (at, count) in RELAYS.into_iter().enumerate() {
            let database = cluster.database(&format!("relays_{round}_{count}"))?;
            let relays = relays(programs, &database, count, options).await?;
            eprintln!("round {round}: {count} relays {:.0}/s, no-op {:.0}/s", sum(&relays), noop.per_second);
            ratios[at].push(sum(&relays) / noop.per_second);
            samples[at].push(relays);
        }
        noops.push(noop.per_second);
    }
    let mut booked = Vec::new();
    for count in PROGRAMS {
        let database = cluster.database(&format!("booked_{count}"))?;
        let ledger = BenchLedger::init_on(&programs.headwater, Some(&database)).await?;
        booked.push((count, signups_on(&ledger, count, options).await?));
    }
    let mut text = format!(
        "`cargo xtask bench --postgres` writes this section: relays on one PostgreSQL of this machine (fsync on, its own \
         settings otherwise),\nload, relays and database on the same cores; median of {} rounds of {} s with {} connections \
         in all, {:.0} a second of a handler\nthat does nothing. The destination is down.\n\n\
         | relays | acknowledged/s | of no-op | p50 ms | p99 ms |\n|--:|--:|--:|--:|--:|\n",
        options.rounds,
        options.seconds,
        options.connections,
        median(noops)
    );
    for ((count, samples), ratios) in RELAYS.into_iter().zip(samples).zip(ratios) {
        let rate = median(samples.iter().map(|relays| sum(relays)).collect());
        let all: Vec<LatencySample> = samples.into_iter().flatten().collect();
        let LatencySample { p50, p99, .. } = load::median(&all);
        let (p50, p99) = (p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
        writeln!(text, "| {count} | {rate:.0} | {:.2} | {p50:.1} | {p99:.1} |", median(ratios))?;
    }
    text.push_str(
        "\nSignups end to end with one `headwater serve`, from the first that is sent to the last that is recorded:\n\n\
         | programs | sent | recorded | in s | a second | meanwhile acknowledged/s |\n|--:|--:|--:|--:|--:|--:|\n",
    );
    for (count, RecordedSignups { sent, there, seconds, per_second, meanwhile }) in booked {
        let acknowledged = meanwhile.per_second;
        writeln!(
            text,
            "| {count} | {sent} | {there} | {seconds:.1} | **{per_second:.0}** | {acknowledged:.0} |"
        )?;
    }
    Ok(text)
}

fn sum(samples: &[LatencySample]) -> f64 {
    samples.iter().map(|sample| sample.per_second).sum()
}

/// Measures `count` relays at once, each with its share of the connections.
pub(super) async fn relays(
    programs: &BenchPrograms,
    database: &str,
    count: usize,
    options: &Options,
) -> anyhow::Result<Vec<LatencySample>> {
    let directory = tempfile::tempdir()?;
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "sk_test_example\n")?;
    let mut servers = Vec::new();
    for _ in 0..count {
        let mut command = Command::new(&programs.headwater);
        command.args(["relay", "--listen", "127.0.0.1:0", "--database", database]);
        command.args(["--destination", "http://127.0.0.1:9", "--public-key", load::PUBLIC_KEY]);
        command.args(["--events-per-second", "10000000"]).arg("--secret-key-file").arg(&secret);
        servers.push(Server::start("a relay", command.env("HEADWATER_LOG", "off")).await?);
    }
    let connections = options.connections / count;
    ensure!(connections > 0, "--connections must be {} or more", RELAYS[RELAYS.len() - 1]);
    let mut loads = tokio::task::JoinSet::new();
    for server in &servers {
        let (url, duration) = (server.url.clone(), Duration::from_secs(options.seconds));
        loads.spawn(
            async move { load::run(&url, &EventLoad::single("/v1/events"), connections, duration).await },
        );
    }
    let mut samples = Vec::new();
    while let Some(sample) = loads.join_next().await {
        samples.push(sample??);
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(samples)
}
