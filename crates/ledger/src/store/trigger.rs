//! Rows of `trigger_rule`.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A trigger; rules, action and eligibility are JSON text of the wire types.
pub(crate) struct TriggerRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) offer_description: String,
    pub(crate) event: String,
    pub(crate) rules: String,
    pub(crate) action: String,
    pub(crate) eligibility: String,
    pub(crate) position: i64,
    pub(crate) active: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

const COLUMNS: &str = "key, id, name, offer_description, event, rules, action, eligibility, position, \
     active, archived, created_at, updated_at";

const LISTING: Listing = Listing {
    columns: COLUMNS,
    from: "trigger_rule",
    table: "trigger_rule",
    orders: &[("position", "trigger_rule.position")],
    archivable: true,
};

fn from_row(row: &Row<'_>) -> Result<TriggerRow, StoreError> {
    Ok(TriggerRow {
        key: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        offer_description: row.get(3)?,
        event: row.get(4)?,
        rules: row.get(5)?,
        action: row.get(6)?,
        eligibility: row.get(7)?,
        position: row.get(8)?,
        active: row.get(9)?,
        archived: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}

/// Adds a trigger.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &TriggerRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO trigger_rule (id, program, key, name, offer_description, event, rules, action, \
         eligibility, position, active, archived, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &[
            row.id.into(),
            program.into(),
            (&row.key).into(),
            (&row.name).into(),
            (&row.offer_description).into(),
            (&row.event).into(),
            (&row.rules).into(),
            (&row.action).into(),
            (&row.eligibility).into(),
            row.position.into(),
            row.active.into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &TriggerRow) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE trigger_rule SET name = $1, offer_description = $2, rules = $3, action = $4, \
         eligibility = $5, active = $6, archived = $7, updated_at = $8 WHERE id = $9",
        &[
            (&row.name).into(),
            (&row.offer_description).into(),
            (&row.rules).into(),
            (&row.action).into(),
            (&row.eligibility).into(),
            row.active.into(),
            row.archived.into(),
            row.updated_at.into(),
            row.id.into(),
        ],
    )?;
    Ok(())
}

/// Sets the version of a program's triggers after a change; `version` must never have been used.
pub(crate) fn set_version(unit: &mut Unit<'_>, program: i64, version: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE program SET triggers_version = $1 WHERE id = $2",
        &[version.into(), program.into()],
    )?;
    Ok(())
}

/// The version of a program's triggers.
pub(crate) fn version(unit: &mut Unit<'_>, program: i64) -> Result<i64, StoreError> {
    let sql = "SELECT triggers_version FROM program WHERE id = $1";
    Ok(unit.query_one::<_, StoreError>(sql, &[program.into()], |row| row.get(0))?.unwrap_or_default())
}

/// A trigger by its key.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, key: &str) -> Result<Option<TriggerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM trigger_rule WHERE program = $1 AND key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], from_row)
}

/// The active triggers, in the order of evaluation.
pub(crate) fn list_active(unit: &mut Unit<'_>, program: i64) -> Result<Vec<TriggerRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM trigger_rule WHERE program = $1 AND active = 1 AND archived = 0 \
         ORDER BY position, id"
    );
    unit.query(&sql, &[program.into()], from_row)
}

/// The number of a program's triggers that are not archived, and the highest position ever used.
pub(crate) fn count(unit: &mut Unit<'_>, program: i64) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT CAST(coalesce(sum(1 - archived), 0) AS bigint), coalesce(max(position), 0) \
               FROM trigger_rule WHERE program = $1";
    let found =
        unit.query_one::<_, StoreError>(sql, &[program.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// A page of triggers.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    page: &PageRequest,
) -> Result<Option<Slice<TriggerRow>>, StoreError> {
    read_page(unit, &LISTING, || vec![Condition::int("program =", program)], Vec::new(), page, from_row)
}
