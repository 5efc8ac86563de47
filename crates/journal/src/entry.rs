//! The entry: an event in the journal, with its state.

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Behind another entry of its lane.
    Waiting,
    /// First of its lane: may be claimed when due.
    Head,
    /// Waits for something that may never come, beside its lane: holds nobody up.
    Parked,
    /// Delivered.
    Delivered,
    /// Given up; kept, listed, replayable.
    Dead,
    /// Nobody can be credited with it, so nothing was made of it; kept, counted, listed (trust.md section 2).
    Unattributed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Head, Self::Parked, Self::Delivered, Self::Dead, Self::Unattributed];

    /// The stored number.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Head => 1,
            Self::Parked => 2,
            Self::Delivered => 3,
            Self::Dead => 4,
            Self::Unattributed => 5,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The word people see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Head => "due",
            Self::Parked => "parked",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Unattributed => "unattributed",
        }
    }

    /// The state of a word; `None` when it is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The event's id: appended once, ever, for one program and mode.
    pub id: [u8; 16],
    /// Whose program.
    pub program: i64,
    /// Whether test keys sent it.
    pub test: bool,
    /// What is delivered in order: one customer of one program.
    pub lane: String,
    /// The event's kind, for lists.
    pub kind: &'static str,
    /// Who says it (trust.md section 1): `page`, `signed`, `billing` or `vendor`.
    pub source: &'static str,
    /// The event's text.
    pub body: String,
    /// When it was received, epoch milliseconds.
    pub received_at: i64,
}

/// What became of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk now.
    New,
    /// It was there before.
    Duplicate,
}

/// An entry as claimed or listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the journal.
    pub seq: i64,
    /// The event's id.
    pub id: [u8; 16],
    /// Whose program.
    pub program: i64,
    /// Whether test keys sent it.
    pub test: bool,
    /// Its lane.
    pub lane: String,
    /// The event's kind.
    pub kind: String,
    /// Who says it.
    pub source: String,
    /// The event's text; empty once it was forgotten.
    pub body: String,
    /// Where it stands.
    pub state: State,
    /// Attempts begun since it was taken, replayed or parked, those that a destination held up left out.
    pub attempts: i64,
    /// How often it was parked.
    pub looks: i64,
    /// The journal's own count of names that came, when this entry was claimed; 0 in a list.
    pub claimed: u64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Received at, epoch milliseconds.
    pub received_at: i64,
    /// Delivered or given up at.
    pub settled_at: Option<i64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Delivered {
        /// Names that are there now, each with its scope, such as `1:c:gk_1`: what is parked for one is due.
        names: Vec<String>,
    },
    /// Again at `at`; the lane waits.
    Retry {
        /// Epoch milliseconds.
        at: i64,
        /// Without secrets.
        reason: String,
        /// Whether it counts as an attempt: not when the destination takes nothing from anybody.
        counted: bool,
    },
    /// Beside the lane until one of the names is there, or until `at`.
    Parked {
        /// Epoch milliseconds.
        at: i64,
        /// Without secrets.
        reason: String,
        /// What it waits for, as in [`Outcome::Delivered`]; may be empty.
        names: Vec<String>,
        /// [`Entry::claimed`]: a name that came since then came too late for this attempt, and makes it due.
        claimed: u64,
    },
    /// Never again by itself.
    Dead {
        /// Without secrets.
        reason: String,
    },
    /// Nobody can be credited.
    Unattributed {
        /// Without secrets.
        reason: String,
    },
}

/// How many entries of a program need a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// In [`State::Parked`].
    pub parked: i64,
    /// In [`State::Dead`].
    pub dead: i64,
    /// In [`State::Unattributed`].
    pub unattributed: i64,
}

/// Which entries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this program.
    pub program: i64,
    /// Of this key pair.
    pub test: bool,
    /// In this state.
    pub state: Option<State>,
    /// In this lane.
    pub lane: Option<String>,
    /// Older than this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Outcome {
    /// The names it brings, or waits for.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Delivered { names } | Self::Parked { names, .. } => names,
            _ => &[],
        }
    }
}
