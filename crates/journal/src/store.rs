//! The journal's SQL.
//!
//! The first open entry of a lane is marked as its head. Only heads are searched for due entries, so a claim does not
//! get slower with the backlog, even when a destination is down for a day.
//!
//! The backlog must not make appends slower either. An index of waiting entries by lane would change a different page
//! for nearly every event, and the cost of a commit is that of the pages it changes. So waiting entries are indexed by
//! stretch of the journal first, and by lane within the stretch: new entries share the few index pages of the newest
//! stretch. The price is paid when a head is settled: finding the next entry of its lane takes one query for each
//! stretch in between. A head with `followed = 0` has no entry behind it, and then nothing is searched.

mod append;
mod attempt;
mod bound;
mod check;
mod fact;
mod list;
mod operate;
mod prune;
mod settle;
mod status;

use std::collections::HashSet;

use headwater_store::{FromColumn, Record, StoreError, Unit, Value, joined, row};

pub use attempt::attempts;
pub use check::check;
pub use operate::{REPLAYABLE, entries, entries_of_event};
pub use status::{activity, backlog, first_received};

use crate::Claim;
use crate::entry::{Entry, State};

pub(crate) use append::append;
pub(crate) use fact::{facts, forget, newest_change, upsert_fact};
pub(crate) use list::{counts, list};
pub(crate) use operate::{drop_entries, replay_entries};
pub(crate) use prune::prune;
pub(crate) use settle::{Settling, release_parked, settle};

/// The migrations, oldest first. New ones are only appended.
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
    // SQLite uses a partial index only if it can prove that the query's condition implies the index's. It does not see
    // that `state < 2` implies `state < 3`, and scans the table.
    "
DROP INDEX entry_open;
CREATE INDEX entry_open ON entry (lane, seq) WHERE state < 2;
CREATE INDEX entry_parked ON entry (lane) WHERE state = 2;
",
    // `followed`: 1 on a head when an entry of its lane may wait behind it.
    "
DROP INDEX entry_open;
CREATE UNIQUE INDEX entry_head ON entry (lane) WHERE state = 1;
CREATE INDEX entry_waiting ON entry ((seq / 4096), lane) WHERE state = 0;
ALTER TABLE entry ADD COLUMN followed bigint NOT NULL DEFAULT 0;
UPDATE entry SET followed = 1 WHERE state = 1;
",
    // The id is unique for a program and mode, because one Stripe account may feed two programs. SQLite cannot drop
    // the old constraint, so the table is made again. The id comes first in the new one: it begins with a time, so
    // the index grows at its end. `waits_for`: names that make a parked entry due. `fact`: what a provider said that
    // later events need.
    "
DROP INDEX entry_head;
DROP INDEX entry_waiting;
DROP INDEX entry_due;
DROP INDEX entry_parked;
DROP INDEX entry_settled;
DROP INDEX entry_given_up;
ALTER TABLE entry RENAME TO entry_before;
CREATE TABLE entry (
    seq integer PRIMARY KEY,
    id blob NOT NULL,
    program bigint NOT NULL,
    test bigint NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    body text NOT NULL,
    state bigint NOT NULL,
    followed bigint NOT NULL DEFAULT 0,
    attempts bigint NOT NULL,
    looks bigint NOT NULL DEFAULT 0,
    due_at bigint NOT NULL,
    last_error text,
    received_at bigint NOT NULL,
    settled_at bigint,
    UNIQUE (id, program, test)
);
INSERT INTO entry (seq, id, program, test, lane, kind, source, body, state, followed, attempts, due_at, last_error,
                   received_at, settled_at)
    SELECT seq, id, program, test, lane, kind,
           CASE WHEN kind = 'signup' OR kind = 'checkout' THEN 'page' ELSE 'billing' END,
           body, state, followed, attempts, due_at, last_error, received_at, settled_at
    FROM entry_before ORDER BY seq;
