//! `headwater check`: whether what is stored holds together, told line by line. It reads beside a server that runs.

use anyhow::Context as _;
use headwater_store::{Beside, StoreError, Unit};

use crate::{args, files};

type Check = fn(&mut Unit<'_>) -> Result<Vec<String>, StoreError>;

/// Prints what differs; fails when anything does.
pub(crate) fn run(options: &args::Check) -> anyhow::Result<()> {
    let kept: [(&str, &str, &[&'static str], Check); 2] = [
        ("ledger", files::LEDGER, headwater_ledger::MIGRATIONS, headwater_ledger::check),
        ("journal", files::JOURNAL, headwater_journal::MIGRATIONS, headwater_journal::check),
    ];
    let (mut looked, mut differences) = (0, 0);
    for (what, file, migrations, check) in kept {
        let path = options.data.join(file);
        if !path.exists() {
            println!("{what}: no {file} here");
            continue;
        }
        let open = || -> Result<Vec<String>, StoreError> {
            let beside = Beside::open(&path, migrations)?;
            let mut found = beside.damage()?;
            found.extend(beside.read(check)?);
            Ok(found)
        };
        let found = open().with_context(|| format!("cannot check {}", path.display()))?;
        for line in &found {
            println!("{what}: {line}");
        }
        if found.is_empty() {
            println!("{what}: holds together");
        }
        (looked, differences) = (looked + 1, differences + found.len());
    }
    anyhow::ensure!(looked > 0, "{} holds neither a ledger nor a journal", options.data.display());
    anyhow::ensure!(differences == 0, "{differences} differences");
    Ok(())
}
