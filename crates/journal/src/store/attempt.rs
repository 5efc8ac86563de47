//! The history of an entry's attempts, for the people who have to decide what becomes of a dead one: the first ten and the
//! last ten that did not deliver it.
//!
//! An attempt that delivers leaves no row, so that the queue's usual work costs nothing more.

use headwater_store::{StoreError, Unit, row};

use super::{in_steps, places};
use crate::entry::{EntryAttempt, Outcome};

row! {
    impl EntryAttempt {
        number = "number",
        at = "at",
        outcome = "outcome",
        reason = "reason",
    } with {}
}

/// Inserts an attempt with the next number. From the eleventh on each takes the row of the one ten before it.
const INSERT: &str = "INSERT INTO attempt (seq, slot, number, at, outcome, reason) \
    SELECT CAST($1 AS bigint), CASE WHEN made.number < 10 THEN made.number ELSE 10 + made.number % 10 END, \
           made.number, CAST($2 AS bigint), $3, $4 \
    FROM (SELECT coalesce(max(number), -1) + 1 AS number FROM attempt WHERE seq = $5) AS made WHERE true \
    ON CONFLICT (seq, slot) DO UPDATE SET number = excluded.number, at = excluded.at, outcome = excluded.outcome, \
           reason = excluded.reason";

/// Records how an attempt at `at`, epoch milliseconds, ended. One that does not count is not recorded: when a destination
/// refuses our credential, each entry is put off every few minutes for the same reason.
pub(crate) fn record(unit: &mut Unit<'_>, seq: i64, at: i64, outcome: &Outcome) -> Result<(), StoreError> {
    let (name, reason) = match outcome {
        Outcome::Delivered { .. } | Outcome::Retry { counted: false, .. } => return Ok(()),
        Outcome::Retry { reason, .. } => ("retried", reason),
        Outcome::Parked { reason, .. } => ("parked", reason),
        Outcome::Dead { reason } => ("dead", reason),
        Outcome::Unattributed { reason } => ("unattributed", reason),
    };
    insert(unit, seq, at, name, reason)
}

pub(crate) fn insert(
    unit: &mut Unit<'_>,
    seq: i64,
    at: i64,
    outcome: &str,
    reason: &str,
) -> Result<(), StoreError> {
    unit.execute(INSERT, &[seq.into(), at.into(), outcome.into(), reason.into(), seq.into()]).map(|_| ())
}

/// The recorded attempts at an entry, the first one first.
///
/// # Errors
/// When the store fails.
pub fn attempts(unit: &mut Unit<'_>, seq: i64) -> Result<Vec<EntryAttempt>, StoreError> {
    use headwater_store::Record as _;
    const LIST: &str = headwater_store::joined!(
        "",
        "SELECT ",
        EntryAttempt::COLUMNS,
        " FROM attempt WHERE seq = $1 ORDER BY number"
    );
    unit.query(LIST, &[seq.into()], EntryAttempt::from_row)
}

/// Deletes the attempts at these entries.
pub(crate) fn forget(unit: &mut Unit<'_>, entries: &[i64]) -> Result<(), StoreError> {
    in_steps(entries, |some| {
        let params: Vec<_> = some.iter().map(|seq| (*seq).into()).collect();
        let sql = format!("DELETE FROM attempt WHERE seq IN ({})", places(1, some.len()));
        unit.execute(&sql, &params).map(|_| ())
    })
}
