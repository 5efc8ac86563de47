//! The files of a data directory.

use std::time::Duration;

use anyhow::Context as _;
use headwater_protocol::limits;
use headwater_store::{Bounds, DataDir, Store};

/// The books' file.
pub(crate) const LEDGER: &str = "ledger.sqlite";
/// The road's file.
pub(crate) const JOURNAL: &str = "journal.sqlite";

const BOUNDS: Bounds = Bounds {
    waiting: limits::WRITE_QUEUE_MAX,
    commit: limits::COMMIT_UNITS_MAX,
    readers: limits::READERS_MAX,
    reader_wait: Duration::from_millis(limits::READ_WAIT),
};

/// Opens the books.
pub(crate) fn ledger(directory: &DataDir) -> anyhow::Result<Store> {
    let path = directory.file(LEDGER)?;
    Store::open(&path, headwater_ledger::MIGRATIONS, BOUNDS)
        .with_context(|| format!("cannot open {}", path.display()))
}

/// Opens the journal.
pub(crate) fn journal(directory: &DataDir) -> anyhow::Result<Store> {
    let path = directory.file(JOURNAL)?;
    Store::open(&path, headwater_journal::MIGRATIONS, BOUNDS)
        .with_context(|| format!("cannot open {}", path.display()))
}

/// Reads a secret from its file, without the line's end.
pub(crate) fn secret(path: &std::path::Path) -> anyhow::Result<secrecy::SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{} is empty; it must hold the secret on one line", path.display());
    Ok(text.to_owned().into())
}
