//! The options of the commands that look at the queue and change it.

use clap::{Args, Subcommand};

use super::StorageArguments;

/// The queue that a command is about.
#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    #[command(flatten)]
    pub(crate) storage: StorageArguments,
    /// The queue of `headwater relay`, in a database that may hold a server's queue too.
    #[arg(long)]
    pub(crate) relay: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// Draw it again and again, until ctrl-c.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Seconds between two looks of `--watch`.
    #[arg(long, default_value_t = 2)]
    pub(crate) interval_seconds: u64,
    /// Exit with 4 when an entry is dead, or the oldest one waits longer than `--max-age-seconds`.
    #[arg(long)]
    pub(crate) check: bool,
    /// Seconds that the oldest entry may wait before `--check` reports it.
    #[arg(long, default_value_t = 300)]
    pub(crate) max_age_seconds: i64,
    /// Print one JSON object for each look.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dead {
    /// List dead entries, the newest first.
    List(DeadList),
    /// Show an entry and its attempts, with times and reasons: the first ten and the last ten.
    Show(DeadShow),
    /// Have dead entries delivered again.
    Retry(DeadChange),
    /// Drop dead entries: they are never delivered, and their texts are deleted.
    Drop(DeadChange),
}

#[derive(Debug, Args)]
pub(crate) struct DeadList {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// Only those with this text in their reason.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// The most entries.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeadShow {
    /// The entry's key, or its event's id.
    pub(crate) entry: String,
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// Print the event's text too, which may name a person.
    #[arg(long)]
    pub(crate) body: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeadChange {
    /// Keys of entries, or ids of events.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) entries: Vec<String>,
    /// Every dead entry, or every one that `--reason` matches.
    #[arg(long)]
    pub(crate) all: bool,
    /// With `--all`, only those with this text in their reason.
    #[arg(long, requires = "all")]
    pub(crate) reason: Option<String>,
    /// Confirms `drop --all`.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Print the newest entries of the queue.
    Tail(EventsTail),
    /// Deliver entries of a time again: dead, unattributed and parked ones, and with `--delivered` also those.
    Replay(EventsReplay),
}

#[derive(Debug, Args)]
pub(crate) struct EventsTail {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// How many.
    #[arg(long, default_value_t = 20)]
    pub(crate) lines: u32,
    /// Go on printing new ones, until ctrl-c.
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EventsReplay {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,
    /// Received from this time on: `2026-11-30T22:00Z`, `2026-11-30` (UTC), or `2h` ago (`m`, `h`, `d`).
    #[arg(long, value_parser = time)]
    pub(crate) from: i64,
    /// Received before this time.
    #[arg(long, value_parser = time, default_value = "0m")]
    pub(crate) to: i64,
    /// Those too that were delivered, as after a destination has lost data. Their receivers know them by their ids, and
    /// Headwater's own takes none twice.
    #[arg(long)]
    pub(crate) delivered: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads a time as epoch milliseconds.
fn time(text: &str) -> Result<i64, String> {
    const UNITS: [(char, i64); 3] = [('m', 60_000), ('h', 3_600_000), ('d', 86_400_000)];
    for (unit, millis) in UNITS {
        if let Some(count) = text.strip_suffix(unit).and_then(|count| count.parse::<i64>().ok()) {
            return Ok(crate::system::now().0.saturating_sub(count.saturating_mul(millis)));
        }
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.as_millisecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>();
    let zoned = civil.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    zoned.map(|time| time.timestamp().as_millisecond()).map_err(|_| {
        "must be a time such as 2026-11-30T22:00Z, a day such as 2026-11-30, or 30m, 2h or 7d ago".to_owned()
    })
}
