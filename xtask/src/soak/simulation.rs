//! The simulation: a long run of it, and whether it finds bugs that were put in on purpose.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::journey::{hear, last_lines};
use super::{SuiteResult, thousands};
use crate::process::{self, cargo, output, target_directory};

/// Where the bugs are: one patch each, with its name and what it breaks in front.
const BUGS: &str = "crates/testkit/tests/simulation/bugs";
/// Seeds within which each bug has to be found.
const BUG_SEEDS: u64 = 2_000;

/// Runs so many seeds; each that breaks an invariant is a finding. Compiled as a release, which runs them faster.
pub(super) fn run(root: &Path, seeds: u64) -> anyhow::Result<SuiteResult> {
    let mut test = simulation(root, &["--release"]);
    test.args(["--seeds", &seeds.to_string()]);
    let (passed, said) = hear(&mut test)?;
    println!("{}", last_lines(&said));
    let broken: Vec<_> = said.lines().filter(|line| line.starts_with("seed ")).collect();
    let finding =
        (!passed).then(|| format!("simulation: {} of {seeds} seeds\n{}", broken.len(), last_lines(&said)));
    let faults: u64 = said.lines().filter_map(count_of_fault).sum();
    let ran = format!("{} seeds, {} faults", thousands(seeds), thousands(faults));
    Ok(SuiteResult { name: "simulation".to_owned(), ran, finding })
}

/// Puts each bug into a copy of the checkout and runs seeds until one breaks an invariant. A bug that none finds is a
/// finding.
pub(super) fn bugs(root: &Path) -> anyhow::Result<Vec<SuiteResult>> {
    let copy = target_directory(root)?.join("simulation-bugs");
    let mut rows = Vec::new();
    for patch in patches(root)? {
        copy_checkout(root, &copy)?;
        apply(&copy, &patch, &[])?;
        let mut test = simulation(&copy, &[]);
        // What the registries' crates became is the same for the copy.
        test.env("CARGO_TARGET_DIR", target_directory(root)?);
        test.args(["--seeds", &BUG_SEEDS.to_string(), "--stop", "1"]);
        let (_, said) = hear(&mut test)?;
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let found = said.lines().find_map(|line| line.strip_prefix("seed ")?.split_once(" broke: "));
        rows.push(if let Some((seed, broke)) = found {
            println!("{name}: seed {seed} broke: {broke}");
            let ran = format!("found by seed {seed}");
            SuiteResult { name: format!("bug {name}"), ran, finding: None }
        } else {
            let finding = Some(format!("{name}: no seed found it\n{}", last_lines(&said)));
            SuiteResult { name: format!("bug {name}"), ran: format!("{BUG_SEEDS} seeds"), finding }
        });
    }
    Ok(rows)
}

/// The test of a checkout, with the packages and features of `cargo xtask test`, so that nothing else is compiled anew.
fn simulation(root: &Path, options: &[&str]) -> Command {
    let mut test = cargo();
    test.current_dir(root)
        .args(["test", "--workspace", "--features", "xtask/bench"])
        .args(crate::test::EXCLUDED);
    test.args(options).args(["--test", "simulation", "--"]);
    test
}

/// The number of a line such as `   1884 a connection was cut`.
fn count_of_fault(line: &str) -> Option<u64> {
    line.strip_prefix(' ')?.trim_start().split(' ').next()?.parse().ok()
}

/// The bugs' patches, by name.
fn patches(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let directory = std::fs::read_dir(root.join(BUGS)).with_context(|| format!("needs {BUGS}"))?;
    let mut patches = directory.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    patches.sort();
    Ok(patches)
}

/// Copies what git knows of a checkout, and what it does not ignore.
fn copy_checkout(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut list = Command::new("git");
    list.current_dir(from).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    for file in output(&mut list)?.lines() {
        let (source, copy) = (from.join(file), to.join(file));
        // A file that was deleted since is still listed. One that is the same stays, with its time, so that cargo
        // compiles only what the patch changes.
        let Ok(text) = std::fs::read(&source) else { continue };
        if std::fs::read(&copy).is_ok_and(|known| known == text) {
            continue;
        }
        std::fs::create_dir_all(copy.parent().context("a file has a directory")?)?;
        std::fs::write(&copy, text)?;
    }
    Ok(())
}

/// Applies a patch to a directory, as if no repository were around it.
fn apply(directory: &Path, patch: &Path, options: &[&str]) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    git.current_dir(directory).env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap_or(directory));
    process::run(git.arg("apply").args(options).arg(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bug_can_still_be_put_in() {
        let root = crate::root();
        let patches = patches(&root).unwrap();
        assert!(patches.len() >= 5, "{patches:?}");
        for patch in patches {
            apply(&root, &patch, &["--check"]).unwrap();
        }
    }

    #[test]
    fn the_counts_of_faults_are_read_from_what_the_simulation_prints() {
        assert_eq!(count_of_fault("    1884 a connection was cut"), Some(1884));
        assert_eq!(count_of_fault("2500 seeds from 200 on in 238.6 s"), None);
        assert_eq!(count_of_fault("  replay: cargo test"), None);
    }
}