DROP TABLE entry_before;
CREATE UNIQUE INDEX entry_head ON entry (lane) WHERE state = 1;
CREATE INDEX entry_waiting ON entry ((seq / 4096), lane) WHERE state = 0;
CREATE INDEX entry_due ON entry (due_at) WHERE state = 1;
CREATE INDEX entry_look ON entry (due_at) WHERE state = 2;
CREATE INDEX entry_settled ON entry (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX entry_parked ON entry (program, test, seq) WHERE state = 2;
CREATE INDEX entry_given_up ON entry (program, test, seq) WHERE state = 4;
CREATE INDEX entry_unattributed ON entry (program, test, seq) WHERE state = 5;
CREATE TABLE waits_for (
    seq bigint NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (seq, name)
);
CREATE INDEX waits_for_name ON waits_for (name, seq);
INSERT INTO waits_for (seq, name) SELECT seq, lane FROM entry WHERE state = 2;
CREATE TABLE fact (
    scope text NOT NULL,
    name text NOT NULL,
    part text NOT NULL,
    at bigint NOT NULL,
    rank bigint NOT NULL,
    body text NOT NULL,
    stored_at bigint NOT NULL,
    PRIMARY KEY (scope, name, part)
);
CREATE INDEX fact_stored ON fact (stored_at);
",
    // `claimed_by`: the process that has claimed the entry, so that the others can release the claims of one that died.
    // `woken`: a name that the entry is parked for was delivered since it was claimed.
    "
ALTER TABLE entry ADD COLUMN claimed_by bigint NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN woken bigint NOT NULL DEFAULT 0;
",
    // The processes that hold claims are queried every few seconds. With this index that does not cost more when a
    // destination is down and many heads wait. The index is empty for a file, where `claimed_by` is always 0.
    "
CREATE INDEX entry_claimed ON entry (claimed_by) WHERE state = 1 AND claimed_by <> 0;
",
    // The history of attempts that did not deliver. `slot`: the first ten attempts and the last ten have one each.
    "
CREATE TABLE attempt (
    seq bigint NOT NULL,
    slot bigint NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (seq, slot)
);
",
    // `change`: numbers the changes of facts, so that of two sums over facts it is known which one knew more. The index
    // is for the newest number alone.
    "
ALTER TABLE fact ADD COLUMN change bigint NOT NULL DEFAULT 0;
CREATE INDEX fact_change ON fact (change);
",
];

row! {
    impl Entry {
        seq = "seq",
        id = "id",
        program = "program",
        test = "test",
        lane = "lane",
        kind = "kind",
        source = "source",
        body = "body",
        state = "state" => |value| State::from_number(i64::from_column(value)?),
        attempts = "attempts",
        times_parked = "looks",
        last_error = "last_error",
        received_at = "received_at",
        settled_at = "settled_at",
    } with { claimed: 0 }
}

/// Entries of one program and mode.
const LIST: &str = joined!("", "SELECT ", Entry::COLUMNS, " FROM entry WHERE program = $1 AND test = $2");
/// The heads that are due, the longest due first, without those that another process is claiming.
const DUE: &str = joined!(
    "",
    "SELECT ",
    Entry::COLUMNS,
    " FROM entry WHERE state = 1 AND due_at <= $1 ORDER BY due_at, seq LIMIT $2 /*! FOR UPDATE SKIP LOCKED */"
);
/// The parked entries that are due for another attempt.
const DUE_PARKED: &str = joined!(
    "",
    "SELECT ",
    Entry::COLUMNS,
    " FROM entry WHERE state = 2 AND due_at <= $1 ORDER BY due_at, seq LIMIT $2 /*! FOR UPDATE SKIP LOCKED */"
);
/// When a head is due next.
const NEXT_DUE: &str = "SELECT min(due_at) FROM entry WHERE state = 1";
/// When a parked entry is due next.
const NEXT_DUE_PARKED: &str = "SELECT min(due_at) FROM entry WHERE state = 2";
/// The processes that have claimed heads. It also lists one whose leases have run out: `claimed_by` stays until the
/// next claim.
const CLAIMANTS: &str = "SELECT DISTINCT claimed_by FROM entry WHERE state = 1 AND claimed_by <> 0";
/// Makes the claims of one process due. The `+` keeps the planner from using the index by due time, which would read
/// every head that waits for a retry.
const RELEASE_DEAD: &str = "UPDATE entry SET due_at = $1, claimed_by = 0
     WHERE state = 1 AND +due_at > $1 AND claimed_by = $2 AND claimed_by <> 0";
