//! Retention: what has been kept long enough is deleted in small steps, so that no unit of work waits long behind one.

use headwater_store::{StoreError, Unit, Value};

use super::{attempt, bound, forget, in_steps, places};
use crate::entry::{PrunePlace, Pruned, Retention};

/// Rows of each kind that one step changes: some milliseconds of the writer's time.
pub(crate) const STEP: usize = 500;

/// Settled entries with a text, the longest settled first. Dead ones keep theirs.
const WITH_TEXT: &str = "SELECT seq, settled_at FROM entry WHERE settled_at >= $1 AND settled_at <= $2 \
    AND settled_at IS NOT NULL AND body <> '' AND (state = 3 OR state = 5) ORDER BY settled_at LIMIT $3";
/// Settled entries, the longest settled first, without the dead ones.
const SETTLED: &str = "SELECT seq, settled_at FROM entry WHERE settled_at >= $1 AND settled_at <= $2 \
    AND settled_at IS NOT NULL AND (state = 3 OR state = 5 OR state = 6) ORDER BY settled_at LIMIT $3";

/// Deletes some of what is older than it has to be kept. `place` says up to which time of settlement everything was done
/// before, so that a step does not read again what earlier ones have left.
pub(crate) fn prune(
    unit: &mut Unit<'_>,
    now: i64,
    keep: Retention,
    place: PrunePlace,
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned { place, ..Pruned::default() };
    let texts = settled(unit, WITH_TEXT, place.texts, now - keep.texts)?;
    in_steps(&texts.entries, |some| {
        let params: Vec<Value<'_>> = some.iter().map(|seq| Value::Int(*seq)).collect();
        let sql = format!("UPDATE entry SET body = '' WHERE seq IN ({})", places(1, some.len()));
        unit.execute(&sql, &params).map(|_| ())
    })?;
    let ids = settled(unit, SETTLED, place.ids, now - crate::KEEP_ID)?;
    attempt::forget(unit, &ids.entries)?;
    in_steps(&ids.entries, |some| {
        let params: Vec<Value<'_>> = some.iter().map(|seq| Value::Int(*seq)).collect();
        let sql = format!("DELETE FROM entry WHERE seq IN ({})", places(1, some.len()));
        unit.execute(&sql, &params).map(|_| ())
    })?;
    let claims = bound::dead_claims(unit, crate::KEEP_DEAD_CLAIMS)?;
    let facts = forget(unit, now - crate::KEEP_FACT, STEP)?;
    pruned.changed = texts.entries.len() + ids.entries.len() + claims + facts;
    pruned.more = [texts.entries.len(), ids.entries.len(), claims, facts].iter().any(|count| *count >= STEP);
    pruned.place = PrunePlace { texts: texts.until, ids: ids.until };
    Ok(pruned)
}

/// Entries to prune, and the time of settlement up to which there are no others.
struct PrunableEntries {
    entries: Vec<i64>,
    until: i64,
}

fn settled(unit: &mut Unit<'_>, sql: &str, from: i64, until: i64) -> Result<PrunableEntries, StoreError> {
    let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
    // A clock that was set back: nothing is old enough, and nothing was done beyond it.
    let from = from.min(until);
    let found = unit.query(sql, &[from.into(), until.into(), limit.into()], |row| {
        Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    let until = match found.last() {
        Some((_, last)) if found.len() >= STEP => *last,
        _ => until,
    };
    Ok(PrunableEntries { entries: found.into_iter().map(|(seq, _)| seq).collect(), until })
}
