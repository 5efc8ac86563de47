//! The disk of a process: its database file and write-ahead log. What was not synced may be lost in a crash.
//!
//! A store without threads appends to the log only, so what is durable is a beginning of the log. A crash copies the
//! files as they would be found afterwards; the next process opens the copy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::world::World;

/// The files of one process.
pub(crate) struct Disk {
    directory: PathBuf,
    name: &'static str,
    /// Counts crashes.
    generation: AtomicU64,
    /// Bytes of the log that are certainly on disk.
    durable: AtomicU64,
}

impl Disk {
    /// A disk below `directory` with a copy of the database `name` of `template`.
    pub(crate) fn new(directory: &Path, template: &Path, name: &'static str) -> Self {
        let disk = Self {
            directory: directory.to_owned(),
            name,
            generation: AtomicU64::new(0),
            durable: AtomicU64::new(0),
        };
        fs::copy(template.join(format!("{name}.sqlite")), disk.database()).unwrap();
        disk
    }

    /// The path of the database.
    pub(crate) fn database(&self) -> PathBuf {
        let generation = self.generation.load(Ordering::Relaxed);
        self.directory.join(format!("{}-{generation}.sqlite", self.name))
    }

    fn log(&self) -> PathBuf {
        let mut log = self.database().into_os_string();
        log.push("-wal");
        log.into()
    }

    /// Makes what was written durable, or fails; then nobody knows what is.
    pub(crate) fn sync(&self, world: &World) -> io::Result<()> {
        if world.chance(world.rates.sync) {
            world.fault("a sync failed", self.name);
            return Err(io::Error::other("the simulated disk could not be written"));
        }
        self.durable.store(fs::metadata(self.log())?.len(), Ordering::Relaxed);
        Ok(())
    }

    /// The machine stops: of what was not synced, any beginning may be on disk, or none; what follows it is missing or
    /// zero.
    pub(crate) fn crash(&self, world: &World) {
        let (database, log) = (self.database(), self.log());
        let mut bytes = fs::read(&log).unwrap_or_default();
        self.generation.fetch_add(1, Ordering::Relaxed);
        fs::copy(&database, self.database()).unwrap();
        let length = bytes.len() as u64;
        let durable = self.durable.load(Ordering::Relaxed).min(length);
        let kept = match world.number(0..3) {
            0 => durable,
            1 => length,
            _ => world.number(durable..length + 1),
        };
        if kept < length {
            world.fault("unsynced writes were lost", &format!("{}: {} bytes", self.name, length - kept));
        }
        let kept = usize::try_from(kept).unwrap();
        if world.number(0..2) == 0 {
            bytes.truncate(kept);
        } else {
            bytes[kept..].fill(0);
        }
        fs::write(self.log(), &bytes).unwrap();
        self.durable.store(bytes.len() as u64, Ordering::Relaxed);
    }
}
