//! The mutants suite: mutation testing by cargo-mutants. A mutant that no test notices is a finding, unless
//! `xtask/mutants.txt` lists it with a reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::SuiteResult;
use crate::cluster::Cluster;
use crate::process::{output, target_directory};
use crate::test::DATABASE;
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
    /// Packages whose suite `postgres` runs, on a PostgreSQL of its own, with what survived even those.
    on_postgres: &'static [&'static str],
}

const SCOPES: &[Scope] = &[
    Scope {
        name: "attribution",
        files: &[],
        first: "--lib",
        then: &["attribution", "ledger"],
        on_postgres: &[],
    },
    Scope {
        name: "protocol",
        files: &[],
        first: "--tests",
        then: &["protocol", "relay", "ledger"],
        on_postgres: &[],
    },
    Scope { name: "import", files: &[], first: "--tests", then: &["import", "ledger"], on_postgres: &[] },
    Scope {
        name: "store",
        files: &[],
        first: "--tests",
        then: &["store", "journal"],
        on_postgres: &["teststore"],
    },
    Scope {
        name: "journal",
        files: &[],
        first: "--tests",
        then: &["journal", "relay"],
        on_postgres: &["teststore"],
    },
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
        on_postgres: &[],
    },
    Scope {
        name: "ledger",
        files: &["src/record*", "src/record/**"],
        first: "--test=api",
        then: &["ledger", "testkit"],
        on_postgres: &[],
    },
];

/// The results of the mutants of a scope, each by its name.
#[derive(Debug, Default, PartialEq, Eq)]
struct MutantResults {
    caught: BTreeSet<String>,
    unviable: BTreeSet<String>,
    survivors: BTreeSet<String>,
    /// Without a result yet.
    left: BTreeSet<String>,
}

/// Runs every scope, or the one that is named. In a directory `kept`, results stay, and a run goes on from those that
/// an earlier one has left there.
pub(super) fn run(root: &Path, only: Option<&str>, kept: Option<&Path>) -> anyhow::Result<Vec<SuiteResult>> {
    let accepted = accepted(&std::fs::read_to_string(root.join("xtask/mutants.txt"))?);
    let kept = kept.map(std::path::absolute).transpose()?;
    let scopes = SCOPES.iter().filter(|scope| only.is_none_or(|only| only == scope.name));
    scopes.map(|scope| scope.run(root, &accepted, kept.as_deref())).collect()
}

impl Scope {
    /// Breaks the crate, first before its own tests, then what survived before those of its neighbours too, at last
    /// before those that need a PostgreSQL.
    fn run(
        &self,
        root: &Path,
        accepted: &BTreeSet<String>,
        kept: Option<&Path>,
    ) -> anyhow::Result<SuiteResult> {
        let out = match kept {
            Some(directory) => directory.join(self.name),
            None => target_directory(root)?.join("mutants.out").join(self.name),
        };
        if kept.is_none() && out.exists() {
            std::fs::remove_dir_all(&out)?;
        }
        std::fs::create_dir_all(&out)?;
        let all: BTreeSet<_> =
            output(self.mutants(root)?.arg("--list"))?.lines().map(str::to_owned).collect();
        let mut results = gather(&out, &all)?;
        // It exits with an error when a mutant survives, so the status is ignored; its files list the survivors.
        if !results.left.is_empty() {
            let mut first = self.command(root, &out, &[self.name], self.first)?;
            first.status().context("cannot start cargo-mutants")?;
            results = gather(&out, &all)?;
        }
        if !results.survivors.is_empty() {
            self.command(root, &out, self.then, "--tests")?.status()?;
            results = gather(&out, &all)?;
        }
        if !results.survivors.is_empty() && !self.on_postgres.is_empty() {
            let cluster = Cluster::start()?;
            let mut last = self.command(root, &out, self.on_postgres, "--test=postgres")?;
            last.env(DATABASE, cluster.database("mutants")?).status()?;
            results = gather(&out, &all)?;
        }
        Ok(results.row(self.name, accepted))
    }

    /// cargo-mutants with what it breaks.
    fn mutants(&self, root: &Path) -> anyhow::Result<Command> {
        let mut mutants = Command::new(tools::cargo_mutants()?);
        mutants.current_dir(root).args(["mutants", "--no-shuffle", "--colors=never"]);
        mutants.args(["--package", &format!("headwater-{}", self.name)]);
        for file in self.files {
            mutants.args(["--file", &format!("crates/{}/{file}", self.name)]);
        }
        mutants.env_remove("CARGO");
        Ok(mutants)
    }

    /// Mutants that an earlier run has caught are left out.
    fn command(&self, root: &Path, out: &Path, tests: &[&str], targets: &str) -> anyhow::Result<Command> {
        let mut mutants = self.mutants(root)?;
        mutants.args(["--timeout", TIMEOUT, "--build-timeout", "900", "-j1", "--output"]).arg(out);
        for package in tests {
            mutants.args(["--test-package", &format!("headwater-{package}")]);
        }
        // For the build too, which otherwise compiles every test target of the packages, and their libraries once more.
        mutants.arg(format!("--cargo-arg={targets}")).arg(format!("--cargo-arg={FAIL_FAST_RUNNER}"));
        if !tests.contains(&self.name) {
            // The tests without a mutant would be those of the mutated package, which has no such target.
            mutants.arg("--baseline=skip");
        }
        mutants.arg("--iterate").args(FAIL_FAST);
        // The copy of the checkout shares the compiled dependencies. The tests' databases go to memory where there is
        // a RAM disk.
        mutants.env("CARGO_TARGET_DIR", target_directory(root)?);
        mutants.env("PROPTEST_CASES", CASES);
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            mutants.env("TMPDIR", memory);
        }
        Ok(mutants)
    }
}

