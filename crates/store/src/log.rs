//! Makes commits durable. SQLite appends them to its write-ahead log without waiting for the disk; a thread here syncs
//! the log and only then answers the callers. Meanwhile the writer runs the next units, and commits them when the log
//! has been synced: the disk's time and the processor's overlap, and commits stay as large as one sync apart allows
//! (docs/decisions/0014).

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, ThreadId};
use std::time::Instant;

use headwater_metrics::Durations;

use crate::StoreError;
use crate::job::Job;

/// Units of one commit.
pub(crate) type Batch = Vec<Box<dyn Job>>;

/// Handle of the thread that syncs. Dropping it lets the thread finish and end.
pub(crate) struct Log {
    batches: Option<Sender<Batch>>,
    /// How each sync ended.
    synced: Receiver<io::Result<()>>,
    /// A batch is with the thread.
    syncing: bool,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// `sync` returns when everything that was committed before the call is on disk.
    pub(crate) fn start(mut sync: impl FnMut() -> io::Result<()> + Send + 'static) -> Self {
        let (batches, committed) = channel::<Batch>();
        let (ended, synced) = channel();
        let thread = std::thread::Builder::new()
            .name("store-log".to_owned())
            .spawn(move || {
                for batch in committed {
                    let result = sync();
                    let durable = result.is_ok();
                    // The writer first: it commits what waits while the answers are given.
                    let _ = ended.send(result);
                    answer(batch, durable);
                }
            })
            .expect("the system can start a thread");
        Self { batches: Some(batches), synced, syncing: false, thread: Some(thread) }
    }

    /// The thread that answers callers.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        self.thread.as_ref().map(|thread| thread.thread().id())
    }

    /// Waits until every earlier commit is on disk; `false` when they were. After a failed sync it is unknown what is on
    /// disk: the system may have dropped pages that it could not write, and reports that only once.
    pub(crate) fn wait(&mut self) -> io::Result<bool> {
        if !std::mem::take(&mut self.syncing) {
            return Ok(false);
        }
        let synced = self.synced.recv();
        synced.unwrap_or_else(|_| Err(io::Error::other("the thread that syncs ended"))).map(|()| true)
    }

    /// Syncs a commit and answers its callers. Earlier ones have to be waited for.
    pub(crate) fn sync(&mut self, batch: Batch) {
        debug_assert!(!self.syncing, "a sync for each commit, one after the other");
        self.syncing = true;
        if let Some(batches) = &self.batches {
            // Without its thread, `wait` says what is wrong, and callers are told that their answer is lost.
            let _ = batches.send(batch);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers the callers of a commit, after a sync that made it `durable` or failed.
pub(crate) fn answer(batch: Batch, durable: bool) {
    for mut job in batch {
        if !durable {
            job.fail(StoreError::Uncertain);
        }
        job.finish(true);
    }
}

/// Syncs the write-ahead log of the database at `path`.
pub(crate) fn disk(path: &Path) -> impl FnMut() -> io::Result<()> + Send + 'static {
    let path = path.to_owned();
    let mut file = None;
    move || match &mut file {
        Some(file) => File::sync_all(file),
        // SQLite keeps the file as long as a connection is open, which the writer's is.
        none => none.insert(open(&path)?).sync_all(),
    }
}

/// The same sync, with its duration counted.
pub(crate) fn timed(
    mut sync: impl FnMut() -> io::Result<()> + Send + 'static,
    durations: Durations,
) -> impl FnMut() -> io::Result<()> + Send + 'static {
    move || {
        let begun = Instant::now();
        let synced = sync();
        durations.observe(begun.elapsed());
        synced
    }
}

fn open(database: &Path) -> io::Result<File> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let file = OpenOptions::new().write(true).open(PathBuf::from(log))?;
    // A file that nobody finds in its directory after a crash is lost with all its synced bytes.
    File::open(database.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
        .sync_all()?;
    Ok(file)
}