/// The heads that a process has claimed.
const CLAIMED_BY: &str = "SELECT seq FROM entry WHERE state = 1 AND claimed_by = $1 AND claimed_by <> 0";
/// Makes entries due whose due time is too far ahead; one statement for heads and one for parked entries, because each
/// state has an index of its own.
const AHEAD: [&str; 2] = [
    "UPDATE entry SET due_at = $1 WHERE state = 1 AND due_at > $2",
    "UPDATE entry SET due_at = $1 WHERE state = 2 AND due_at > $2",
];

/// Claims entries, few of which are parked ones: a backlog of parked entries must not delay new events.
pub(crate) fn claim(
    unit: &mut Unit<'_>,
    under_way: &HashSet<i64>,
    now: i64,
    claim: &Claim,
    process: i64,
) -> Result<Vec<Entry>, StoreError> {
    let Claim { limit, parked, lease } = *claim;
    let mut read = |text: &str, count: usize| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        unit.query(text, &[now.into(), count.into()], Entry::from_row)
    };
    let mut due = |text: &str, limit: usize| -> Result<Vec<Entry>, StoreError> {
        let mut found = read(text, limit)?;
        // An entry under way is seldom due. Only then are others read in its place.
        if found.iter().any(|entry| under_way.contains(&entry.seq)) {
            found = read(text, limit + under_way.len())?;
            found.retain(|entry| !under_way.contains(&entry.seq));
            found.truncate(limit);
        }
        Ok(found)
    };
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let parked_entries = due(DUE_PARKED, size(parked.min(limit)))?;
    let mut claimed = due(DUE, size(limit) - parked_entries.len())?;
    claimed.extend(parked_entries);
    // The lease is stored as the due time, so the entry of a deliverer that dies falls due again without further
    // action.
    let until = now.saturating_add(lease);
    in_steps(&claimed, |some| {
        let mut params: Vec<Value<'_>> = vec![until.into(), process.into()];
        params.extend(some.iter().map(|entry| Value::Int(entry.seq)));
        let set = "UPDATE entry SET due_at = $1, attempts = attempts + 1, claimed_by = $2, woken = 0";
        unit.execute(&format!("{set} WHERE seq IN ({})", places(3, some.len())), &params).map(|_| ())
    })?;
    for entry in &mut claimed {
        entry.attempts += 1;
    }
    Ok(claimed)
}

/// How many rows one statement may name, the most first. There are few sizes, so that each statement is prepared once,
/// and large ones, because each statement is a round trip where the database is another process.
const STEPS: [usize; 3] = [64, 8, 1];

/// Calls `step` with all of `rows`, in slices of the sizes in [`STEPS`].
fn in_steps<T>(rows: &[T], mut step: impl FnMut(&[T]) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let mut rest = rows;
    for size in STEPS {
        while rest.len() >= size {
            let (some, others) = rest.split_at(size);
            step(some)?;
            rest = others;
        }
    }
    Ok(())
}

/// A list of `count` parameters from number `first` on, such as `$3, $4, $5`.
fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// Makes all heads due. Parked entries keep their due time.
pub(crate) fn release(unit: &mut Unit<'_>, now: i64) -> Result<usize, StoreError> {
    unit.execute("UPDATE entry SET due_at = $1 WHERE state = 1 AND due_at > $1", &[now.into()])
}

/// Makes the claims of processes due that are not among the `living`.
pub(crate) fn release_dead(unit: &mut Unit<'_>, living: &[i64], now: i64) -> Result<usize, StoreError> {
    let claimants = unit.query(CLAIMANTS, &[], |row| row.get::<i64>(0))?;
    let mut changed = 0;
    for dead in claimants.iter().filter(|claimant| !living.contains(claimant)) {
        changed += unit.execute(RELEASE_DEAD, &[now.into(), (*dead).into()])?;
    }
    Ok(changed)
}

