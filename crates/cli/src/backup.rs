//! `headwater backup` and `headwater restore`: a data directory copied while its server runs, and put back.
//!
//! The order of the copies is what makes a backup whole. Each file is copied as of one moment, but the two moments differ,
//! and an event crosses from the journal to the ledger meanwhile. The journal is copied **first**: what it holds as
//! delivered was in the ledger before the ledger was copied, and what it holds as waiting is delivered again after a
//! restore, which changes nothing where the ledger has it already (idempotency by event). The other way round, an event
//! delivered between the two copies would be in neither: delivered says the journal, unknown says the ledger.
//! What was acknowledged before the backup began is committed, and so in the copy of its file: an event in the journal's,
//! a request of API v2 in the ledger's (docs/decisions/0016).

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use headwater_store::DataDir;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::storage::{JOURNAL, LEDGER, StoragePart};
use crate::{args, check, storage, system};

/// The file of a backup that says what it holds. It is written last.
const MANIFEST: &str = "backup.json";
/// Bytes copied at once.
const CHUNK: usize = 1024 * 1024;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct BackupManifest {
    /// The version of the program that made it.
    version: String,
    /// When it was begun, epoch milliseconds: everything that was acknowledged before is in it.
    begun_at: i64,
    files: Vec<BackedUpFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BackedUpFile {
    name: String,
    bytes: u64,
    /// Hexadecimal.
    sha256: String,
}

/// Copies the data directory's files into a new directory, which appears whole or not at all.
pub(crate) fn back_up(options: &args::Backup) -> anyhow::Result<()> {
    ensure!(
        storage::address(&options.storage)?.is_none(),
        "a PostgreSQL database is backed up with its own tools: pg_basebackup (with the log, to any moment) or pg_dump"
    );
    let data = options.storage.data.as_deref().unwrap_or(Path::new("."));
    ensure!(
        data.join(JOURNAL.file).exists(),
        "{} holds no journal; --data names the data directory of a server or relay",
        data.display()
    );
    let target = &options.target;
    ensure!(
        !target.exists(),
        "{} exists; give a directory that does not, one for each backup",
        target.display()
    );
    let aside = beside(target)?;
    if aside.exists() {
        // Of a backup that was broken off. Nothing else has such a name.
        std::fs::remove_dir_all(&aside).with_context(|| format!("cannot remove {}", aside.display()))?;
    }
    let begun_at = system::now().0;
    let directory = DataDir::lock(&aside)?;
    let mut files = Vec::new();
    // The journal first, see above.
    for part in [JOURNAL, LEDGER] {
        let source = data.join(part.file);
        if source.exists() {
            let copy = directory.file(part.file)?;
            headwater_store::back_up(&source, &copy)
                .with_context(|| format!("cannot copy {}", source.display()))?;
            let (bytes, sha256) = digest(&copy)?;
            println!("{}: {bytes} bytes", part.file);
            files.push(BackedUpFile { name: part.file.to_owned(), bytes, sha256 });
        }
    }
    let manifest = BackupManifest { version: env!("CARGO_PKG_VERSION").to_owned(), begun_at, files };
    let path = directory.file(MANIFEST)?;
    let mut file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    serde_json::to_writer_pretty(&file, &manifest)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    sync_directory(&aside)?;
    std::fs::rename(&aside, target).with_context(|| format!("cannot make {}", target.display()))?;
    sync_directory(target.parent().unwrap_or(Path::new(".")))?;
    println!("done; `headwater restore {} --data DIR` puts it back", target.display());
    Ok(())
}

/// Copies a backup into an empty data directory and checks it.
pub(crate) fn restore(options: &args::Restore) -> anyhow::Result<()> {
    let path = options.source.join(MANIFEST);
    let text = std::fs::read(&path).with_context(|| {
        format!("cannot read {}: give a directory that `headwater backup` has made", path.display())
    })?;
    let manifest: BackupManifest =
        serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let directory = DataDir::lock(&options.data)?;
    for part in [JOURNAL, LEDGER] {
        let there = directory.path().join(part.file);
        ensure!(
            !there.exists(),
            "{} exists; a restore replaces nothing: give an empty directory, or move the old one away",
            there.display()
        );
    }
    for file in &manifest.files {
        let part = known(&file.name)?;
        let source = options.source.join(part.file);
        let copy = directory.file(part.file)?;
        copy_checked(&source, &copy, file).inspect_err(|_| {
            // A part of an installation must not be taken for the whole of it.
            let _ = std::fs::remove_file(&copy);
        })?;
        println!("{}: {} bytes", part.file, file.bytes);
    }
    sync_directory(directory.path())?;
    drop(directory);
    let storage = args::StorageArguments { data: Some(options.data.clone()), database: None };
    check::run(&args::CheckArguments { storage })?;
    println!("restored as of {}", crate::table::time(headwater_protocol::Millis(manifest.begun_at)));
    Ok(())
}

fn known(name: &str) -> anyhow::Result<StoragePart> {
    let part = [JOURNAL, LEDGER].into_iter().find(|part| part.file == name);
    part.with_context(|| format!("the backup holds a file '{name}', which this version does not know"))
}

/// The directory that a backup is written into before it has its name.
fn beside(target: &Path) -> anyhow::Result<PathBuf> {
    let mut name = target.file_name().context("the target needs a name")?.to_owned();
    name.push(".part");
    Ok(target.with_file_name(name))
}

fn copy_checked(source: &Path, copy: &Path, file: &BackedUpFile) -> anyhow::Result<()> {
    let (bytes, sha256) = digest(source)?;
    ensure!(
        bytes == file.bytes && sha256 == file.sha256,
        "{} is not what was backed up: {bytes} bytes with another checksum than {} bytes; use another backup",
        source.display(),
        file.bytes
    );
    let failed = || format!("cannot copy {} to {}", source.display(), copy.display());
    let mut from = File::open(source).with_context(failed)?;
    let mut to = File::options().write(true).truncate(true).open(copy).with_context(failed)?;
    std::io::copy(&mut from, &mut to).with_context(failed)?;
    to.sync_all().with_context(failed)
}

/// The length and the SHA-256 of a file.
fn digest(path: &Path) -> anyhow::Result<(u64, String)> {
    let failed = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(failed)?;
    let (mut hash, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut chunk).with_context(failed)?;
        if read == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(&chunk[..read]);
        bytes += read as u64;
    }
}

/// Makes the names in a directory durable.
fn sync_directory(path: &Path) -> anyhow::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.with_context(|| format!("cannot sync {}", path.display()))
}
