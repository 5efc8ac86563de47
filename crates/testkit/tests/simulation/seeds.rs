//! Runs many seeds in as many processes as the machine has processors, and reports what they did.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::run::run;
use crate::template::Template;

/// The seeds of a run of the suite.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// What many runs did.
#[derive(Debug, Default)]
pub(crate) struct SeedReport {
    pub(crate) runs: u64,
    /// How many faults of each kind were injected.
    pub(crate) faults: BTreeMap<String, u64>,
    /// The seeds that broke an invariant, each with the first one broken.
    pub(crate) failed: BTreeMap<u64, String>,
}

/// Runs one seed and prints its trace and what it broke; returns whether it broke nothing.
pub(crate) fn replay(seed: u64) -> bool {
    let trace = run(&Template::make(), seed);
    print!("{}", trace.text);
    println!("seed {seed}: trace {}", trace.hash());
    for violation in &trace.violations {
        println!("seed {seed} broke: {violation}");
    }
    trace.violations.is_empty()
}

/// Runs every `of`-th of the seeds from the `part`-th on in this process, and prints a line for each.
pub(crate) fn work(seeds: Seeds, part: u64, of: u64) {
    let template = Template::make();
    for seed in (seeds.first..seeds.first + seeds.count).filter(|seed| seed % of == part) {
        let trace = run(&template, seed);
        for (kind, count) in &trace.faults {
            println!("fault {count} {kind}");
        }
        if let Some(violation) = trace.violations.first() {
            println!("failed {seed} {violation}");
        }
        println!("ran {seed}");
    }
}

/// Runs the seeds in processes of their own: the tracker's core counts failed attempts for the one page that its
/// module has, so two runs at once cannot share a process. Stops at the first that fails if `stop` says so.
pub(crate) fn run_all(seeds: Seeds, stop: bool) -> SeedReport {
    let begun = Instant::now();
    let of = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let mut workers: Vec<_> = (0..of)
        .map(|part| {
            let mut worker = Command::new(std::env::current_exe().unwrap());
            worker.args(["--first", &seeds.first.to_string(), "--seeds", &seeds.count.to_string()]);
            worker.args(["--part", &part.to_string(), "--of", &of.to_string()]);
            worker.stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let (lines, all) = std::sync::mpsc::channel();
    for worker in &mut workers {
        let (output, lines) = (BufReader::new(worker.stdout.take().unwrap()), lines.clone());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
    }
    drop(lines);
    let mut report = SeedReport::default();
    for line in all {
        report.add(&line);
        if stop && !report.failed.is_empty() {
            for worker in &mut workers {
                let _ = worker.kill();
            }
        }
    }
    for worker in &mut workers {
        let ended = worker.wait().unwrap();
        assert!(
            ended.success() || (stop && !report.failed.is_empty()),
            "a process of the simulation {ended}"
        );
    }
    println!("{} seeds from {} on in {:.1} s", report.runs, seeds.first, begun.elapsed().as_secs_f64());
    for (kind, count) in &report.faults {
        println!("{count:>8} {kind}");
    }
    for (seed, violation) in &report.failed {
        println!("seed {seed} broke: {violation}");
        println!("  replay: cargo test -p headwater-testkit --test simulation -- --seed {seed}");
    }
    report
}

impl SeedReport {
    fn add(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let Ok(number) = number.parse::<u64>() else { return };
        match word {
            "ran" => self.runs += 1,
            "fault" => *self.faults.entry(text.to_owned()).or_default() += number,
            "failed" => drop(self.failed.insert(number, text.to_owned())),
            _ => {}
        }
    }
}
