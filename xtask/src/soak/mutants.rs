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
const TIMEOUT: &str = "90";
/// Cases of each property test. Most mutants fail the first; one that survives them is a finding to look at anyway.
const CASES: &str = "16";
/// Stops a test binary at its first failure, which is all that a mutant has to show. libtest takes the option from a
/// stable toolchain only with this variable, which the test binaries alone are given.
const FAIL_FAST: &[&str] = &["--", "--", "-Zunstable-options", "--fail-fast", "--shuffle"];
const FAIL_FAST_RUNNER: &str = r#"--config=target."cfg(unix)".runner=["env","RUSTC_BOOTSTRAP=1"]"#;

/// A crate to mutate, and the tests that must notice.
struct Scope {
    name: &'static str,
    /// Globs below the crate; empty for all of it.
    files: &'static [&'static str],
    /// The crate's test targets that run first, because they catch most mutants and are compiled soonest.
    first: &'static str,
    /// Packages all of whose tests run with what survived those.
    then: &'static [&'static str],
}

const SCOPES: &[Scope] = &[
    Scope { name: "attribution", files: &[], first: "--lib", then: &["attribution", "ledger"] },
    Scope { name: "protocol", files: &[], first: "--tests", then: &["protocol", "relay", "ledger"] },
    Scope { name: "store", files: &[], first: "--tests", then: &["store", "journal"] },
    Scope { name: "journal", files: &[], first: "--tests", then: &["journal", "relay"] },
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
        first: "--lib",
        then: &["relay", "testkit"],
    },
    Scope {
        name: "ledger",
        files: &["src/record*", "src/record/**"],
        first: "--test=api",
        then: &["ledger", "testkit"],
    },
];

/// The results of the mutants of a scope.
#[derive(Debug, Default, PartialEq, Eq)]
struct MutantResults {
    caught: usize,
    unviable: usize,
    survivors: Vec<String>,
}

/// Runs every scope, or the one that is named.
pub(super) fn run(root: &Path, only: Option<&str>) -> anyhow::Result<Vec<SuiteResult>> {
    let accepted = accepted(&std::fs::read_to_string(root.join("xtask/mutants.txt"))?);
    let scopes = SCOPES.iter().filter(|scope| only.is_none_or(|only| only == scope.name));
    scopes.map(|scope| scope.run(root, &accepted)).collect()
}

impl Scope {
    /// Breaks the crate, first before its own tests, then what survived before those of its neighbours too.
    fn run(&self, root: &Path, accepted: &BTreeSet<String>) -> anyhow::Result<SuiteResult> {
        let out = target_directory(root)?.join("mutants.out").join(self.name);
        if out.exists() {
            std::fs::remove_dir_all(&out)?;
        }
        std::fs::create_dir_all(&out)?;
        let read = || {
            let read = |name: &str| std::fs::read_to_string(out.join("mutants.out").join(name));
            let (caught, timeout) = (read("caught.txt")?, read("timeout.txt")?);
            anyhow::Ok(results(&caught, &timeout, &read("unviable.txt")?, &read("missed.txt")?))
        };
        // It exits with an error when a mutant survives, so the status is ignored; its files list the survivors.
        self.command(root, &out, &[self.name], self.first)?.status().context("cannot start cargo-mutants")?;
        let mut results = read()?;
        if !results.survivors.is_empty() {
            self.command(root, &out, self.then, "--tests")?.status()?;
            results.keep(read()?.survivors);
        }
        Ok(results.row(self.name, accepted))
    }

    /// Mutants that the last run has caught are left out.
    fn command(&self, root: &Path, out: &Path, tests: &[&str], targets: &str) -> anyhow::Result<Command> {
        let mut mutants = Command::new(tools::cargo_mutants()?);
        mutants.current_dir(root).args(["mutants", "--no-shuffle", "--colors=never"]);
        mutants.args(["--timeout", TIMEOUT, "--build-timeout", "900", "-j1"]);
        mutants.args(["--package", &format!("headwater-{}", self.name), "--output"]).arg(out);
        for file in self.files {
            mutants.args(["--file", &format!("crates/{}/{file}", self.name)]);
        }
        for package in tests {
            mutants.args(["--test-package", &format!("headwater-{package}")]);
        }
        mutants.arg(format!("--cargo-test-arg={targets}")).arg(format!("--cargo-arg={FAIL_FAST_RUNNER}"));
        mutants.arg("--iterate").args(FAIL_FAST);
        // The copy of the checkout shares the compiled dependencies. The tests' databases go to memory where there is
        // a RAM disk.
        mutants.env("CARGO_TARGET_DIR", target_directory(root)?);
        mutants.env("PROPTEST_CASES", CASES).env_remove("CARGO");
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            mutants.env("TMPDIR", memory);
        }
        Ok(mutants)
    }
}

fn results(caught: &str, timeout: &str, unviable: &str, missed: &str) -> MutantResults {
    let count = |text: &str| text.lines().count();
    MutantResults {
        caught: count(caught) + count(timeout),
        unviable: count(unviable),
        survivors: missed.lines().map(str::to_owned).collect(),
    }
}

impl MutantResults {
    /// Only these have survived every test.
    fn keep(&mut self, survivors: Vec<String>) {
        self.caught += self.survivors.len() - survivors.len();
        self.survivors = survivors;
    }

    fn row(&self, scope: &str, accepted: &BTreeSet<String>) -> SuiteResult {
        let viable = self.caught + self.survivors.len();
        let of_scope = format!("crates/{scope}/");
        let survivors: BTreeSet<_> = self.survivors.iter().map(|name| without_place(name)).collect();
        let new: Vec<_> = survivors.difference(accepted).collect();
        let gone: Vec<_> =
            accepted.difference(&survivors).filter(|name| name.starts_with(&of_scope)).collect();
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
    fn what_the_neighbours_tests_notice_is_caught() {
        let mut results =
            results("one\n", "", "", "crates/a/src/b.rs:7:3: replace x\ncrates/a/src/b.rs:9:3: replace x\n");
        results.keep(vec!["crates/a/src/b.rs:9:3: replace x".to_owned()]);
        assert_eq!((results.caught, results.survivors.len()), (2, 1));
    }

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
        let more = MutantResults { survivors: vec!["crates/a/src/c.rs:1:2: replace y".to_owned()], ..found };
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
