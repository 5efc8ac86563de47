//! The writer of a store without threads: the caller says when waiting units are committed, and when their commit is on
//! disk. So a simulation can let other tasks run in between, stop there, or lose what was not synced.

use std::io;

use headwater_metrics::Durations;
use rusqlite::Connection;

use crate::log::{self, Batch};
use crate::writer::{Commit, WaitingUnits};

/// Commits the units of a store that was opened with [`crate::Store::open_stepped`].
pub struct StoreSteps {
    connection: Connection,
    jobs: WaitingUnits,
    commit_max: usize,
    commits: Durations,
    unsynced: Batch,
}

impl StoreSteps {
    pub(crate) fn new(
        connection: Connection,
        jobs: WaitingUnits,
        commit_max: usize,
        commits: Durations,
    ) -> Self {
        Self { connection, jobs, commit_max, commits, unsynced: Batch::new() }
    }

    /// Waits for a unit and commits it with all others that wait. A commit that changed something stands in the
    /// write-ahead log afterwards, unsynced, and its callers wait for [`StoreSteps::answer`]; returns how many do.
    /// `None` when no handle of the store is left.
    pub async fn commit(&mut self) -> Option<usize> {
        let first = self.jobs.recv().await?;
        if let Some(mut commit) = Commit::begin_with(&self.connection, first) {
            commit.add_waiting(&mut self.jobs, self.commit_max);
            self.unsynced.extend(commit.end(&self.commits).into_iter().flatten());
        }
        Some(self.unsynced.len())
    }

    /// Answers the callers of what was committed, after a sync that ended in this way. After a sync that failed nobody
    /// knows what is on disk, so nothing more may be committed.
    pub fn answer(&mut self, synced: &io::Result<()>) {
        log::answer(std::mem::take(&mut self.unsynced), synced.is_ok());
    }
}
