//! Why an attempt failed, and the outcome that its entry is settled with.

use headwater_client::ClientError;
use headwater_journal::{Entry, Outcome};
use headwater_protocol::limits::{
    DELIVERY_ATTEMPTS_MAX, PARKED_AGE_MAX, PARKED_ATTEMPTS_MAX, PARKED_RETRY_MAX, PARKED_RETRY_MIN,
};
use headwater_store::StoreError;

use super::AttemptEnd;
use crate::deliver::backoff;

/// Milliseconds until another attempt when our own journal could not be read.
const JOURNAL_WAIT: i64 = 1_000;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// The destination refused a request, or did not answer.
    Answer(ClientError),
    /// Something that the event names does not exist yet. The entry is parked, and given up after a month.
    NotYet {
        reason: String,
        /// Names whose delivery makes the entry due, each with its scope.
        names: Vec<String>,
    },
    /// A person has to decide, because it is about money or about who a customer is. The entry is parked and never
    /// given up.
    NeedsDecision { reason: String, names: Vec<String> },
    /// No partner can be credited with it (trust.md section 2).
    Unattributed(String),
    /// Our own journal could not be read.
    Journal(StoreError),
}

impl From<ClientError> for AttemptError {
    fn from(error: ClientError) -> Self {
        Self::Answer(error)
    }
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        Self::Journal(error)
    }
}

impl AttemptError {
    /// [`AttemptError::NotYet`] for the reason of a refusal.
    pub(super) fn not_yet(error: &ClientError, names: Vec<String>) -> Self {
        Self::NotYet { reason: error.to_string(), names }
    }

    /// [`AttemptError::NeedsDecision`] for the reason of a refusal.
    pub(super) fn needs_decision(error: &ClientError, names: Vec<String>) -> Self {
        Self::NeedsDecision { reason: error.to_string(), names }
    }

    /// How the attempt ended. Times of a retry count from `now`, epoch milliseconds.
    pub(super) fn ended(self, entry: &Entry, now: i64) -> AttemptEnd {
        AttemptEnd::As(match self {
            Self::Answer(error) if refuses_credential(&error) => {
                return AttemptEnd::Refused(error.to_string());
            }
            Self::Answer(error) if error.is_transient() => transient(&error, entry, now),
            Self::Answer(error) => Outcome::Dead { reason: error.to_string() },
            // The age alone is not enough: after the clock has jumped a month ahead, too few attempts were made.
            Self::NotYet { reason, .. }
                if now - entry.received_at >= PARKED_AGE_MAX && entry.times_parked >= PARKED_ATTEMPTS_MAX =>
            {
                Outcome::Dead { reason }
            }
            Self::NotYet { reason, names } | Self::NeedsDecision { reason, names } => {
                let at = now + next_retry(entry.times_parked);
                Outcome::Parked { at, reason, names, claimed: entry.claimed }
            }
            Self::Unattributed(reason) => Outcome::Unattributed { reason },
            Self::Journal(error) => Outcome::Retry {
                at: now + JOURNAL_WAIT,
                reason: format!("the journal could not be read: {error}"),
                counted: false,
            },
        })
    }
}

fn transient(error: &ClientError, entry: &Entry, now: i64) -> Outcome {
    if entry.attempts >= i64::from(DELIVERY_ATTEMPTS_MAX) {
        return Outcome::Dead { reason: format!("after {} attempts: {error}", entry.attempts) };
    }
    let retry_after = if let ClientError::Refused { retry_after, .. } = error { *retry_after } else { None };
    let at = now + backoff::wait(entry.id, entry.attempts, retry_after);
    Outcome::Retry { at, reason: error.to_string(), counted: true }
}

/// Milliseconds until a parked entry is tried again: doubles each time, up to an hour.
fn next_retry(times_parked: i64) -> i64 {
    let doublings = u32::try_from(times_parked.clamp(0, 20)).unwrap_or(0);
    PARKED_RETRY_MIN.saturating_mul(1 << doublings).min(PARKED_RETRY_MAX)
}

