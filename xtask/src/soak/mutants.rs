//! The mutants suite: mutation testing by cargo-mutants. A mutant that no test notices is a finding, unless
//! `xtask/mutants.txt` lists it with a reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::SuiteResult;
use crate::process::target_directory;
use crate::tools;

/// The percentage of compiling mutants that tests must catch.
const CAUGHT_MIN: usize = 90;
/// Seconds that a mutant's tests may take. A mutant that runs into this limit counts as caught.
const TIMEOUT: &str = "180";
/// Cases of each property test: a quarter of the usual number, since most mutants fail at once.
const CASES: &str = "64";

/// A crate to mutate, and the packages whose tests must notice.
struct Scope {
    name: &'static str,
    /// Globs below the crate; empty for all of it.
    files: &'static [&'static str],
    /// Packages whose tests run.
    tests: &'static [&'static str],
}

const SCOPES: &[Scope] = &[
    Scope { name: "attribution", files: &[], tests: &["attribution"] },
    Scope { name: "protocol", files: &[], tests: &["protocol"] },
    Scope { name: "store", files: &[], tests: &["store"] },
    Scope { name: "journal", files: &[], tests: &["journal"] },
    Scope {
        name: "relay",
        files: &[
            "src/admit*",
            "src/admit/**",
            "src/billing*",
            "src/billing/**",
            "src/deliver*",
            "src/deliver/**",
        ],
        tests: &["relay", "testkit"],
    },
    Scope { name: "ledger", files: &["src/record*", "src/record/**"], tests: &["ledger", "testkit"] },
];

/// The results of the mutants of a scope.
#[derive(Debug, Default, PartialEq, Eq)]
struct MutantResults {
    caught: usize,
    unviable: usize,
    survivors: BTreeSet<String>,
}

/// Runs every scope, or the one that is named.
pub(super) fn run(root: &Path, only: Option<&str>) -> anyhow::Result<Vec<SuiteResult>> {
    let accepted = accepted(&std::fs::read_to_string(root.join("xtask/mutants.txt"))?);
    let scopes = SCOPES.iter().filter(|scope| only.is_none_or(|only| only == scope.name));
    scopes.map(|scope| scope.run(root, &accepted)).collect()
}

impl Scope {
    fn run(&self, root: &Path, accepted: &BTreeSet<String>) -> anyhow::Result<SuiteResult> {
        let target = target_directory(root)?;
        let out = target.join("mutants.out").join(self.name);
        std::fs::create_dir_all(&out)?;
        let mut mutants = Command::new(tools::cargo_mutants()?);
        mutants.current_dir(root).args(["mutants", "--baseline=skip", "--no-shuffle", "--colors=never"]);
        mutants.args(["--timeout", TIMEOUT, "--build-timeout", "900", "-j1"]);
        mutants.args(["--package", &format!("headwater-{}", self.name), "--output"]).arg(&out);
        for file in self.files {
            mutants.args(["--file", &format!("crates/{}/{file}", self.name)]);
        }
        for package in self.tests {
            mutants.args(["--test-package", &format!("headwater-{package}")]);
        }
        // Copies of the checkout share the compiled dependencies. The tests' databases go to memory where there is a
        // RAM disk.
        mutants.args(["--cargo-test-arg=--tests"]).env("CARGO_TARGET_DIR", &target);
        mutants.env("PROPTEST_CASES", CASES).env_remove("CARGO");
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            mutants.env("TMPDIR", memory);
        }
        // It exits with an error when a mutant survives, so the status is ignored; its files list the survivors.
        mutants.status().context("cannot start cargo-mutants")?;
        let read = |name: &str| std::fs::read_to_string(out.join("mutants.out").join(name));
        let results = results(
            &read("caught.txt")?,
            &read("timeout.txt")?,
            &read("unviable.txt")?,
            &read("missed.txt")?,
        );
        Ok(results.row(self.name, accepted))
    }
}

fn results(caught: &str, timeout: &str, unviable: &str, missed: &str) -> MutantResults {
    let count = |text: &str| text.lines().count();
    MutantResults {
        caught: count(caught) + count(timeout),
        unviable: count(unviable),
        survivors: missed.lines().map(without_place).collect(),
    }
}

impl MutantResults {
    fn row(&self, scope: &str, accepted: &BTreeSet<String>) -> SuiteResult {
        let viable = self.caught + self.survivors.len();
        let of_scope = format!("crates/{scope}/");
        let new: Vec<_> = self.survivors.difference(accepted).collect();
        let gone: Vec<_> =
            accepted.difference(&self.survivors).filter(|name| name.starts_with(&of_scope)).collect();
        let mut finding = String::new();
        for name in new {
            let _ = writeln!(finding, "mutants: nobody noticed {name}");
        }
        for name in gone {
            let _ =
                writeln!(finding, "mutants: noticed, or gone, and still listed in xtask/mutants.txt: {name}");
        }
        if self.caught * 100 < viable * CAUGHT_MIN {
            let _ = writeln!(finding, "mutants: {scope}: fewer than {CAUGHT_MIN} % were noticed");
        }
        let ran = format!(
            "{} broken, {} did not compile, {} of {viable} noticed",
            viable + self.unviable,
            self.unviable,
            self.caught
        );
        let finding = (!finding.is_empty()).then(|| finding.trim_end().to_owned());
        SuiteResult { name: format!("mutants {scope}"), ran, finding }
    }
}

/// The mutants that may survive: one a line, below a comment with the reason.
fn accepted(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// `src/a.rs:7:3: replace x` as `src/a.rs: replace x`, because line numbers change with every edit.
fn without_place(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(what)) => format!("{file}:{what}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_known_by_its_file_and_what_it_replaces() {
        assert_eq!(
            without_place("crates/a/src/b.rs:7:3: replace < with <= in c"),
            "crates/a/src/b.rs: replace < with <= in c"
        );
    }

    #[test]
    fn survivors_are_accepted_with_a_reason_or_found() {
        let accepted =
            accepted("# nothing is nothing\ncrates/a/src/b.rs: replace x\n\ncrates/z/src/b.rs: replace x\n");
        let found = results("one\ntwo\n", "three\n", "", "crates/a/src/b.rs:7:3: replace x\n");
        assert_eq!(
            found.row("a", &accepted).finding.as_deref(),
            Some("mutants: a: fewer than 90 % were noticed")
        );
        let found = MutantResults { caught: 20, ..found };
        let row = found.row("a", &accepted);
        assert_eq!((row.ran.as_str(), row.finding), ("21 broken, 0 did not compile, 20 of 21 noticed", None));
        let more =
            MutantResults { survivors: BTreeSet::from(["crates/a/src/c.rs: replace y".to_owned()]), ..found };
        let finding = more.row("a", &accepted).finding.unwrap();
        assert!(finding.contains("nobody noticed crates/a/src/c.rs: replace y"), "{finding}");
        assert!(
            finding.contains("still listed in xtask/mutants.txt: crates/a/src/b.rs: replace x"),
            "{finding}"
        );
    }

    #[test]
    fn every_accepted_survivor_stands_below_a_reason_and_in_a_file_that_is_there() {
        let text = std::fs::read_to_string(crate::root().join("xtask/mutants.txt")).unwrap();
        let first = text.lines().position(|line| line.starts_with("crates/")).unwrap_or(usize::MAX);
        assert!(text.lines().take(first).any(|line| line.starts_with('#')));
        for name in accepted(&text) {
            let file = name.split(':').next().unwrap();
            assert!(crate::root().join(file).is_file(), "{name}");
        }
    }
}
