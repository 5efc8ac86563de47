//! How much waits, since when and why, and how much comes and goes. Each query reads a bounded number of index entries,
//! so that looking at a queue with a long backlog does not slow down what works on it.

use headwater_store::{Row, StoreError, Unit};

use crate::entry::{Activity, Backlog, ReasonCount, State};

/// Entries of one state that are counted, at most: reading so many entries of an index takes some 20 ms.
pub(crate) const COUNTED_MAX: i64 = 1_000_000;
/// Entries whose reasons are read, at most.
const REASONS_READ: i64 = 10_000;
/// Reasons that are listed, the most frequent first.
const REASONS_LISTED: i64 = 10;
/// The milliseconds over which [`Activity`] is counted: a minute.
const MINUTE: i64 = 60_000;

/// When the oldest head was received. Every other entry of a lane is younger than its head. The inner query takes its
/// rows from an index of the heads: without it SQLite would search the table from its first row for the smallest number.
pub(super) const OLDEST: &str = "SELECT received_at FROM entry WHERE seq = \
    (SELECT min(seq) FROM (SELECT seq FROM entry WHERE state = 1 LIMIT $1) AS heads)";
/// Why heads were not delivered at their last attempt.
pub(super) const RETRIED: &str = "SELECT last_error, count(*) FROM \
    (SELECT last_error FROM entry WHERE state = 1 ORDER BY due_at LIMIT $1) AS heads \
    WHERE last_error IS NOT NULL GROUP BY last_error ORDER BY count(*) DESC, last_error LIMIT $2";
/// Settled since a time.
pub(super) const SETTLED_SINCE: &str =
    "SELECT state, count(*) FROM entry WHERE settled_at > $1 AND settled_at IS NOT NULL GROUP BY state";
/// The first entry from a place on.
const FROM: &str = "SELECT seq, received_at FROM entry WHERE seq >= $1 ORDER BY seq LIMIT 1";

/// Counts at most [`COUNTED_MAX`] entries in a state, from a partial index, for which the SQL has to contain the state.
pub(super) fn count(state: State) -> String {
    let number = state.number();
    format!("SELECT count(*) FROM (SELECT 1 FROM entry WHERE state = {number} LIMIT $1) AS counted")
}

/// The reasons of the newest settled entries of a state, each with their number.
pub(super) fn settled_reasons(state: State) -> String {
    format!(
        "SELECT last_error, count(*) FROM (SELECT last_error FROM entry WHERE state = {} LIMIT $1) AS settled \
         WHERE last_error IS NOT NULL GROUP BY last_error ORDER BY count(*) DESC, last_error LIMIT $2",
        state.number()
    )
}

/// How much waits in the whole journal.
///
/// # Errors
/// When the store fails.
pub fn backlog(unit: &mut Unit<'_>) -> Result<Backlog, StoreError> {
    let mut of = |state| {
        let counted = unit.query_one(&count(state), &[COUNTED_MAX.into()], |row| row.get::<i64>(0));
        counted.map(Option::unwrap_or_default)
    };
    Ok(Backlog {
        due: of(State::Head)?,
        waiting: of(State::Waiting)?,
        parked: of(State::Parked)?,
        dead: of(State::Dead)?,
        unattributed: of(State::Unattributed)?,
        oldest: unit.query_one(OLDEST, &[COUNTED_MAX.into()], |row| row.get(0))?,
    })
}

/// What has come and gone in the minute before `now`, and the most frequent reasons for what has not gone.
///
/// # Errors
/// When the store fails.
pub fn activity(unit: &mut Unit<'_>, now: i64) -> Result<Activity, StoreError> {
    let since = now - MINUTE;
    let first = first_received(unit, since)?;
    let counted =
        unit.query_one("SELECT count(*) FROM entry WHERE seq >= $1", &[first.into()], |row| row.get(0));
    let mut activity = Activity { received: counted?.unwrap_or_default(), ..Activity::default() };
    let settled = |row: &Row<'_>| Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<i64>(1)?));
    for (state, count) in unit.query(SETTLED_SINCE, &[since.into()], settled)? {
        match State::from_number(state) {
            Some(State::Delivered) => activity.delivered = count,
            Some(State::Dead) => activity.given_up = count,
            _ => {}
        }
    }
    activity.retried = reasons(unit, RETRIED)?;
    activity.dead = reasons(unit, &settled_reasons(State::Dead))?;
    activity.parked = reasons(unit, &settled_reasons(State::Parked))?;
    Ok(activity)
}

fn reasons(unit: &mut Unit<'_>, sql: &str) -> Result<Vec<ReasonCount>, StoreError> {
    unit.query(sql, &[REASONS_READ.into(), REASONS_LISTED.into()], |row| {
        Ok(ReasonCount { reason: row.get(0)?, count: row.get(1)? })
    })
}

/// The place of the first entry that was received at `time` or later, or the place after the last one. Places and times
/// grow together, so it is found with a few dozen lookups; a clock that was set back makes it inexact.
///
/// # Errors
/// When the store fails.
pub fn first_received(unit: &mut Unit<'_>, time: i64) -> Result<i64, StoreError> {
    let last = unit.query_one("SELECT max(seq) FROM entry", &[], |row| row.get::<Option<i64>>(0))?.flatten();
    let (mut low, mut high) = (1, last.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = unit.query_one(FROM, &[middle.into()], |row| {
            Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<i64>(1)?))
        })?;
        match found {
            Some((seq, received_at)) if received_at < time => low = seq + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
