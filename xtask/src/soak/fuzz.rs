//! Every fuzz target at once, as many processes as there are cores.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::{SuiteResult, thousands};
use crate::process::{output, run as finish, target_directory};
use crate::tools;

/// The directories of the fuzz targets.
struct FuzzDirectories {
    fuzz: PathBuf,
    /// The programs that cargo-fuzz builds.
    programs: PathBuf,
    logs: PathBuf,
}

/// Builds and runs every target for this long. Inputs that reach new code are kept in `fuzz/corpus` for the next run.
pub(super) fn run(root: &Path, time: Duration) -> anyhow::Result<Vec<SuiteResult>> {
    let places = build(root)?;
    let targets = targets(&places.fuzz)?;
    let cores = available_parallelism().map_or(1, usize::from);
    let copies = (cores / targets.len()).max(1);
    let mut rows = Vec::new();
    for wave in targets.chunks(cores) {
        let mut running = Vec::new();
        for name in wave {
            running.push((name, start(&places, name, copies, time)?));
        }
        for (name, copies) in running {
            rows.push(end(name, copies)?);
        }
    }
    Ok(rows)
}

fn build(root: &Path) -> anyhow::Result<FuzzDirectories> {
    let cargo_fuzz = tools::cargo_fuzz()?;
    if output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_err() {
        bail!("fuzzing needs a nightly compiler: rustup toolchain install nightly --profile minimal");
    }
    let target = target_directory(root)?.join("fuzz");
    let mut build = Command::new("rustup");
    build.args(["run", "nightly"]).arg(cargo_fuzz).args(["build", "--sanitizer", "none", "--fuzz-dir"]);
    build.arg(root.join("fuzz")).arg("--target-dir").arg(&target).current_dir(root);
    // These variables name the cargo that runs us, which is not the nightly one.
    finish(build.env_remove("CARGO").env_remove("CARGO_TARGET_DIR"))?;
    let about = output(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let logs = target.join("soak");
    std::fs::create_dir_all(&logs)?;
    Ok(FuzzDirectories { fuzz: root.join("fuzz"), programs: target.join(host).join("release"), logs })
}

/// The names of the targets.
fn targets(fuzz: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(fuzz.join("fuzz_targets")).context("needs fuzz/fuzz_targets")? {
        let path = file?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// A process of a target, and its log.
struct Fuzzer {
    process: Child,
    log: PathBuf,
}

fn start(places: &FuzzDirectories, name: &str, copies: usize, time: Duration) -> anyhow::Result<Vec<Fuzzer>> {
    let [corpus, artifacts, seeds] =
        ["corpus", "artifacts", "seeds"].map(|directory| places.fuzz.join(directory).join(name));
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let words = places.fuzz.join("words").join(format!("{name}.dict"));
    eprintln!("fuzzing {name} for {time:?}, {copies} at once");
    let start = |number| {
        let log = places.logs.join(format!("{name}-{number}.log"));
        let mut fuzzer = Command::new(places.programs.join(name));
        fuzzer.arg(format!("-dict={}", words.display()));
        fuzzer.arg(format!("-artifact_prefix={}/", artifacts.display()));
        fuzzer.arg(format!("-max_total_time={}", time.as_secs())).arg("-print_final_stats=1");
        fuzzer
            .arg(&corpus)
            .arg(&seeds)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let process = fuzzer.spawn().with_context(|| format!("cannot start the fuzz target {name}"))?;
        Ok(Fuzzer { process, log })
    };
    (0..copies).map(start).collect()
}

/// Waits for the processes of a target and sums up their results.
fn end(name: &str, copies: Vec<Fuzzer>) -> anyhow::Result<SuiteResult> {
    let (mut executions, mut before, mut after) = (0, u64::MAX, 0);
    let mut finding = None;
    for mut copy in copies {
        let status = copy.process.wait()?;
        let log = String::from_utf8_lossy(&std::fs::read(&copy.log)?).into_owned();
        let did = read(&log);
        executions += did.executions;
        before = before.min(did.before);
        after = after.max(did.after);
        if !status.success() {
            finding = Some(format!("fuzz {name}: {}\n  all of it: {}", crash(&log), copy.log.display()));
        }
    }
    let learned = after.saturating_sub(before);
    let ran = format!("{} executions, coverage {after} ({learned} of it new)", thousands(executions));
    Ok(SuiteResult { name: format!("fuzz {name}"), ran, finding })
}

/// A fuzzer's statistics, from its log.
#[derive(Debug, PartialEq, Eq)]
struct FuzzStatistics {
    executions: u64,
    /// Coverage by the inputs that were known before.
    before: u64,
    after: u64,
}

fn read(log: &str) -> FuzzStatistics {
    let number = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let coverage = |line: &str| line.split_once("cov: ").map(|(_, rest)| number(rest));
    let executed = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let before = log.lines().find(|line| line.contains("INITED")).and_then(coverage).unwrap_or(0);
    let after = log.lines().filter_map(coverage).max().unwrap_or(0);
    FuzzStatistics { executions: executed.map_or(0, number), before, after }
}

/// The lines of a log that say what went wrong and which input did it.
fn crash(log: &str) -> String {
    let tells = |line: &&str| {
        ["panicked at", "ERROR:", "SUMMARY:", "Test unit written to", "  left:", " right:"]
            .iter()
            .any(|mark| line.contains(mark))
    };
    let mut lines: Vec<_> = log.lines().collect();
    // A panic's message is on the line after `panicked at`.
    let said = lines.iter().position(|line| line.contains("panicked at")).map(|at| at + 1);
    let said = said.and_then(|at| lines.get(at)).copied();
    lines.retain(tells);
    said.into_iter().chain(lines).map(str::trim).collect::<Vec<_>>().join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#9\tINITED cov: 551 ft: 2974 corp: 8/1Kb exec/s: 0 rss: 28Mb\n\
        #12\tNEW    cov: 560 ft: 2981 corp: 9/1Kb lim: 4 exec/s: 0 rss: 28Mb\n\
        stat::number_of_executed_units: 1054232\n\
        stat::average_exec_per_sec:     17282\n";

    #[test]
    fn executions_and_coverage_are_read_from_the_log() {
        assert_eq!(read(LOG), FuzzStatistics { executions: 1_054_232, before: 551, after: 560 });
        assert_eq!(read("cannot start"), FuzzStatistics { executions: 0, before: 0, after: 0 });
    }

    #[test]
    fn a_crash_is_told_with_its_input() {
        let log = "thread panicked at stripe.rs:24:9:\nnamed by someone\nstack backtrace:\n   0: it\n\
                   Test unit written to artifacts/crash-1\n";
        let text = crash(log);
        assert_eq!(
            text,
            "named by someone\n  thread panicked at stripe.rs:24:9:\n  Test unit written to artifacts/crash-1"
        );
    }

    #[test]
    fn every_target_has_seeds_and_words() {
        let fuzz = crate::root().join("fuzz");
        for name in targets(&fuzz).unwrap() {
            assert!(fuzz.join("seeds").join(&name).is_dir(), "{name} has no seeds");
            assert!(fuzz.join("words").join(format!("{name}.dict")).is_file(), "{name} has no words");
        }
    }
}
