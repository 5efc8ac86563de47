//! Facts: what was said outside that later events need, each in its latest state.

use headwater_store::{StoreError, Unit};

use crate::Fact;

/// Facts under one name.
pub(super) const FACTS: &str =
    "SELECT part, at, rank, body FROM fact WHERE scope = $1 AND name = $2 ORDER BY part";
/// What was stored too long ago.
pub(super) const FORGET: &str = "DELETE FROM fact WHERE stored_at <= $1";

/// Keeps a fact, unless what is known of it is newer. `false` when nothing changed.
///
/// Time, rank and text decide together, so that any order of arrival ends the same.
pub(crate) fn keep(unit: &mut Unit<'_>, fact: &Fact, now: i64) -> Result<bool, StoreError> {
    let changed = unit.execute(
        "INSERT INTO fact (scope, name, part, at, rank, body, stored_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (scope, name, part) DO UPDATE
         SET at = excluded.at, rank = excluded.rank, body = excluded.body, stored_at = excluded.stored_at
         WHERE (excluded.at, excluded.rank, excluded.body) > (fact.at, fact.rank, fact.body)",
        &[
            (&fact.scope).into(),
            (&fact.name).into(),
            (&fact.part).into(),
            fact.at.into(),
            fact.rank.into(),
            (&fact.body).into(),
            now.into(),
        ],
    )?;
    Ok(changed == 1)
}

pub(crate) fn facts(unit: &mut Unit<'_>, scope: &str, name: &str) -> Result<Vec<Fact>, StoreError> {
    unit.query(FACTS, &[scope.into(), name.into()], |row| {
        Ok(Fact {
            scope: scope.to_owned(),
            name: name.to_owned(),
            part: row.get(0)?,
            at: row.get(1)?,
            rank: row.get(2)?,
            body: row.get(3)?,
        })
    })
}

pub(crate) fn forget(unit: &mut Unit<'_>, until: i64) -> Result<usize, StoreError> {
    unit.execute(FORGET, &[until.into()])
}
