//! Rows of `trigger_rule`.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::Listing;

/// The version of a program's triggers: a new number after each change, never used twice. It tells a cache of
/// compiled triggers whether they are the ones that this unit of work sees, whatever was committed or rolled back in
/// between.
pub(super) const VERSION: &str = "
ALTER TABLE program ADD COLUMN triggers_version bigint NOT NULL DEFAULT 0;
";

row! {
    /// A trigger; rules, action and eligibility are JSON text of the wire types.
    pub(crate) struct TriggerRow {
        pub(crate) id: i64 = "id",
        pub(crate) key: String = "key",
        pub(crate) name: String = "name",
        pub(crate) offer_description: String = "offer_description",
        pub(crate) event: String = "event",
        pub(crate) rules: String = "rules",
        pub(crate) action: String = "action",
        pub(crate) eligibility: String = "eligibility",
        pub(crate) position: i64 = "position",
        pub(crate) active: bool = "active",
        pub(crate) archived: bool = "archived",
        pub(crate) created_at: i64 = "created_at",
        pub(crate) updated_at: i64 = "updated_at",
    }
}

const COLUMNS: &str = TriggerRow::COLUMNS;

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "trigger_rule",
    table: "trigger_rule",
    orders: &[("position", "position")],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[],
};

/// Adds a trigger.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &TriggerRow) -> Result<(), StoreError> {
    unit.insert(
        "trigger_rule",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("offer_description", (&row.offer_description).into()),
            ("event", (&row.event).into()),
            ("rules", (&row.rules).into()),
            ("action", (&row.action).into()),
            ("eligibility", (&row.eligibility).into()),
            ("position", row.position.into()),
            ("active", row.active.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &TriggerRow) -> Result<(), StoreError> {
    unit.update(
        "trigger_rule",
        row.id,
        [
            ("name", (&row.name).into()),
            ("offer_description", (&row.offer_description).into()),
            ("rules", (&row.rules).into()),
            ("action", (&row.action).into()),
            ("eligibility", (&row.eligibility).into()),
            ("active", row.active.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
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

/// A trigger by its key.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, key: &str) -> Result<Option<TriggerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM trigger_rule WHERE program = $1 AND key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], TriggerRow::from_row)
}

/// A trigger by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<TriggerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM trigger_rule WHERE id = $1");
    unit.query_one(&sql, &[id.into()], TriggerRow::from_row)
}

/// The active triggers, in the order of evaluation.
pub(crate) fn list_active(unit: &mut Unit<'_>, program: i64) -> Result<Vec<TriggerRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM trigger_rule WHERE program = $1 AND active = 1 AND archived = 0 \
         ORDER BY position, id"
    );
    unit.query(&sql, &[program.into()], TriggerRow::from_row)
}

/// The number of a program's triggers that are not archived, and the highest position ever used.
pub(crate) fn count(unit: &mut Unit<'_>, program: i64) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT CAST(coalesce(sum(1 - archived), 0) AS bigint), coalesce(max(position), 0) \
               FROM trigger_rule WHERE program = $1";
    let found =
        unit.query_one::<_, StoreError>(sql, &[program.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}
