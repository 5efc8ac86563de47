//! The crash suites: failures injected at every step of a unit of work, and servers killed under load.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::journey::{hear, last_lines, number_before};
use super::{SuiteResult, thousands};
use crate::binaries::{self, Speed};
use crate::process::cargo;

/// Companies in one run of the journeys. In each of two tests the server of each is killed three times.
const RUNS: u64 = 10;

/// Runs the tests that fail every unit of work at each of its steps.
pub(super) fn steps(root: &Path) -> anyhow::Result<SuiteResult> {
    let mut test = cargo();
    test.current_dir(root).args(["test", "--test", "steps"]);
    test.args(["-p", "headwater-store", "-p", "headwater-journal", "-p", "headwater-ledger"]);
    let (passed, said) = hear(&mut test)?;
    let tests = said.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok")).count();
    let finding =
        (!passed).then(|| format!("steps: `cargo test --test steps` failed\n{}", last_lines(&said)));
    Ok(SuiteResult { name: "steps".to_owned(), ran: format!("{tests} tests"), finding })
}

/// Kills the real server under load until the time is over or an acknowledged request was lost.
pub(super) fn kill(root: &Path, time: Duration) -> anyhow::Result<SuiteResult> {
    let binaries = binaries::build(root, Speed::Debug)?;
    let begun = Instant::now();
    let mut seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (mut endings, mut acknowledged, mut kept, mut finding) = (0, 0, 0, None);
    while begun.elapsed() < time && finding.is_none() {
        eprintln!("killing servers under load, seeds {seed} to {}", seed + RUNS - 1);
        let mut test = cargo();
        test.current_dir(root).args(["test", "-p", "headwater-journeys", "--test", "journeys", "--"]);
        test.args(["kill::", "--nocapture"]);
        test.env("HEADWATER_JOURNEYS_BINARIES", &binaries).env("HEADWATER_LOG", "error");
        test.env("HEADWATER_JOURNEYS_SEED", seed.to_string());
        test.env("HEADWATER_JOURNEYS_RUNS", RUNS.to_string());
        let (passed, said) = hear(&mut test)?;
        for line in said.lines().filter(|line| line.starts_with("seed ")) {
            endings += 1;
            acknowledged += number_before(line, " requests acknowledged");
            kept += number_before(line, " had been kept");
        }
        if !passed {
            finding = Some(format!(
                "kill: one of HEADWATER_JOURNEYS_SEED={seed} HEADWATER_JOURNEYS_RUNS={RUNS} failed\n{}",
                last_lines(&said)
            ));
        }
        seed += RUNS;
    }
    let ran = format!(
        "{} endings, {} requests acknowledged, {} kept whose answer was lost",
        thousands(endings),
        thousands(acknowledged),
        thousands(kept)
    );
    Ok(SuiteResult { name: "kill".to_owned(), ran, finding })
}