/// Whether the destination refuses our credential, and not this entry: the key was rotated, or lacks a permission. A
/// 403 with another code is about something that the request names.
pub(super) fn refuses_credential(error: &ClientError) -> bool {
    match error.status() {
        Some(401) => true,
        Some(403) => matches!(error.code(), "" | "forbidden" | "unauthorized" | "wrong_scope"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use headwater_protocol::v2::ErrorBody;

    use super::*;

    const NOW: i64 = 1_775_514_585_000;

    fn entry(times_parked: i64, attempts: i64) -> Entry {
        Entry {
            seq: 1,
            id: [7; 16],
            program: 1,
            test: false,
            lane: "1:c:gk_1".to_owned(),
            kind: "payment".to_owned(),
            source: "billing".to_owned(),
            body: "{}".to_owned(),
            state: headwater_journal::State::Parked,
            attempts,
            times_parked,
            claimed: 3,
            last_error: None,
            received_at: 0,
            settled_at: None,
        }
    }

    fn outcome(times_parked: i64, now: i64) -> Outcome {
        let stop = AttemptError::NotYet { reason: "404".to_owned(), names: vec!["1:c:gk_1".to_owned()] };
        match stop.ended(&entry(times_parked, 1), now) {
            AttemptEnd::As(outcome) => outcome,
            refused @ AttemptEnd::Refused(_) => panic!("{refused:?}"),
        }
    }

    #[test]
    fn a_clock_that_jumps_a_month_gives_up_nothing_that_is_parked() {
        for (looks, now, parked) in [
            (3, 10 * PARKED_AGE_MAX, true),
            (PARKED_ATTEMPTS_MAX, PARKED_AGE_MAX - 1, true),
            (PARKED_ATTEMPTS_MAX, PARKED_AGE_MAX, false),
        ] {
            let outcome = outcome(looks, now);
            assert_eq!(matches!(outcome, Outcome::Parked { .. }), parked, "{looks} looks: {outcome:?}");
        }
    }

    #[test]
    fn parked_entries_are_tried_ever_less_often_but_at_least_hourly() {
        let at = |looks| match outcome(looks, 0) {
            Outcome::Parked { at, .. } => at,
            other => panic!("{other:?}"),
        };
        assert_eq!([at(0), at(1), at(5), at(6), at(400)], [60_000, 120_000, 1_920_000, 3_600_000, 3_600_000]);
    }

    #[test]
    fn the_age_of_a_parked_entry_counts_from_its_arrival() {
        let received = |received_at| Entry { received_at, ..entry(PARKED_ATTEMPTS_MAX, 1) };
        for (age, parked) in [(PARKED_AGE_MAX - 1, true), (PARKED_AGE_MAX, false)] {
            let stop = AttemptError::NotYet { reason: "404".to_owned(), names: Vec::new() };
            let ended = stop.ended(&received(NOW - age), NOW);
            assert_eq!(matches!(ended, AttemptEnd::As(Outcome::Parked { .. })), parked, "{ended:?}");
        }
    }

    fn refusal(status: u16, code: &str, retry_after: Option<u64>) -> ClientError {
        let (message, code) = (String::new(), code.to_owned());
        let body = ErrorBody { message, status, code, ..ErrorBody::default() };
        ClientError::Refused { status, body, retry_after }
    }

    #[test]
    fn an_attempt_counts_until_there_were_too_many() {
        let max = i64::from(DELIVERY_ATTEMPTS_MAX);
        let again = transient(&refusal(503, "", None), &entry(0, max - 1), NOW);
        assert!(matches!(again, Outcome::Retry { at, counted: true, .. } if at > NOW), "{again:?}");
        let dead = transient(&refusal(503, "", None), &entry(0, max), NOW);
        let Outcome::Dead { reason } = &dead else { panic!("{dead:?}") };
        assert!(reason.contains("after 400 attempts: refused with 503"), "{reason}");
    }

    #[test]
    fn a_destination_that_names_a_time_is_not_asked_before() {
        let ended = AttemptError::from(refusal(429, "", Some(7_200))).ended(&entry(0, 1), NOW);
        let AttemptEnd::As(Outcome::Retry { at, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!(at, NOW + 7_200_000);
    }

    #[test]
    fn a_journal_that_cannot_be_read_costs_a_second_and_no_attempt() {
        let ended = AttemptError::from(StoreError::Busy).ended(&entry(0, 1), NOW);
        let AttemptEnd::As(Outcome::Retry { at, counted, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!((at, counted), (NOW + 1_000, false));
    }

    #[test]
    fn a_credential_is_refused_by_401_and_by_403_about_a_permission() {
        for (status, code, expect) in [
            (401, "", true),
            (401, "anything", true),
            (403, "", true),
            (403, "forbidden", true),
            (403, "unauthorized", true),
            (403, "wrong_scope", true),
            (403, "unknown_customer", false),
            (404, "", false),
            (400, "forbidden", false),
        ] {
            assert_eq!(refuses_credential(&refusal(status, code, None)), expect, "{status} {code}");
        }
        let unreachable = ClientError::Unreachable(String::new());
        assert!(!refuses_credential(&unreachable));
    }

    #[test]
    fn what_a_person_must_decide_is_never_given_up() {
        let stop =
            AttemptError::NeedsDecision { reason: "two customers have it".to_owned(), names: Vec::new() };
        let ended = stop.ended(&entry(10 * PARKED_ATTEMPTS_MAX, 1), 10 * PARKED_AGE_MAX);
        assert!(matches!(ended, AttemptEnd::As(Outcome::Parked { .. })), "{ended:?}");
    }
}
