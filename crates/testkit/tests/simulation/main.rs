//! One simulation of the whole system: the tracker's queue, the relay, its journal and deliverer, and the ledger, in one
//! process under virtual time, with a network, disks and clocks that a seed controls (docs/decisions/0023).
//!
//! `cargo test -p headwater-testkit --test simulation -- --seed 7` replays a seed and prints its trace;
//! `-- --seeds 5000 --first 1000` runs others.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod browser;
mod disk;
mod invariants;
mod network;
mod panics;
mod process;
mod provider;
mod receiver;
mod run;
mod seeds;
mod template;
mod visitor;
mod watch;
mod world;

// The provider's account and what it must end in, shared with the property test over months.
#[allow(dead_code, unreachable_pub, reason = "the simulation brings an order of arrival of its own")]
#[path = "../relay_and_ledger/months"]
mod months {
    pub(crate) mod account;
    pub(crate) mod history;
    pub(crate) mod model;
    pub(crate) mod objects;
}

// The tracker's own code, compiled for this machine over the simulated `browser`. Its crate compiles to wasm only.
#[allow(dead_code)]
#[path = "../../../../src/consent.rs"]
mod consent;
#[path = "../../../../src/pending.rs"]
mod pending;
#[allow(dead_code)]
#[path = "../../../../src/referral_cookie.rs"]
mod referral_cookie;
#[path = "../../../../src/signup.rs"]
mod signup;
#[path = "../../../../src/transport.rs"]
mod transport;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use seeds::Seeds;
use template::Template;

/// How many seeds each run of the suite takes.
const SEEDS: u64 = 1_000;

fn main() -> ExitCode {
    panics::record();
    let mut words = std::env::args().skip(1);
    let (mut numbers, mut ours) = (std::collections::BTreeMap::new(), true);
    while let Some(word) = words.next() {
        let number = words.next().and_then(|number| number.parse::<u64>().ok());
        ours &= word.starts_with("--") && number.is_some();
        numbers.insert(word, number.unwrap_or_default());
    }
    let number = |name: &str| numbers.get(name).copied();
    let seeds = Seeds { first: number("--first").unwrap_or(0), count: number("--seeds").unwrap_or(0) };
    if let (true, Some(seed)) = (ours, number("--seed")) {
        return if seeds::replay(seed) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let (true, Some(part), Some(of)) = (ours, number("--part"), number("--of")) {
        seeds::work(seeds, part, of);
        return ExitCode::SUCCESS;
    }
    if ours && seeds.count > 0 {
        let stop = number("--stop").is_some_and(|stop| stop > 0);
        let kept = seeds::run_all(seeds, stop).failed.is_empty();
        return if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    // One after the other: the first one uses every processor.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let trials = vec![
        Trial::test("a_thousand_seeds_break_no_invariant", a_thousand_seeds_break_no_invariant),
        Trial::test("a_seed_replays_its_run_exactly", a_seed_replays_its_run_exactly),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn a_thousand_seeds_break_no_invariant() -> Result<(), Failed> {
    let report = seeds::run_all(Seeds { first: 0, count: SEEDS }, false);
    if report.runs != SEEDS || !report.failed.is_empty() {
        return Err(format!("{} runs, {} failed", report.runs, report.failed.len()).into());
    }
    Ok(())
}

fn a_seed_replays_its_run_exactly() -> Result<(), Failed> {
    let template = Template::make();
    for seed in 0..10 {
        let [first, second] = [(); 2].map(|()| run::run(&template, seed));
        if first.hash() != second.hash() {
            let differ = first.text.lines().zip(second.text.lines()).find(|(one, other)| one != other);
            return Err(format!("seed {seed} ran in two ways: {differ:?}").into());
        }
    }
    Ok(())
}
