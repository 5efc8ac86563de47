//! The queue as `status`, `dead` and `events` use it: read beside a running server, and changed by whoever may: the server
//! that has locked the data directory, or else this process.

use std::path::Path;

use anyhow::Context as _;
use headwater_journal::{Entry, EntryRange, Journal};
use headwater_store::{DataDirError, ReadOnlyStore, StoreError, Unit};

use crate::entry_change::EntryChange;
use crate::storage::{self, JOURNAL, RELAY_JOURNAL, Storage, StoragePart};
use crate::{args, control};

/// Entries that one unit of work changes: few enough that nobody waits long behind it.
const STEP: usize = 200;

/// A queue opened for reading.
pub(crate) struct OpenQueue {
    part: StoragePart,
    store: ReadOnlyStore,
}

impl OpenQueue {
    /// Opens the queue of a data directory, or one of a database.
    pub(crate) fn open(options: &args::QueueArguments) -> anyhow::Result<Self> {
        if let Some(address) = storage::address(&options.storage)? {
            let part = if options.relay { RELAY_JOURNAL } else { JOURNAL };
            let opened = ReadOnlyStore::open_shared(&address, part.schema, part.migrations)?;
            let store = opened.with_context(|| {
                let other = if options.relay { "without" } else { "with" };
                format!("{address} has no schema {}; try again {other} --relay", part.schema)
            })?;
            return Ok(Self { part, store });
        }
        let path = options.storage.data.as_deref().unwrap_or(Path::new(".")).join(JOURNAL.file);
        anyhow::ensure!(
            path.exists(),
            "there is no queue at {}; --data names the data directory",
            path.display()
        );
        let opened = ReadOnlyStore::open(&path, JOURNAL.migrations);
        let store = opened.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { part: JOURNAL, store })
    }

    /// Runs `work` on one snapshot.
    pub(crate) fn read<T: Send>(
        &mut self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, StoreError> + Send,
    ) -> anyhow::Result<T> {
        self.store.read(work).context("cannot read the queue")
    }

    /// The entries that are named, by key or by event id.
    pub(crate) fn named(&mut self, names: &[String]) -> anyhow::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for name in names {
            let entries = if let Ok(key) = name.parse::<i64>() {
                let range = EntryRange { from: key, before: key.saturating_add(1), ..all(1) };
                self.read(|unit| headwater_journal::entries(unit, &range))?
            } else {
                let id: headwater_protocol::EventId = name.parse().with_context(|| {
                    format!("'{name}' is neither an entry's key nor an event's id; `headwater dead list` shows both")
                })?;
                self.read(|unit| headwater_journal::entries_of_event(unit, id.bytes()))?
            };
            anyhow::ensure!(
                !entries.is_empty(),
                "no entry '{name}' is here: it was never taken, or pruned since; `headwater dead list` shows the dead ones"
            );
            found.extend(entries);
        }
        Ok(found)
    }

    /// Calls `take` with all entries of a range, some at a time.
    pub(crate) async fn each(
        &mut self,
        mut range: EntryRange,
        mut take: impl AsyncFnMut(Vec<i64>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        range.limit = u32::try_from(STEP).unwrap_or(u32::MAX);
        loop {
            let asked = range.clone();
            let found = self.read(move |unit| headwater_journal::entries(unit, &asked))?;
            let Some(last) = found.last() else { return Ok(()) };
            range.from = last.seq + 1;
            take(found.iter().map(|entry| entry.seq).collect()).await?;
        }
    }
}

/// Every entry, the oldest first, up to so many.
pub(crate) fn all(limit: u32) -> EntryRange {
    EntryRange { from: 0, before: i64::MAX, states: Vec::new(), reason: None, newest_first: false, limit }
}

/// Who changes the queue.
pub(crate) enum QueueWriter {
    /// The server that has locked the data directory.
    Server(std::path::PathBuf),
    /// This process. The directory stays locked as long as the value lives.
    Own { journal: Journal, _storage: Storage },
}

impl QueueWriter {
    /// Finds out who may change the queue.
    pub(crate) fn find(options: &args::QueueArguments, queue: &OpenQueue) -> anyhow::Result<Self> {
        match Storage::take(&options.storage) {
            Ok(storage) => {
                let journal = Journal::open(storage.open(queue.part)?);
                Ok(Self::Own { journal, _storage: storage })
            }
            Err(error) => match error.downcast::<DataDirError>() {
                Ok(DataDirError::InUse(data)) => Ok(Self::Server(data)),
                Ok(error) => Err(error.into()),
                Err(error) => Err(error),
            },
        }
    }

    /// Changes the entries; returns how many changed.
    pub(crate) async fn change(&self, entries: Vec<i64>, change: EntryChange) -> anyhow::Result<usize> {
        let mut changed = 0;
        for some in entries.chunks(STEP) {
            changed += match self {
                Self::Server(data) => control::ask_change(data, some, change).await?,
                Self::Own { journal, .. } => change.apply(journal, some.to_vec()).await?,
            };
        }
        Ok(changed)
    }
}
