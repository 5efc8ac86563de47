//! `cargo xtask bench --import`: a CSV file of a million payments is imported, and imported again.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::ledger::BenchLedger;
use super::{BenchPrograms, Options};
use crate::page;

/// Rows of the file, and in a quick run.
const ROWS: [u64; 2] = [1_000_000, 10_000];
/// Payments of one customer.
const EACH: u64 = 100;
/// One row of so many is wrong, half of them in the file, half of them in what they name.
const WRONG: u64 = 1_000;
/// Time between two looks at a process's memory.
const LOOK: Duration = Duration::from_millis(200);

/// Measures, prints the section, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let rows = ROWS[usize::from(options.quick)];
    let place = tempfile::tempdir()?;
    let headwater = &programs.headwater;
    let ledger = runtime.block_on(BenchLedger::init(headwater))?;
    let (server, _client) = runtime.block_on(ledger.serve())?;
    let bench = ImportBench { headwater: headwater.clone(), place, server: server.id() };
    let [public_key, secret_key] = ledger.keys();
    let keys = json!({"url": server.url, "public_key": public_key, "secret_key": secret_key});
    std::fs::write(bench.path("keys.json"), keys.to_string())?;
    let customers = bench.customers(rows / EACH)?;
    let payments = bench.payments(rows)?;
    let mut text = format!(
        "`cargo xtask bench --import` writes this section: `headwater import transactions` of a file with {rows} payments \
         of {} customers,\none row of {WRONG} wrong, into a ledger on the same cores and disk; then the same file again. \
         Peak memory of each process (VmHWM).\n\n\
         | file | s | rows/s | created | unchanged | refused | `import` MiB | `serve` MiB |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n",
        rows / EACH
    );
    for (name, kind, file) in [
        ("customers", "customers", &customers),
        ("payments", "transactions", &payments),
        ("the same payments", "transactions", &payments),
    ] {
        let done = bench.import(kind, file)?;
        let count = |member: &str| done.totals[member].as_u64().unwrap_or_default();
        #[allow(clippy::cast_precision_loss, reason = "some millions")]
        let rate = count("rows") as f64 / done.seconds;
        writeln!(
            text,
            "| {name} | {:.1} | {rate:.0} | {} | {} | {} | {} | {} |",
            done.seconds,
            count("created"),
            count("unchanged"),
            count("rejected"),
            done.import_mib,
            done.serve_mib
        )?;
        ensure!(kind != "transactions" || count("rejected") == rows / WRONG, "{}", done.totals);
    }
    runtime.block_on(server.stop())?;
    print!("{text}");
    if options.dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "Imported", &text)
}

/// Where files are made and imported.
struct ImportBench {
    headwater: PathBuf,
    place: tempfile::TempDir,
    /// The server's process.
    server: u32,
}

/// What one import did.
struct ImportedFile {
    totals: Value,
    seconds: f64,
    import_mib: u64,
    serve_mib: u64,
}

impl ImportBench {
    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn customers(&self, count: u64) -> anyhow::Result<PathBuf> {
        let path = self.path("customers.csv");
        let mut file = BufWriter::new(std::fs::File::create(&path)?);
        file.write_all(b"Customer ID,E-Mail,Name\r\n")?;
        for number in 0..count {
            write!(file, "c{number},c{number}@site.example,\"Customer, number {number}\"\r\n")?;
        }
        file.flush()?;
        Ok(path)
    }

    fn payments(&self, count: u64) -> anyhow::Result<PathBuf> {
        let path = self.path("payments.csv");
        let mut file = BufWriter::new(std::fs::File::create(&path)?);
        file.write_all(b"Invoice,Customer ID,Amount,Currency,Paid at,metadata.plan\r\n")?;
        for number in 0..count {
            let (mut customer, mut amount) =
                (format!("c{}", number / EACH), (100 + number % 10_000).to_string());
            match number % (2 * WRONG) {
                0 => "nobody".clone_into(&mut customer),
                WRONG => "19.90".clone_into(&mut amount),
                _ => {}
            }
            let (month, day) = (1 + number % 12, 1 + number % 28);
            write!(file, "in_{number:09},{customer},{amount},USD,2026-{month:02}-{day:02},pro\r\n")?;
        }
        file.flush()?;
        Ok(path)
    }

    fn import(&self, kind: &str, file: &Path) -> anyhow::Result<ImportedFile> {
        let begun = Instant::now();
        let mut import = Command::new(&self.headwater);
        import.args(["import", kind, "--json", "--credentials"]).arg(self.path("keys.json")).arg(file);
        let said = self.path("said.jsonl");
        import.arg("--rejected").arg(self.path("rejected.csv")).stdin(Stdio::null());
        let mut import = import.stdout(std::fs::File::create(&said)?).spawn()?;
        let mut import_mib = 0;
        while import.try_wait()?.is_none() {
            import_mib = peak_mib(import.id()).unwrap_or(import_mib);
            std::thread::sleep(LOOK);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(&said)?;
        let totals = text.lines().last().context("an import prints its totals")?;
        let serve_mib = peak_mib(self.server).unwrap_or_default();
        Ok(ImportedFile { totals: serde_json::from_str(totals)?, seconds, import_mib, serve_mib })
    }
}

/// The most memory that a process has had at once, in MiB; `None` once it has ended.
fn peak_mib(process: u32) -> Option<u64> {
    let about = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()?.div_ceil(1024))
}
