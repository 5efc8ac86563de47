//! What operators do with entries: they look for some across all programs, have them delivered again, or drop them.

use std::fmt::Write as _;

use headwater_store::{Record, StoreError, Unit, Value, joined};

use super::{attempt, in_steps, places};
use crate::entry::{Entry, EntryRange, State};

const SELECT: &str = joined!("", "SELECT ", Entry::COLUMNS, " FROM entry WHERE ");

/// Entries of a range, in the order of their places; backwards when the range says so.
///
/// # Errors
/// When the store fails.
pub fn entries(unit: &mut Unit<'_>, range: &EntryRange) -> Result<Vec<Entry>, StoreError> {
    let mut sql = String::from(SELECT);
    let mut params: Vec<Value<'_>> = vec![range.from.into(), range.before.into()];
    sql.push_str("seq >= $1 AND seq < $2");
    if let Some((first, others)) = range.states.split_first() {
        // Literals, because the planner uses a partial index only when it sees the state's value in the SQL.
        let _ = write!(sql, " AND (state = {}", first.number());
        for state in others {
            let _ = write!(sql, " OR state = {}", state.number());
        }
        sql.push(')');
    }
    let pattern = range.reason.as_ref().map(|reason| format!("%{}%", reason.replace(['%', '_'], "")));
    if let Some(pattern) = &pattern {
        params.push(pattern.into());
        let _ = write!(sql, " AND last_error LIKE ${}", params.len());
    }
    params.push(i64::from(range.limit).into());
    let order = if range.newest_first { " DESC" } else { "" };
    let _ = write!(sql, " ORDER BY seq{order} LIMIT ${}", params.len());
    unit.query(&sql, &params, Entry::from_row)
}

/// The entries with this event id: one for each program and mode that has it.
///
/// # Errors
/// When the store fails.
pub fn entries_of_event(unit: &mut Unit<'_>, id: [u8; 16]) -> Result<Vec<Entry>, StoreError> {
    let sql = format!("{SELECT}id = $1 ORDER BY seq");
    unit.query(&sql, &[(&id).into()], Entry::from_row)
}

/// Makes entries due that are dead, unattributed or parked, and delivered ones if `delivered` says so. One whose text was
/// deleted stays as it is. Returns how many changed.
pub(crate) fn replay_entries(
    unit: &mut Unit<'_>,
    entries: &[i64],
    delivered: bool,
    now: i64,
) -> Result<usize, StoreError> {
    let states = if delivered { "state = 3 OR " } else { "" };
    // Parked, as in `replay`: the lane has gone on without them.
    let set =
        "UPDATE entry SET state = 2, due_at = $1, attempts = 0, looks = 0, woken = 0, settled_at = NULL";
    let condition = format!("({states}state = 2 OR state = 4 OR state = 5) AND body <> ''");
    change(unit, entries, set, &condition, now, "replayed")
}

/// Drops entries that are dead, unattributed or parked: they are never delivered. Their texts are deleted, and their ids
/// stay, so that the same event sent again is a duplicate. Returns how many changed.
pub(crate) fn drop_entries(unit: &mut Unit<'_>, entries: &[i64], now: i64) -> Result<usize, StoreError> {
    let set = "UPDATE entry SET state = 6, settled_at = $1, body = ''";
    let dropped = change(unit, entries, set, "(state = 2 OR state = 4 OR state = 5)", now, "dropped")?;
    in_steps(entries, |some| {
        let params: Vec<_> = some.iter().map(|seq| (*seq).into()).collect();
        let of = places(1, some.len());
        let sql = format!(
            "DELETE FROM waits_for WHERE seq IN (SELECT seq FROM entry WHERE seq IN ({of}) AND state = 6)"
        );
        unit.execute(&sql, &params).map(|_| ())
    })?;
    Ok(dropped)
}

/// Changes those of the entries that fulfil the condition, and notes it in their history.
fn change(
    unit: &mut Unit<'_>,
    entries: &[i64],
    set: &str,
    condition: &str,
    now: i64,
    what: &str,
) -> Result<usize, StoreError> {
    let mut changed = Vec::new();
    in_steps(entries, |some| {
        let mut params: Vec<Value<'_>> = vec![now.into()];
        params.extend(some.iter().map(|seq| Value::Int(*seq)));
        let of = places(2, some.len());
        let sql = format!("{set} WHERE seq IN ({of}) AND {condition} RETURNING seq");
        changed.extend(unit.query::<i64, StoreError>(&sql, &params, |row| row.get(0))?);
        Ok(())
    })?;
    for seq in &changed {
        attempt::insert(unit, *seq, now, what, "by an operator")?;
    }
    Ok(changed.len())
}

/// Every state that an operator may have delivered again without saying that it was delivered.
pub const REPLAYABLE: &[State] = &[State::Dead, State::Unattributed, State::Parked];
