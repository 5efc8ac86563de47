//! `cargo xtask bench --migrate`: a ledger with a million payments is moved into PostgreSQL and back.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use super::ledger::{FILE, LedgerTemplate, Volume, compare};
use super::{BenchPrograms, Options};
use crate::cluster::Cluster;
use crate::page;
use crate::process::output;

/// Payments of the ledger that is moved, and in a quick run.
const PAYMENTS: [u64; 2] = [1_000_000, 100_000];

/// Measures, prints the section, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let headwater = &programs.headwater;
    let payments = PAYMENTS[usize::from(options.quick)];
    let volume = Volume { customers: payments / 10, payments, programs: 10 };
    let runtime = tokio::runtime::Runtime::new()?;
    let ledger = runtime.block_on(LedgerTemplate::of(headwater, volume))?.copy(headwater)?;
    let cluster = Cluster::start_durable()?;
    let database = cluster.database("moved")?;
    let back = tempfile::tempdir_in(ledger.data().parent().context("a ledger has a directory above")?)?;
    let (there, here) =
        (format!("sqlite:{}", ledger.data().display()), format!("sqlite:{}", back.path().display()));
    let out = migrate(headwater, &there, &database)?;
    check(headwater, &["--database", &database])?;
    let home = migrate(headwater, &database, &here)?;
    check(headwater, &["--data", &back.path().to_string_lossy()])?;
    let compared = compare(&ledger.data().join(FILE), &back.path().join(FILE))?;
    ensure!(compared == out.rows, "{compared} rows are in both files, {} were moved", out.rows);
    let mut text = format!(
        "`cargo xtask bench --migrate` writes this section: `headwater migrate` of a ledger with {} payments, their rewards and \
         {} customers,\nfrom its file to a PostgreSQL on the same cores and disk (fsync on), and back into another file. \
         `headwater check` finds nothing on\neither side, and the second file has the rows of the first, column by column.\n\n\
         | | rows | s | rows/s |\n|---|--:|--:|--:|\n",
        volume.payments, volume.customers
    );
    for (what, Moved { rows, seconds }) in [("file to PostgreSQL", out), ("PostgreSQL to file", home)] {
        #[allow(clippy::cast_precision_loss, reason = "some millions")]
        let rate = rows as f64 / seconds;
        writeln!(text, "| {what} | {rows} | {seconds:.1} | {rate:.0} |")?;
    }
    print!("{text}");
    if options.dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "Moved", &text)
}

/// What one run of `headwater migrate` did.
struct Moved {
    /// Rows of the ledger.
    rows: u64,
    seconds: f64,
}

fn migrate(headwater: &Path, from: &str, to: &str) -> anyhow::Result<Moved> {
    let begun = Instant::now();
    let said = output(Command::new(headwater).args(["migrate", "--from", from, "--to", to]))?;
    let seconds = begun.elapsed().as_secs_f64();
    // The line of the whole ledger: `ledger: 2120130 rows in 41.2 s`.
    let line = said.lines().find(|line| line.starts_with("ledger: ") && line.contains(" rows in "));
    let rows =
        line.and_then(|line| line.split(' ').nth(1)).context("migrate says how many rows the ledger had")?;
    Ok(Moved { rows: rows.parse()?, seconds })
}

fn check(headwater: &Path, storage: &[&str]) -> anyhow::Result<()> {
    output(Command::new(headwater).arg("check").args(storage)).map(|_| ())
}
