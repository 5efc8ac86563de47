//! What the relay counts while it works. No key, name or text of an event becomes a label.

use std::time::Duration;

use headwater_journal::{Appended, NewEntry, Outcome};
use headwater_metrics::{Counters, Durations, Registry, Unit};
use headwater_protocol::limits::BATCH_EVENTS_MAX;

/// The sources of events (trust.md section 1).
const SOURCES: &[&str] = &["page", "signed", "billing", "vendor"];
/// Codes of refusals; a code that is not listed counts as the last one.
const REASONS: &[&str] = &[
    "required",
    "wrong_type",
    "out_of_range",
    "invalid_value",
    "malformed_json",
    "malformed_xml",
    "too_large",
    "timeout",
    "unknown_event_type",
    "unknown_currency",
    "secret_required",
    "signature_required",
    "bad_signature",
    "no_webhook_secret",
    "unknown_provider",
    "unknown_public_key",
    "unauthorized",
    "origin_not_allowed",
    "rate_limited",
    "not_ready",
    "busy",
    "database_away",
    "not_kept",
    "internal",
    "other",
];
/// How attempts end. A *held* one was put off for a reason that is not the entry's fault.
const OUTCOMES: &[&str] = &["delivered", "retried", "held", "parked", "dead", "unattributed"];
/// Bounds from the receipt of an event to its delivery, microseconds: from at once to a day, for a destination may be
/// away for as long.
const LATENCY: &[u64] = &[
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    3_600_000_000,
    86_400_000_000,
];
/// Bounds of one attempt, microseconds, up to the client's time-out.
const ATTEMPT: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 30_000_000,
];

/// The relay's counters. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct RelayMetrics {
    accepted: Counters,
    duplicates: Counters,
    refused: Counters,
    outcomes: Counters,
    latency: Durations,
    attempts: Durations,
}

impl Default for RelayMetrics {
    fn default() -> Self {
        Self {
            accepted: Counters::new("source", SOURCES),
            duplicates: Counters::new("source", SOURCES),
            refused: Counters::new("reason", REASONS),
            outcomes: Counters::new("outcome", OUTCOMES),
            latency: Durations::new(LATENCY),
            attempts: Durations::new(ATTEMPT),
        }
    }
}

impl RelayMetrics {
    /// Registers all counters. `destination` is the name of what the relay delivers to, a label of what is counted of
    /// deliveries.
    pub fn register(&self, registry: &mut Registry, destination: &str) {
        let events = registry.sub_registry_with_prefix("headwater_events");
        events.register("accepted", "Events stored, by their source", self.accepted.clone());
        events.register("duplicate", "Events whose id was stored already", self.duplicates.clone());
        let help = "Events refused, by the code of the answer; a body that could not be read counts as one";
        events.register("refused", help, self.refused.clone());
        let label = ("destination".into(), destination.to_owned().into());
        let deliveries = registry.sub_registry_with_prefix("headwater").sub_registry_with_label(label);
        deliveries.register("deliveries", "Attempts at delivery, by how they ended", self.outcomes.clone());
        let help = "From the receipt of an event to its delivery";
        deliveries.register_with_unit("delivery_latency", help, Unit::Seconds, self.latency.clone());
        let help = "How long one attempt at delivery took, with all its requests";
        deliveries.register_with_unit("attempt_duration", help, Unit::Seconds, self.attempts.clone());
    }

    /// The counter of refusals with this code.
    pub fn refused_with(&self, code: &str) -> u64 {
        self.refused.get(code)
    }

    /// The counter of accepted events of this source.
    pub fn accepted_from(&self, source: &str) -> u64 {
        self.accepted.get(source)
    }

    /// The counter of duplicates of this source.
    pub fn duplicates_from(&self, source: &str) -> u64 {
        self.duplicates.get(source)
    }

    /// The counter of attempts that ended so.
    pub fn ended_as(&self, outcome: &str) -> u64 {
        self.outcomes.get(outcome)
    }

    /// Counters the results of appending a batch.
    pub(crate) fn appended(&self, sources: &BatchSources, appended: &[Appended]) {
        for (source, appended) in sources.0.iter().zip(appended) {
            self.appended_one(usize::from(*source), *appended);
        }
    }

    /// Counters the results of appending what a billing provider sent.
    pub(crate) fn appended_from_billing(&self, appended: &[Appended]) {
        for one in appended {
            self.appended_one(source_number(headwater_protocol::Source::Billing.name()), *one);
        }
    }

    fn appended_one(&self, source: usize, appended: Appended) {
        match appended {
            Appended::New => self.accepted.add(source, 1),
            Appended::Duplicate => self.duplicates.add(source, 1),
        }
    }

    pub(crate) fn refused(&self, code: &str, events: usize) {
        self.refused.add_named(code, events as u64);
    }

    /// Counters an attempt at an entry that was received `age` milliseconds ago, and took `took` milliseconds.
    pub(crate) fn ended(&self, outcome: &Outcome, age: i64, took: i64) {
        let millis = |millis: i64| Duration::from_millis(millis.max(0).unsigned_abs());
        let at = match outcome {
            Outcome::Delivered { .. } => {
                self.latency.observe(millis(age));
                0
            }
            Outcome::Retry { counted: true, .. } => 1,
            Outcome::Retry { counted: false, .. } => 2,
            Outcome::Parked { .. } => 3,
            Outcome::Dead { .. } => 4,
            Outcome::Unattributed { .. } => 5,
        };
        self.outcomes.add(at, 1);
        self.attempts.observe(millis(took));
    }
}

/// The source of each entry of a batch, as numbers of [`SOURCES`], read before the journal takes the entries.
pub(crate) struct BatchSources([u8; BATCH_EVENTS_MAX]);

impl BatchSources {
    pub(crate) fn of(entries: &[NewEntry]) -> Self {
        let mut sources = [0; BATCH_EVENTS_MAX];
        for (source, entry) in sources.iter_mut().zip(entries) {
            *source = u8::try_from(source_number(entry.source)).unwrap_or(0);
        }
        Self(sources)
    }
}

fn source_number(name: &str) -> usize {
    SOURCES.iter().position(|source| *source == name).unwrap_or(0)
}