/// Makes the heads due that `process` has claimed, without those of `under_way`.
pub(crate) fn release_claims(
    unit: &mut Unit<'_>,
    process: i64,
    under_way: &HashSet<i64>,
    now: i64,
) -> Result<usize, StoreError> {
    let mut lost = unit.query(CLAIMED_BY, &[process.into()], |row| row.get::<i64>(0))?;
    lost.retain(|seq| !under_way.contains(seq));
    in_steps(&lost, |some| {
        let mut params: Vec<Value<'_>> = vec![now.into()];
        params.extend(some.iter().map(|seq| Value::Int(*seq)));
        let set = "UPDATE entry SET due_at = $1, claimed_by = 0";
        unit.execute(&format!("{set} WHERE seq IN ({})", places(2, some.len())), &params).map(|_| ())
    })?;
    Ok(lost.len())
}

/// Makes heads due whose last attempt failed for this reason. An entry that is claimed just now still has the reason of
/// its attempt before and falls due too, so it may be delivered twice, which receivers tolerate. The reason is
/// deleted, so that this happens only once.
pub(crate) fn release_by_reason(unit: &mut Unit<'_>, reason: &str, now: i64) -> Result<usize, StoreError> {
    unit.execute(
        "UPDATE entry SET due_at = $1, last_error = NULL WHERE state = 1 AND due_at > $1 AND last_error LIKE $2",
        &[now.into(), (&format!("{reason}%")).into()],
    )
}

pub(crate) fn release_far_ahead(unit: &mut Unit<'_>, now: i64, ahead: i64) -> Result<usize, StoreError> {
    let mut changed = 0;
    for text in AHEAD {
        changed += unit.execute(text, &[now.into(), now.saturating_add(ahead).into()])?;
    }
    Ok(changed)
}

pub(crate) fn next_due(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    let mut first = |text| unit.query_one(text, &[], |row| row.get::<Option<i64>>(0)).map(Option::flatten);
    let (head, parked) = (first(NEXT_DUE)?, first(NEXT_DUE_PARKED)?);
    Ok(head.into_iter().chain(parked).min())
}

pub(crate) fn replay(
    unit: &mut Unit<'_>,
    program: i64,
    test: bool,
    id: &[u8; 16],
    now: i64,
) -> Result<bool, StoreError> {
    // Parked, not the head of its lane: later entries of the lane were delivered already or are under way, and must not
    // wait for the replay.
    let changed = unit.execute(
        "UPDATE entry SET state = 2, due_at = $1, attempts = 0, looks = 0, settled_at = NULL
         WHERE id = $2 AND program = $3 AND test = $4 AND (state = 2 OR state = 4 OR state = 5) AND body <> ''",
        &[now.into(), id.into(), program.into(), test.into()],
    )?;
    Ok(changed == 1)
}

pub(crate) fn erase(unit: &mut Unit<'_>, lane: &str, now: i64) -> Result<usize, StoreError> {
    let open = unit.execute(
        "UPDATE entry SET state = 4, settled_at = $1, last_error = 'erased on request' WHERE lane = $2 AND state < 3",
        &[now.into(), lane.into()],
    )?;
    for table in ["waits_for", "attempt"] {
        // Of attempts, those at delivered entries too: a reason may repeat what the event said.
        let states = if table == "attempt" { "" } else { " AND state = 4" };
        let sql = format!("DELETE FROM {table} WHERE seq IN (SELECT seq FROM entry WHERE lane = $1{states})");
        unit.execute(&sql, &[lane.into()])?;
    }
    // The reason of an entry that was given up before may repeat what the event said, too.
    let emptied = unit.execute(
        "UPDATE entry SET body = '', last_error = CASE WHEN last_error IS NULL THEN NULL ELSE 'erased on request' END
         WHERE lane = $1 AND (body <> '' OR last_error <> 'erased on request')",
        &[lane.into()],
    )?;
    Ok(emptied.max(open))
}

#[cfg(test)]
mod tests;
