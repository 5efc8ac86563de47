//! The journal's SQL.
//!
//! The first unsettled entry of a lane is marked as its head, so that finding what is due costs what is due,
//! never the backlog: a destination that is down for a day must not make each look at the journal slower.
//!
//! Nor may it make each append dearer. An index of all that waits, by lane, would change a page of its own for
//! nearly every event, and a commit costs what the pages it changes cost. So what waits is indexed by stretches
//! of the journal first and by lane within each: appends meet in the few pages of the newest stretch. Who looks
//! for the next entry of a lane pays, a step for each stretch in between; a head that nothing came after knows
//! so, and nobody looks.

mod check;

use std::fmt::Write as _;

use headwater_store::{Row, StoreError, Unit, Value};

pub use check::check;

use crate::entry::{Appended, Entry, Filter, NewEntry, Outcome, State};

/// The schema, oldest first. Only ever grows at its end.
pub const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE entry (
    seq integer PRIMARY KEY,
    id blob NOT NULL UNIQUE,
    program bigint NOT NULL,
    test bigint NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    state bigint NOT NULL,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    last_error text,
    received_at bigint NOT NULL,
    settled_at bigint
);
CREATE INDEX entry_open ON entry (lane, seq) WHERE state < 3;
CREATE INDEX entry_due ON entry (due_at) WHERE state = 1 OR state = 2;
CREATE INDEX entry_settled ON entry (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX entry_given_up ON entry (program, seq) WHERE state = 4;
",
    // SQLite takes a partial index only for a condition it can tell to be the same: `state < 2` finds nothing in an
    // index of `state < 3`, and scans.
    "
DROP INDEX entry_open;
CREATE INDEX entry_open ON entry (lane, seq) WHERE state < 2;
CREATE INDEX entry_parked ON entry (lane) WHERE state = 2;
",
    // `followed`: something of its lane may wait behind.
    "
DROP INDEX entry_open;
CREATE UNIQUE INDEX entry_head ON entry (lane) WHERE state = 1;
CREATE INDEX entry_waiting ON entry ((seq / 4096), lane) WHERE state = 0;
ALTER TABLE entry ADD COLUMN followed bigint NOT NULL DEFAULT 0;
UPDATE entry SET followed = 1 WHERE state = 1;
",
];

/// Entries of a stretch: a few dozen pages of index. The SQL has to repeat the number, for SQLite takes the index only
/// for an expression that is written as the index's own.
const STRETCH: i64 = 4096;

/// What [`entry`] reads, in its order.
macro_rules! columns {
    () => {
        "seq, id, program, test, lane, kind, body, state, attempts, last_error, received_at, settled_at"
    };
}

/// The head of a lane: its place, and whether it is followed.
const HEAD: &str = "SELECT seq, followed FROM entry WHERE lane = $1 AND state = 1";
/// The first that waits of a stretch and a lane.
const NEXT: &str = "SELECT min(seq) FROM entry WHERE state = 0 AND seq / 4096 = $1 AND lane = $2";
/// The first stretch after another in which anything waits.
const NEXT_STRETCH: &str = "SELECT min(seq / 4096) FROM entry WHERE state = 0 AND seq / 4096 > $1";
/// What is due, the longest due first.
const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM entry WHERE (state = 1 OR state = 2) AND due_at <= $1 ORDER BY due_at, seq LIMIT $2"
);
/// When anything is due next.
const NEXT_DUE: &str = "SELECT min(due_at) FROM entry WHERE state = 1 OR state = 2";
/// What is parked in a lane is due now.
const WAKE: &str = "UPDATE entry SET due_at = $1 WHERE state = 2 AND due_at > $1 AND lane = $2";

pub(crate) fn append(unit: &mut Unit<'_>, entries: &[NewEntry]) -> Result<Vec<Appended>, StoreError> {
    entries.iter().map(|entry| append_one(unit, entry)).collect()
}

fn append_one(unit: &mut Unit<'_>, entry: &NewEntry) -> Result<Appended, StoreError> {
    let head = unit.query_one(HEAD, &[(&entry.lane).into()], |row| {
        Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<bool>(1)?))
    })?;
    let state = if head.is_some() { State::Waiting } else { State::Head };
    let changed = unit.execute(
        "INSERT INTO entry (id, program, test, lane, kind, body, received_at, due_at, state, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, 0) ON CONFLICT (id) DO NOTHING",
        &[
            (&entry.id).into(),
            entry.program.into(),
            entry.test.into(),
            (&entry.lane).into(),
            entry.kind.into(),
            (&entry.body).into(),
            entry.received_at.into(),
            state.number().into(),
        ],
    )?;
    if changed == 0 {
        return Ok(Appended::Duplicate);
    }
    if let Some((head, false)) = head {
        unit.execute("UPDATE entry SET followed = 1 WHERE seq = $1", &[head.into()])?;
    }
    Ok(Appended::New)
}

pub(crate) fn claim(unit: &mut Unit<'_>, now: i64, limit: u32, lease: i64) -> Result<Vec<Entry>, StoreError> {
    let claimed = unit.query(DUE, &[now.into(), i64::from(limit).into()], entry)?;
    for entry in &claimed {
        // The lease is the due time moved on: a deliverer that dies leaves an entry that falls due again.
        unit.execute(
            "UPDATE entry SET due_at = $1, attempts = attempts + 1 WHERE seq = $2",
            &[now.saturating_add(lease).into(), entry.seq.into()],
        )?;
    }
    Ok(claimed.into_iter().map(|entry| Entry { attempts: entry.attempts + 1, ..entry }).collect())
}

pub(crate) fn release(unit: &mut Unit<'_>, now: i64) -> Result<usize, StoreError> {
    unit.execute("UPDATE entry SET due_at = $1 WHERE (state = 1 OR state = 2) AND due_at > $1", &[now.into()])
}

