//! The entry: an event in the journal, with its state.

/// The state of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Behind another entry of its lane.
    Waiting,
    /// First of its lane: may be claimed when due.
    Head,
    /// Waits for names that may never come. The lane goes on without it.
    Parked,
    /// Delivered.
    Delivered,
    /// Refused by the destination for good, or given up; kept, listed, replayable.
    Dead,
    /// No partner can be credited with it, so it had no effect; kept, counted, listed (trust.md section 2).
    Unattributed,
    /// An operator has decided that it is never delivered. Its text is deleted.
    Dropped,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Head,
        Self::Parked,
        Self::Delivered,
        Self::Dead,
        Self::Unattributed,
        Self::Dropped,
    ];

    /// The stored number.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Head => 1,
            Self::Parked => 2,
            Self::Delivered => 3,
            Self::Dead => 4,
            Self::Unattributed => 5,
            Self::Dropped => 6,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The name in the API and in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Head => "due",
            Self::Parked => "parked",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Unattributed => "unattributed",
            Self::Dropped => "dropped",
        }
    }

    /// The state with this name; `None` when there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The event's id: appended once for one program and mode, as long as it is remembered ([`crate::KEEP_ID`]).
    pub id: [u8; 16],
    /// The program that the event is for.
    pub program: i64,
    /// Whether it was sent with test keys.
    pub test: bool,
    /// The lane, whose entries are delivered in order: one customer of one program.
    pub lane: String,
    /// The event's kind, for lists.
    pub kind: &'static str,
    /// The event's source (trust.md section 1): `page`, `signed`, `billing` or `vendor`.
    pub source: &'static str,
    /// The event's text.
    pub body: String,
    /// When it was received, epoch milliseconds.
    pub received_at: i64,
}

/// The result of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It was stored.
    New,
    /// Its id was there already; nothing was stored.
    Duplicate,
}

/// An entry as claimed or listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the journal.
    pub seq: i64,
    /// The event's id.
    pub id: [u8; 16],
    /// The program that the event is for.
    pub program: i64,
    /// Whether it was sent with test keys.
    pub test: bool,
    /// Its lane.
    pub lane: String,
    /// The event's kind.
    pub kind: String,
    /// The event's source, as in [`NewEntry::source`].
    pub source: String,
    /// The event's text; empty once it was deleted.
    pub body: String,
    /// Its state.
    pub state: State,
    /// Attempts begun since it was appended, replayed or parked, without those that do not count
    /// ([`Outcome::Retry`]).
    pub attempts: i64,
    /// How often it was parked since it was appended or replayed.
    pub times_parked: i64,
    /// The journal's count of delivered names when this entry was claimed, for [`Outcome::Parked`]; 0 in a list.
    pub claimed: u64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was received, epoch milliseconds.
    pub received_at: i64,
    /// When it was delivered or given up, epoch milliseconds.
    pub settled_at: Option<i64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has accepted it.
    Delivered {
        /// The names that the destination knows now, each with its scope, such as `1:c:gk_1`. Entries parked for one of
        /// them fall due.
        names: Vec<String>,
    },
    /// Try again at `at`. It stays the head, so its lane waits.
    Retry {
        /// Epoch milliseconds.
        at: i64,
        /// Without secrets.
        reason: String,
        /// Whether it counts as an attempt. It does not when the destination is down or refuses our credential, which
        /// is not this event's fault.
        counted: bool,
    },
    /// Try again when one of the names is delivered, or at `at`. The lane goes on without it.
    Parked {
        /// Epoch milliseconds.
        at: i64,
        /// Without secrets.
        reason: String,
        /// The names it waits for, as in [`Outcome::Delivered`]; may be empty.
        names: Vec<String>,
        /// [`Entry::claimed`]. A name delivered after it came too late for this attempt, so the entry is due at once.
        claimed: u64,
    },
    /// Do not try again, except by replay.
    Dead {
        /// Without secrets.
        reason: String,
    },
    /// No partner can be credited.
    Unattributed {
        /// Without secrets.
        reason: String,
    },
}

/// How many entries of a program and mode somebody should look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// In [`State::Parked`].
    pub parked: i64,
    /// In [`State::Dead`].
    pub dead: i64,
    /// In [`State::Unattributed`].
    pub unattributed: i64,
}

/// An attempt that did not deliver an entry, or what an operator did with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAttempt {
    /// Counted from 0. The first ten and the last ten are kept.
    pub number: i64,
    /// When it ended, epoch milliseconds.
    pub at: i64,
    /// `retried`, `parked`, `dead` or `unattributed`; `replayed` or `dropped` by an operator.
    pub outcome: String,
    /// Why, with the HTTP status where the destination answered. Without secrets.
    pub reason: String,
}

/// Which entries to look for, of all programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRange {
    /// From this [`Entry::seq`] on.
    pub from: i64,
    /// Before this one.
    pub before: i64,
    /// In one of these states; empty for any.
    pub states: Vec<State>,
    /// With this text in [`Entry::last_error`].
    pub reason: Option<String>,
    /// From the last one backwards.
    pub newest_first: bool,
    /// The most entries.
    pub limit: u32,
}

/// How long the texts of delivered and unattributed entries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Milliseconds since they were settled.
    pub texts: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { texts: crate::KEEP_BODY }
    }
}

/// Up to which times of settlement everything was pruned, epoch milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrunePlace {
    pub(crate) texts: i64,
    pub(crate) ids: i64,
}

/// What one step of pruning did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows that changed or were deleted.
    pub changed: usize,
    /// There may be more to do now.
    pub more: bool,
    pub(crate) place: PrunePlace,
}

/// How much waits in a journal. Of one state at most a million entries are counted; so many mean that many or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Heads: the first open entries of their lanes.
    pub due: i64,
    /// Behind another entry of their lane.
    pub waiting: i64,
    /// In [`State::Parked`].
    pub parked: i64,
    /// In [`State::Dead`].
    pub dead: i64,
    /// In [`State::Unattributed`].
    pub unattributed: i64,
    /// When the oldest entry that is due or waiting was received, epoch milliseconds; `None` when there is none.
    pub oldest: Option<i64>,
}

/// How often a reason occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCount {
    /// The reason, as in [`Entry::last_error`].
    pub reason: String,
    /// How many entries have it.
    pub count: i64,
}

/// What came and went in a minute, and why other entries did not go. Of each kind the reasons of 10,000 entries are
/// read, and the ten most frequent listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// Entries appended in this minute.
    pub received: i64,
    /// Entries delivered in this minute.
    pub delivered: i64,
    /// Entries that became dead in this minute.
    pub given_up: i64,
    /// Why heads were not delivered at their last attempt.
    pub retried: Vec<ReasonCount>,
    /// Why entries are parked.
    pub parked: Vec<ReasonCount>,
    /// Why entries are dead.
    pub dead: Vec<ReasonCount>,
}

/// Which entries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this program.
    pub program: i64,
    /// Of this mode: sent with test keys or not.
    pub test: bool,
    /// In this state; `None` for any.
    pub state: Option<State>,
    /// In this lane; `None` for any.
    pub lane: Option<String>,
    /// With a lower [`Entry::seq`] than this.
    pub before: Option<i64>,
    /// The most entries to list.
    pub limit: u32,
}

impl Outcome {
    /// The names that were delivered, or that the entry waits for.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Delivered { names } | Self::Parked { names, .. } => names,
            _ => &[],
        }
    }
}
