//! What operators have done with entries of the queue, by a running server or without one.

use headwater_journal::Journal;
use headwater_store::StoreError;

use crate::system;

/// What an operator has done with entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryChange {
    /// Delivered again; delivered ones too when it says so.
    Replay { delivered: bool },
    /// Never delivered.
    Drop,
}

impl EntryChange {
    /// Changes the entries of a journal; returns how many changed.
    pub(crate) async fn apply(self, journal: &Journal, entries: Vec<i64>) -> Result<usize, StoreError> {
        let now = system::now().0;
        match self {
            Self::Replay { delivered } => journal.replay_entries(entries, delivered, now).await,
            Self::Drop => journal.drop_entries(entries, now).await,
        }
    }
}