pub(crate) fn settle(unit: &mut Unit<'_>, seq: i64, outcome: &Outcome, now: i64) -> Result<(), StoreError> {
    let (state, due, reason) = match outcome {
        Outcome::Delivered => (State::Delivered, None, None),
        Outcome::Dead { reason } => (State::Dead, None, Some(reason.as_str())),
        Outcome::Parked { at, reason } => (State::Parked, Some(*at), Some(reason.as_str())),
        Outcome::Retry { at, reason } => return retry(unit, seq, *at, reason),
    };
    let settled = due.is_none().then_some(now);
    // Only what is still open: a claim that was lost to its lease may be settled twice.
    let open = unit.query_one(
        "SELECT lane, state = 1 AND followed = 1 FROM entry WHERE seq = $1 AND state < 3",
        &[seq.into()],
        |row| Ok::<_, StoreError>((row.get::<String>(0)?, row.get::<bool>(1)?)),
    )?;
    let Some((lane, was_followed)) = open else { return Ok(()) };
    unit.execute(
        "UPDATE entry SET state = $1, due_at = $2, last_error = $3, settled_at = $4 WHERE seq = $5",
        &[state.number().into(), due.unwrap_or(now).into(), reason.into(), settled.into(), seq.into()],
    )?;
    if was_followed {
        promote(unit, &lane, seq)?;
    }
    if state == State::Delivered { wake_parked(unit, &lane, now) } else { Ok(()) }
}

fn retry(unit: &mut Unit<'_>, seq: i64, at: i64, reason: &str) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE entry SET due_at = $1, last_error = $2 WHERE seq = $3 AND state < 3",
        &[at.into(), reason.into(), seq.into()],
    )?;
    Ok(())
}

/// Makes the first entry that waits in the lane its head, in place of `seq`. Whether it is followed in turn is
/// not known, so that it is taken to be.
fn promote(unit: &mut Unit<'_>, lane: &str, seq: i64) -> Result<(), StoreError> {
    let Some(next) = next_waiting(unit, lane, seq)? else { return Ok(()) };
    unit.execute("UPDATE entry SET state = 1, followed = 1 WHERE seq = $1", &[next.into()])?;
    Ok(())
}

/// The first entry of the lane that waits after `seq`, stretch by stretch.
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

/// What was parked in the lane may have waited for just this: its customer.
fn wake_parked(unit: &mut Unit<'_>, lane: &str, now: i64) -> Result<(), StoreError> {
    unit.execute(WAKE, &[now.into(), lane.into()])?;
    Ok(())
}

pub(crate) fn next_due(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    unit.query_one(NEXT_DUE, &[], |row| row.get::<Option<i64>>(0)).map(Option::flatten)
}

pub(crate) fn list(unit: &mut Unit<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    let mut text =
        String::from(concat!("SELECT ", columns!(), " FROM entry WHERE program = $1 AND test = $2"));
    let mut params: Vec<Value<'_>> = vec![filter.program.into(), filter.test.into()];
    let narrowings = [
        ("state =", filter.state.map(|state| Value::Int(state.number()))),
        ("lane =", filter.lane.as_deref().map(Value::Text)),
        ("seq <", filter.before.map(Value::Int)),
    ];
    for (left, value) in narrowings {
        if let Some(value) = value {
            params.push(value);
            let _ = write!(text, " AND {left} ${}", params.len());
        }
    }
    params.push(Value::Int(i64::from(filter.limit)));
    let _ = write!(text, " ORDER BY seq DESC LIMIT ${}", params.len());
    unit.query(&text, &params, entry)
}

pub(crate) fn replay(unit: &mut Unit<'_>, id: &[u8; 16], now: i64) -> Result<bool, StoreError> {
    // Beside its lane: what came after it was delivered long ago, and need not wait again.
    let changed = unit.execute(
        "UPDATE entry SET state = 2, due_at = $1, attempts = 0, settled_at = NULL
         WHERE id = $2 AND (state = 4 OR state = 2) AND body <> ''",
        &[now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

pub(crate) fn prune(unit: &mut Unit<'_>, now: i64) -> Result<usize, StoreError> {
    let emptied = unit.execute(
        "UPDATE entry SET body = '' WHERE state = 3 AND settled_at <= $1 AND body <> ''",
        &[(now - crate::KEEP_BODY).into()],
    )?;
    let forgotten = unit.execute(
        "DELETE FROM entry WHERE state = 3 AND settled_at <= $1",
        &[(now - crate::KEEP_ID).into()],
    )?;
    Ok(emptied + forgotten)
}

pub(crate) fn erase(unit: &mut Unit<'_>, lane: &str, now: i64) -> Result<usize, StoreError> {
    let open = unit.execute(
        "UPDATE entry SET state = 4, settled_at = $1, last_error = 'erased on request' WHERE lane = $2 AND state < 3",
        &[now.into(), lane.into()],
    )?;
    let emptied =
        unit.execute("UPDATE entry SET body = '' WHERE lane = $1 AND body <> ''", &[lane.into()])?;
    Ok(emptied.max(open))
}

fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        seq: row.get(0)?,
        id: row.get(1)?,
        program: row.get(2)?,
        test: row.get(3)?,
        lane: row.get(4)?,
        kind: row.get(5)?,
        body: row.get(6)?,
        state: State::from_number(row.get(7)?)
            .ok_or(StoreError::Column { column: 7, expected: "a state" })?,
        attempts: row.get(8)?,
        last_error: row.get(9)?,
        received_at: row.get(10)?,
        settled_at: row.get(11)?,
    })
}

#[cfg(test)]
mod tests;
