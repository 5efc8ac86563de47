//! `headwater migrate`: copies a whole installation from a data directory into a database, or back.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use headwater_store::{Copied, DataDir, ReadOnlyStore, Store, StoreError};

use crate::args;
use crate::storage::{JOURNAL, LEDGER, RELAY_JOURNAL, Storage, StoragePart};

/// The pause between two lines of progress about one table.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// Copies ledger and journal. The source's rows are not changed, but both schemas are brought up to date.
pub(crate) async fn run(options: args::Migrate) -> anyhow::Result<()> {
    let (from, to) = (place(&options.from).context("--from")?, place(&options.to).context("--to")?);
    let directories = [&from, &to].iter().filter(|place| matches!(place, Storage::Directory(_))).count();
    ensure!(
        directories == 1,
        "one of --from and --to is a directory (sqlite:DIR), the other a database (postgres://...); for two of a kind \
         copy the directory, or use pg_dump"
    );
    for part in parts(&from)? {
        let (source, target) = (from.open(part)?, to.open(part)?);
        // A directory is locked by now. A database is used by another process if a second one is registered in it.
        for (store, place) in [(&source, &from), (&target, &to)] {
            ensure!(
                store.processes().await?.len() == 1,
                "another process uses {place}; stop every `headwater` there first"
            );
        }
        copy(part.name, &source, &target).await?;
    }
    println!("done; `headwater check {to}` verifies it");
    Ok(())
}

/// Reads `sqlite:DIR`, and locks the directory, or a PostgreSQL address.
fn place(text: &str) -> anyhow::Result<Storage> {
    if let Some(data) = text.strip_prefix("sqlite:") {
        return Ok(Storage::Directory(DataDir::lock(Path::new(data))?));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Storage::Database(Box::new(text.parse()?)));
    }
    bail!("give sqlite:DIR or postgres://USER:PASSWORD@HOST/NAME")
}

/// The parts that the source has: a server's ledger and journal, or a relay's journal.
fn parts(from: &Storage) -> anyhow::Result<Vec<StoragePart>> {
    let there = |part: StoragePart| -> Result<bool, StoreError> {
        match from {
            Storage::Directory(directory) => Ok(directory.path().join(part.file).exists()),
            Storage::Database(address) => {
                Ok(ReadOnlyStore::open_shared(address, part.schema, part.migrations)?.is_some())
            }
        }
    };
    if there(LEDGER)? {
        return Ok(vec![LEDGER, JOURNAL]);
    }
    ensure!(there(RELAY_JOURNAL)?, "{from} holds neither a ledger nor a journal");
    Ok(vec![RELAY_JOURNAL])
}

async fn copy(what: &str, source: &Store, target: &Store) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut reported_at = begun;
    let copied = source.copy_to(target, |table, rows| {
        if reported_at.elapsed() >= REPORT_EVERY {
            reported_at = Instant::now();
            eprintln!("{what}: {table}: {rows} rows");
        }
    });
    let copied = copied.await.with_context(|| format!("the {what} was not copied whole"))?;
    for Copied { table, rows } in copied.iter().filter(|copied| copied.rows > 0) {
        println!("{what}: {table}: {rows} rows");
    }
    let rows: u64 = copied.iter().map(|copied| copied.rows).sum();
    let took = begun.elapsed();
    println!("{what}: {rows} rows in {:.1} s", took.as_secs_f64());
    Ok(())
}
