//! `headwater check`: whether the stored data is consistent, with a line for each difference. It also works while
//! servers run.

use anyhow::Context as _;
use headwater_store::{ReadOnlyStore, StoreError, Unit};

use crate::args;
use crate::storage::{self, JOURNAL, LEDGER, RELAY_JOURNAL, StoragePart};

type CheckFunction = fn(&mut Unit<'_>) -> Result<Vec<String>, StoreError>;

/// Prints every difference; fails when there is any.
pub(crate) fn run(options: &args::CheckArguments) -> anyhow::Result<()> {
    let mut parts: Vec<(StoragePart, CheckFunction)> =
        vec![(LEDGER, headwater_ledger::check), (JOURNAL, headwater_journal::check)];
    if options.storage.data.is_none() {
        parts.push((RELAY_JOURNAL, headwater_journal::check));
    }
    let (mut looked, mut differences) = (0, 0);
    for (part, check) in parts {
        let what = part.name;
        let Some(mut store) =
            open(&options.storage, part).with_context(|| format!("cannot check the {what}"))?
        else {
            println!("{what}: not here");
            continue;
        };
        let found = || -> Result<Vec<String>, StoreError> {
            let mut found = store.damage()?;
            found.extend(store.read(check)?);
            Ok(found)
        }();
        let found = found.with_context(|| format!("cannot check the {what}"))?;
        for line in &found {
            println!("{what}: {line}");
        }
        if found.is_empty() {
            println!("{what}: holds together");
        }
        (looked, differences) = (looked + 1, differences + found.len());
    }
    anyhow::ensure!(looked > 0, "there is neither a ledger nor a journal");
    anyhow::ensure!(differences == 0, "{differences} differences");
    Ok(())
}

/// Opens a part for reading; `None` when it does not exist.
fn open(options: &args::StorageArguments, part: StoragePart) -> anyhow::Result<Option<ReadOnlyStore>> {
    if let Some(address) = storage::address(options)? {
        return Ok(ReadOnlyStore::open_shared(&address, part.schema, part.migrations)?);
    }
    let path = options.data.as_deref().unwrap_or(std::path::Path::new(".")).join(part.file);
    if !path.exists() {
        return Ok(None);
    }
    let opened = ReadOnlyStore::open(&path, part.migrations);
    Ok(Some(opened.with_context(|| format!("cannot read {}", path.display()))?))
}
