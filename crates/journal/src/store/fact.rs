//! Facts: what a billing provider said that later events need, the newest of each.

use headwater_store::{StoreError, Unit};

use crate::Fact;

/// Facts under one name.
pub(super) const FACTS: &str =
    "SELECT part, at, rank, body, change FROM fact WHERE scope = $1 AND name = $2 ORDER BY part";
/// The number of the newest change.
pub(super) const NEWEST_CHANGE: &str = "SELECT max(change) FROM fact";
/// Deletes the facts that were stored too long ago.
pub(super) const FORGET: &str = "DELETE FROM fact WHERE (scope, name, part) IN \
    (SELECT scope, name, part FROM fact WHERE stored_at <= $1 ORDER BY stored_at LIMIT $2)";

/// The number of the newest change of any fact; 0 before the first.
pub(crate) fn newest_change(unit: &mut Unit<'_>) -> Result<i64, StoreError> {
    let newest = unit.query_one(NEWEST_CHANGE, &[], |row| row.get::<Option<i64>>(0))?;
    Ok(newest.flatten().unwrap_or(0))
}

/// Stores a fact as the change of this number, unless a newer fact is stored. `false` when nothing changed.
///
/// Time, rank and body are compared in this order, so that the result does not depend on the order of arrival.
pub(crate) fn upsert_fact(
    unit: &mut Unit<'_>,
    fact: &Fact,
    change: i64,
    now: i64,
) -> Result<bool, StoreError> {
    let changed = unit.insert_on_conflict(
        "fact",
        [
            ("scope", (&fact.scope).into()),
            ("name", (&fact.name).into()),
            ("part", (&fact.part).into()),
            ("at", fact.at.into()),
            ("rank", fact.rank.into()),
            ("body", (&fact.body).into()),
            ("stored_at", now.into()),
            ("change", change.into()),
        ],
        "(scope, name, part) DO UPDATE
         SET at = excluded.at, rank = excluded.rank, body = excluded.body, stored_at = excluded.stored_at,
             change = excluded.change
         WHERE (excluded.at, excluded.rank, excluded.body) > (fact.at, fact.rank, fact.body)",
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
            change: row.get(4)?,
        })
    })
}

/// Deletes at most `most` of the facts that were stored until then.
pub(crate) fn forget(unit: &mut Unit<'_>, until: i64, most: usize) -> Result<usize, StoreError> {
    unit.execute(FORGET, &[until.into(), i64::try_from(most).unwrap_or(i64::MAX).into()])
}
