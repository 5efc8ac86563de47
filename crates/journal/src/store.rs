//! The journal's SQL.
//!
//! The first unsettled entry of a lane is marked as its head, so that finding what is due costs what is due,
//! never the backlog: a destination that is down for a day must not make each look at the journal slower.

use std::fmt::Write as _;

use ::store::{Row, StoreError, Unit, Value};

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
];

const COLUMNS: &str =
    "seq, id, program, test, lane, kind, body, state, attempts, last_error, received_at, settled_at";

pub(crate) fn append(unit: &mut Unit<'_>, entries: &[NewEntry]) -> Result<Vec<Appended>, StoreError> {
    entries.iter().map(|entry| append_one(unit, entry)).collect()
}

fn append_one(unit: &mut Unit<'_>, entry: &NewEntry) -> Result<Appended, StoreError> {
    // Head (1) of a lane that is empty, else waiting (0) behind what is there.
    let changed = unit.execute(
        "INSERT INTO entry (id, program, test, lane, kind, body, received_at, due_at, attempts, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0,
             CASE WHEN EXISTS (SELECT 1 FROM entry WHERE lane = $4 AND state < 2) THEN 0 ELSE 1 END)
         ON CONFLICT (id) DO NOTHING",
        &[
            (&entry.id).into(),
            entry.program.into(),
            entry.test.into(),
            (&entry.lane).into(),
            entry.kind.into(),
            (&entry.body).into(),
            entry.received_at.into(),
        ],
    )?;
    Ok(if changed == 1 { Appended::New } else { Appended::Duplicate })
}

pub(crate) fn claim(unit: &mut Unit<'_>, now: i64, limit: u32, lease: i64) -> Result<Vec<Entry>, StoreError> {
    let claimed = unit.query(
        "SELECT seq, id, program, test, lane, kind, body, state, attempts, last_error, received_at, settled_at
         FROM entry WHERE (state = 1 OR state = 2) AND due_at <= $1 ORDER BY due_at, seq LIMIT $2",
        &[now.into(), i64::from(limit).into()],
        entry,
    )?;
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
    let changed = unit.execute(
        "UPDATE entry SET state = $1, due_at = $2, last_error = $3, settled_at = $4 WHERE seq = $5 AND state < 3",
        &[state.number().into(), due.unwrap_or(now).into(), reason.into(), settled.into(), seq.into()],
    )?;
    if changed == 0 {
        return Ok(());
    }
    promote(unit, seq)?;
    if state == State::Delivered { wake_parked(unit, seq, now) } else { Ok(()) }
}

fn retry(unit: &mut Unit<'_>, seq: i64, at: i64, reason: &str) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE entry SET due_at = $1, last_error = $2 WHERE seq = $3 AND state < 3",
        &[at.into(), reason.into(), seq.into()],
    )?;
    Ok(())
}

/// Makes the first waiting entry of the lane its head, when the lane has none.
fn promote(unit: &mut Unit<'_>, seq: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE entry SET state = 1 WHERE state = 0 AND seq = (
             SELECT min(next.seq) FROM entry AS next
             WHERE next.state < 2 AND next.lane = (SELECT lane FROM entry WHERE seq = $1))",
        &[seq.into()],
    )?;
    Ok(())
}

/// What was parked in the lane may have waited for just this: its customer.
fn wake_parked(unit: &mut Unit<'_>, seq: i64, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE entry SET due_at = $1 WHERE state = 2 AND due_at > $1
         AND lane = (SELECT lane FROM entry WHERE seq = $2)",
        &[now.into(), seq.into()],
    )?;
    Ok(())
}

pub(crate) fn next_due(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    unit.query_one("SELECT min(due_at) FROM entry WHERE state = 1 OR state = 2", &[], |row| {
        row.get::<Option<i64>>(0)
    })
    .map(Option::flatten)
}

pub(crate) fn list(unit: &mut Unit<'_>, filter: &Filter) -> Result<Vec<Entry>, StoreError> {
    let mut text = format!("SELECT {COLUMNS} FROM entry WHERE program = $1 AND test = $2");
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
