//! Settling: records how an attempt ended, and makes due what waited for it: the next entry of the lane, and entries
//! parked for its names.

use headwater_store::{Record, Row, StoreError, Unit, joined, row};

use super::attempt;
use crate::delivered_names::DeliveredNames;
use crate::entry::{Outcome, State};

/// Entries of a stretch, whose index takes a few dozen pages. The SQL has to repeat the number, because SQLite uses the
/// index only for an expression that is written like the index's own.
pub(super) const STRETCH: i64 = 4096;

/// The first waiting entry of a lane in a stretch.
pub(super) const NEXT: &str = "SELECT min(seq) FROM entry WHERE state = 0 AND seq / 4096 = $1 AND lane = $2";
/// The first stretch after the given one that has a waiting entry.
pub(super) const NEXT_STRETCH: &str = "SELECT min(seq / 4096) FROM entry WHERE state = 0 AND seq / 4096 > $1";
/// The entries parked for a name; most often there are none. A query of its own, because an UPDATE with a subquery
/// builds and frees a temporary table each time, even for no rows: a quarter of a busy writer's time.
pub(super) const PARKED_FOR: &str = "SELECT seq FROM waits_for WHERE name = $1";
/// Makes a parked entry due. With `woken`, an attempt that is under way leaves the entry due when it parks it again.
pub(super) const RELEASE_PARKED: &str =
    "UPDATE entry SET due_at = $1, woken = 1 WHERE seq = $2 AND state = 2 AND (due_at > $1 OR woken = 0)";

/// What all attempts that are settled together have in common.
pub(crate) struct Settling<'a> {
    pub(crate) now: i64,
    pub(crate) names: &'a DeliveredNames,
    /// When an entry that is parked for the first time is tried again; given where other processes deliver names too,
    /// which `names` does not record.
    pub(crate) first_retry: Option<i64>,
}

row! {
    /// What settling needs to know of an open entry.
    struct Open {
        lane: String = "lane",
        followed_head: bool = "state = 1 AND followed = 1",
        parked: bool = "state = 2",
        woken: bool = "woken",
        times_parked: i64 = "looks",
    }
}

/// An open entry, locked.
const OPEN: &str =
    joined!("", "SELECT ", Open::COLUMNS, " FROM entry WHERE seq = $1 AND state < 3 /*! FOR UPDATE */");

/// Reads and locks an entry, if it is still open. It may be settled already: after a lease has ended, two attempts may
/// each settle the entry.
fn open(unit: &mut Unit<'_>, seq: i64) -> Result<Option<Open>, StoreError> {
    unit.query_one(OPEN, &[seq.into()], Open::from_row)
}

pub(crate) fn settle(
    unit: &mut Unit<'_>,
    seq: i64,
    outcome: &Outcome,
    by: &Settling<'_>,
) -> Result<(), StoreError> {
    let (state, due, reason) = match outcome {
        Outcome::Delivered { .. } => (State::Delivered, None, None),
        Outcome::Dead { reason } => (State::Dead, None, Some(reason.as_str())),
        Outcome::Unattributed { reason } => (State::Unattributed, None, Some(reason.as_str())),
        Outcome::Parked { at, reason, .. } => (State::Parked, Some(*at), Some(reason.as_str())),
        Outcome::Retry { at, reason, counted } => {
            let open = retry(unit, seq, *at, reason, *counted)?;
            return if open { attempt::record(unit, seq, by.now, outcome) } else { Ok(()) };
        }
    };
    let settled = due.is_none().then_some(by.now);
    let Some(entry) = open(unit, seq)? else { return Ok(()) };
    unit.execute(
        "UPDATE entry SET state = $1, due_at = $2, last_error = $3, settled_at = $4 WHERE seq = $5",
        &[state.number().into(), due.unwrap_or(by.now).into(), reason.into(), settled.into(), seq.into()],
    )?;
    attempt::record(unit, seq, by.now, outcome)?;
    if entry.parked {
        unit.execute("DELETE FROM waits_for WHERE seq = $1", &[seq.into()])?;
    }
    if entry.followed_head {
        promote(unit, &entry.lane, seq)?;
    }
    match outcome {
        Outcome::Delivered { names: there } => release_parked(unit, there, by.now, by.names),
        Outcome::Parked { at, names: awaited, claimed, .. } => {
            let delivered = entry.woken || by.names.delivered_since(awaited, *claimed);
            let second = by
                .first_retry
                .filter(|first_retry| entry.times_parked == 0 && !awaited.is_empty() && first_retry < at);
            park(unit, seq, awaited, delivered.then_some(by.now).or(second))
        }
        _ => Ok(()),
    }
}

/// Leaves the entry where it is until `at`; `false` when it is settled already.
fn retry(unit: &mut Unit<'_>, seq: i64, at: i64, reason: &str, counted: bool) -> Result<bool, StoreError> {
    let changed = unit.execute(
        "UPDATE entry SET due_at = $1, last_error = $2, attempts = attempts - $3, claimed_by = 0
         WHERE seq = $4 AND state < 3",
        &[at.into(), reason.into(), (!counted).into(), seq.into()],
    )?;
    Ok(changed == 1)
}

/// Stores the names that a parked entry waits for. `due` replaces its due time when one of them was, or may have been,
/// delivered during the attempt.
fn park(unit: &mut Unit<'_>, seq: i64, awaited: &[String], due: Option<i64>) -> Result<(), StoreError> {
    unit.execute("UPDATE entry SET looks = looks + 1, attempts = 0 WHERE seq = $1", &[seq.into()])?;
    if let Some(now) = due {
        unit.execute("UPDATE entry SET due_at = $1 WHERE seq = $2", &[now.into(), seq.into()])?;
    }
    for name in awaited {
        unit.execute(
            "INSERT INTO waits_for (seq, name) VALUES ($1, $2) ON CONFLICT (seq, name) DO NOTHING",
            &[seq.into(), name.into()],
        )?;
    }
    Ok(())
}

/// Makes the entries due that are parked for one of the names, and records the names as delivered.
pub(crate) fn release_parked(
    unit: &mut Unit<'_>,
    there: &[String],
    now: i64,
    names: &DeliveredNames,
) -> Result<(), StoreError> {
    for name in there {
        names.delivered(name);
        for seq in unit.query(PARKED_FOR, &[name.into()], |row| row.get::<i64>(0))? {
            unit.execute(RELEASE_PARKED, &[now.into(), seq.into()])?;
        }
    }
    Ok(())
}

/// Makes the first waiting entry of the lane its head, in place of `seq`. Whether another one waits behind it is not
/// known without a search, so it is marked as followed.
fn promote(unit: &mut Unit<'_>, lane: &str, seq: i64) -> Result<(), StoreError> {
    let Some(next) = next_waiting(unit, lane, seq)? else { return Ok(()) };
    unit.execute("UPDATE entry SET state = 1, followed = 1 WHERE seq = $1", &[next.into()])?;
    Ok(())
}

/// The first waiting entry of the lane after `seq`, searched stretch by stretch.
fn next_waiting(unit: &mut Unit<'_>, lane: &str, seq: i64) -> Result<Option<i64>, StoreError> {
    let number = |row: &Row<'_>| row.get::<Option<i64>>(0);
    let mut stretch = Some(seq / STRETCH);
    while let Some(at) = stretch {
        if let Some(Some(next)) = unit.query_one(NEXT, &[at.into(), lane.into()], number)? {
            return Ok(Some(next));
        }
        stretch = unit.query_one(NEXT_STRETCH, &[at.into()], number)?.flatten();
    }
    Ok(None)
}