/// The results in `out` of every run so far. Those of the last one, which cargo-mutants would forget in the next, are
/// added to two lists of our own.
fn gather(out: &Path, all: &BTreeSet<String>) -> anyhow::Result<MutantResults> {
    let last = out.join("mutants.out");
    let names = |path: &Path| -> anyhow::Result<BTreeSet<String>> {
        if !path.exists() {
            return Ok(BTreeSet::new());
        }
        Ok(std::fs::read_to_string(path)?.lines().map(str::to_owned).collect())
    };
    let add = |list: &str, files: &[&str]| -> anyhow::Result<BTreeSet<String>> {
        let mut known = names(&out.join(list))?;
        for file in files {
            known.extend(names(&last.join(file))?);
        }
        let text: String = known.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
        std::fs::write(out.join(list), text)?;
        Ok(known)
    };
    let caught = add("caught.txt", &["caught.txt", "timeout.txt"])?;
    let unviable = add("unviable.txt", &["unviable.txt"])?;
    Ok(MutantResults::of(all, &caught, &unviable, &names(&last.join("missed.txt"))?))
}

impl MutantResults {
    /// Only of the mutants `all`: names contain line numbers, so an edit makes other mutants of what stands below it.
    fn of(
        all: &BTreeSet<String>,
        caught: &BTreeSet<String>,
        unviable: &BTreeSet<String>,
        missed: &BTreeSet<String>,
    ) -> Self {
        let mut results = Self::default();
        for name in all {
            // One that once ran into the time limit is run again, and may survive.
            let kind = if missed.contains(name) {
                &mut results.survivors
            } else if caught.contains(name) {
                &mut results.caught
            } else if unviable.contains(name) {
                &mut results.unviable
            } else {
                &mut results.left
            };
            kind.insert(name.clone());
        }
        results
    }

    fn row(&self, scope: &str, accepted: &BTreeSet<String>) -> SuiteResult {
        let (caught, unviable) = (self.caught.len(), self.unviable.len());
        let viable = caught + self.survivors.len();
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
        if caught * 100 < viable * CAUGHT_MIN {
            let _ = writeln!(finding, "mutants: {scope}: fewer than {CAUGHT_MIN} % were noticed");
        }
        if !self.left.is_empty() {
            let _ = writeln!(finding, "mutants: {scope}: {} were not run", self.left.len());
        }
        let ran =
            format!("{} broken, {unviable} did not compile, {caught} of {viable} noticed", viable + unviable);
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

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_run_goes_on_from_the_results_of_the_last_one() {
        let out = tempfile::tempdir().unwrap();
        let last = out.path().join("mutants.out");
        let ran = |caught: &str, timeout: &str, unviable: &str, missed: &str| {
            std::fs::create_dir_all(&last).unwrap();
            let files = ["caught.txt", "timeout.txt", "unviable.txt", "missed.txt"];
            for (file, text) in files.into_iter().zip([caught, timeout, unviable, missed]) {
                std::fs::write(last.join(file), text).unwrap();
            }
        };
        let all = set(&["a", "b", "c", "d", "e"]);
        let left = |names: &[&str]| {
            let results = gather(out.path(), &all).unwrap();
            assert_eq!(results.left, set(names));
            [results.caught, results.unviable, results.survivors]
        };
        assert_eq!(left(&["a", "b", "c", "d", "e"]), [set(&[]), set(&[]), set(&[])]);
        ran("a\nedited since\n", "b\n", "c\n", "");
        assert_eq!(left(&["d", "e"]), [set(&["a", "b"]), set(&["c"]), set(&[])]);
        // The next run names what it has caught itself; the one that had no time before survives it.
        ran("d\n", "", "", "b\ne\n");
        assert_eq!(left(&[]), [set(&["a", "d"]), set(&["c"]), set(&["b", "e"])]);
        // The neighbours' tests are run with the survivors alone.
        ran("b\n", "", "", "e\n");
        assert_eq!(left(&[]), [set(&["a", "b", "d"]), set(&["c"]), set(&["e"])]);
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
        let survivor = "crates/a/src/b.rs:7:3: replace x";
        let mut found = MutantResults { survivors: set(&[survivor]), ..MutantResults::default() };
        let finding = |found: &MutantResults| found.row("a", &accepted).finding.unwrap_or_default();
        assert_eq!(finding(&found), "mutants: a: fewer than 90 % were noticed");
        found.caught = (0..20).map(|n| n.to_string()).collect();
        let row = found.row("a", &accepted);
        assert_eq!((row.ran.as_str(), row.finding), ("21 broken, 0 did not compile, 20 of 21 noticed", None));
        found.left = set(&["y", "z"]);
        assert_eq!(finding(&found), "mutants: a: 2 were not run");
        found.survivors = set(&["crates/a/src/c.rs:1:2: replace y"]);
        let finding = finding(&found);
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
