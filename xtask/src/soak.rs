//! `cargo xtask soak`: tests that take too long for every change: fuzz targets for minutes, failures injected at
//! every step of a unit of work, the simulation, servers killed under load, signups before a failing relay, overload,
//! and an API asked by its own document.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};

mod abuse;
mod crash;
mod failover;
mod fuzz;
mod journey;
mod loss;
mod mutants;
mod schemathesis;
mod simulation;

/// The arguments of `soak`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Minutes for each fuzz target, for the kills under load, for the fail-over, and for schemathesis.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// Seeds of the simulation.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Run this suite alone.
    #[arg(long)]
    only: Option<Suite>,
    /// Mutants of this crate only: attribution, protocol, import, store, journal, relay or ledger.
    #[arg(long)]
    mutants_of: Option<String>,
    /// Keep the results of the mutants in this directory, and go on from those of an earlier run there.
    #[arg(long, value_name = "DIRECTORY")]
    mutants_continue: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Every fuzz target, with its dictionary and seeds.
    Fuzz,
    /// Every unit of work, with a failure at each of its steps.
    Steps,
    /// The whole system in one process under virtual time, on faults that seeds decide.
    Simulation,
    /// The same with bugs put in on purpose, each of which it has to find.
    SimulationBugs,
    /// The real server, killed under load.
    Kill,
    /// Relays, ledgers and a PostgreSQL with a standby, killed, frozen and failed over under load.
    Failover,
    /// Signups in a browser, with a failing relay and tabs that close.
    Loss,
    /// The real server under overload and hostile clients.
    Abuse,
    /// The real server, asked by schemathesis what its OpenAPI document allows and forbids.
    Schemathesis,
    /// Mutation testing; takes hours.
    Mutants,
}

/// The result of one suite.
#[derive(Debug, PartialEq, Eq)]
struct SuiteResult {
    name: String,
    ran: String,
    /// What it found, and how to reproduce it.
    finding: Option<String>,
}

/// Runs the suites and prints what ran; fails when one of them found something.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let time = Duration::from_secs(60 * options.minutes);
    let selected = |suite| options.only.is_none_or(|only| only == suite);
    let mut rows = Vec::new();
    if selected(Suite::Fuzz) {
        rows.extend(fuzz::run(root, time)?);
    }
    if selected(Suite::Steps) {
        rows.push(crash::steps(root)?);
    }
    if selected(Suite::Simulation) {
        rows.push(simulation::run(root, options.seeds)?);
    }
    if selected(Suite::SimulationBugs) {
        rows.extend(simulation::bugs(root)?);
    }
    if selected(Suite::Kill) {
        rows.push(crash::kill(root, time)?);
    }
    if selected(Suite::Failover) {
        rows.push(failover::run(root, time)?);
    }
    if selected(Suite::Loss) {
        rows.push(loss::run(root)?);
    }
    if selected(Suite::Abuse) {
        rows.push(abuse::run(root)?);
    }
    if selected(Suite::Schemathesis) {
        rows.push(schemathesis::run(root, time)?);
    }
    // It takes hours, so it runs only when asked for.
    if options.only == Some(Suite::Mutants) {
        let kept = options.mutants_continue.as_deref();
        rows.extend(mutants::run(root, options.mutants_of.as_deref(), kept)?);
    }
    print!("\n{}", table(&rows));
    let findings: Vec<_> = rows.iter().filter_map(|row| row.finding.as_deref()).collect();
    if !findings.is_empty() {
        bail!("{} findings\n{}", findings.len(), findings.join("\n"));
    }
    Ok(())
}

fn table(rows: &[SuiteResult]) -> String {
    let mut text = String::from("| suite | ran | found |\n|---|---|---|\n");
    for row in rows {
        let found = if row.finding.is_some() { "**a finding**" } else { "nothing" };
        let _ = writeln!(text, "| {} | {} | {found} |", row.name, row.ran);
    }
    text
}

/// `1234567` as `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_ran_and_what_was_found() {
        let row = |name: &str, finding: Option<&str>| SuiteResult {
            name: name.into(),
            ran: thousands(1_234_567),
            finding: finding.map(str::to_owned),
        };
        let table = table(&[row("fuzz cookie", None), row("kill", Some("seed 7"))]);
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows, ["| fuzz cookie | 1,234,567 | nothing |", "| kill | 1,234,567 | **a finding** |"]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 12_345].map(thousands), ["0", "999", "1,000", "12,345"]);
    }
}
