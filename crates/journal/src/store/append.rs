//! Appending entries: one after the other in a file, and those that come together in few statements where each statement
//! is a round trip.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use headwater_store::{StoreError, Unit, Value};

use super::{STEPS, in_steps, places};
use crate::entry::{Appended, NewEntry, State};

/// Appends entries in their order; an entry whose id is stored already changes nothing.
pub(crate) fn append(unit: &mut Unit<'_>, entries: &[NewEntry]) -> Result<Vec<Appended>, StoreError> {
    let mut appended = Vec::with_capacity(entries.len());
    if !unit.is_remote() {
        for entry in entries {
            appended.extend(append_some(unit, std::slice::from_ref(entry))?);
        }
        return Ok(appended);
    }
    let mut rest = entries;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(without_repetition(rest));
        in_steps(some, |some| append_some(unit, some).map(|new| appended.extend(new)))?;
        rest = others;
    }
    Ok(appended)
}

/// How many entries from the first on have different lanes and different ids, so that one statement can insert them.
/// A second entry of a lane must wait for the insertion of the first, which may become its head.
fn without_repetition(entries: &[NewEntry]) -> usize {
    if entries.len() == 1 {
        return 1;
    }
    let (mut lanes, mut ids) = (HashSet::new(), HashSet::new());
    let repeats = |entry: &NewEntry| !lanes.insert(entry.lane.clone()) || !ids.insert(key(entry));
    entries.iter().position(repeats).unwrap_or(entries.len())
}

/// The columns that identify an event.
fn key(entry: &NewEntry) -> ([u8; 16], i64, bool) {
    (entry.id, entry.program, entry.test)
}

fn append_some(unit: &mut Unit<'_>, entries: &[NewEntry]) -> Result<Vec<Appended>, StoreError> {
    let heads = heads(unit, entries)?;
    let mut params: Vec<Value<'_>> = Vec::with_capacity(entries.len() * COLUMNS);
    for entry in entries {
        let state = if heads.contains_key(&entry.lane) { State::Waiting } else { State::Head };
        params.extend([
            (&entry.id).into(),
            entry.program.into(),
            entry.test.into(),
            Value::from(&entry.lane),
            entry.kind.into(),
            entry.source.into(),
            (&entry.body).into(),
            entry.received_at.into(),
            entry.received_at.into(),
            state.number().into(),
        ]);
    }
    let insertion = text(&INSERTIONS, entries.len());
    let new: HashSet<_> = if let [entry] = entries {
        let added = unit.execute(insertion, &params)?;
        (0..added).map(|_| key(entry)).collect()
    } else {
        let new = unit.query(insertion, &params, |row| {
            Ok::<_, StoreError>((row.get::<[u8; 16]>(0)?, row.get::<i64>(1)?, row.get::<bool>(2)?))
        })?;
        new.into_iter().collect()
    };
    let mut appended = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_new = new.contains(&key(entry));
        // The head must know that an entry waits behind it now.
        if let (true, Some((head, false))) = (is_new, heads.get(&entry.lane)) {
            unit.execute("UPDATE entry SET followed = 1 WHERE seq = $1", &[(*head).into()])?;
        }
        appended.push(if is_new { Appended::New } else { Appended::Duplicate });
    }
    Ok(appended)
}

/// A statement for each size in [`STEPS`].
type Texts = LazyLock<[String; STEPS.len()]>;

static INSERTIONS: Texts = LazyLock::new(|| STEPS.map(insertion));
static HEADS: Texts = LazyLock::new(|| STEPS.map(heads_of));

fn text(texts: &'static Texts, count: usize) -> &'static str {
    let at = STEPS.iter().position(|step| *step == count);
    &texts[at.expect("entries come in steps")]
}

/// Columns that are given for each entry.
const COLUMNS: usize = 10;

/// Inserts `count` entries and returns the keys of those that were new. For a single one, the number of rows says as
/// much, and SQLite is spared a temporary table for the answer.
fn insertion(count: usize) -> String {
    let rows: Vec<_> = (0..count).map(|row| format!("({}, 0)", places(row * COLUMNS + 1, COLUMNS))).collect();
    format!(
        "INSERT INTO entry (id, program, test, lane, kind, source, body, received_at, due_at, state, attempts) \
         VALUES {} ON CONFLICT (id, program, test) DO NOTHING{}",
        rows.join(", "),
        if count == 1 { "" } else { " RETURNING id, program, test" }
    )
}

/// The heads of the entries' lanes: the head's `seq`, and whether it is marked as followed.
fn heads(unit: &mut Unit<'_>, entries: &[NewEntry]) -> Result<HashMap<String, (i64, bool)>, StoreError> {
    let params: Vec<Value<'_>> = entries.iter().map(|entry| Value::from(&entry.lane)).collect();
    let found = unit.query(text(&HEADS, entries.len()), &params, |row| {
        Ok::<_, StoreError>((row.get::<String>(0)?, (row.get::<i64>(1)?, row.get::<bool>(2)?)))
    })?;
    Ok(found.into_iter().collect())
}

/// Finds the heads of `count` lanes. On PostgreSQL it locks them, so that a head is not settled while an entry is
/// appended behind it: the settlement would not find that entry.
pub(super) fn heads_of(count: usize) -> String {
    let lanes = places(1, count);
    format!("SELECT lane, seq, followed FROM entry WHERE state = 1 AND lane IN ({lanes}) /*! FOR UPDATE */")
}
