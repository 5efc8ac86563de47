//! Rows of `record_change`: the changes of records since they were made, with their sources.

use headwater_protocol::Source;
use headwater_store::{StoreError, Unit};

use super::json;

/// A change.
#[derive(Debug, Clone)]
pub(crate) struct ChangeRow {
    pub(crate) id: i64,
    /// The record's key.
    pub(crate) subject: String,
    pub(crate) source: Source,
    pub(crate) field: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) created_at: i64,
}

/// Adds a change.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &ChangeRow,
) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO record_change (id, program, test, subject, source, field, old_value, new_value, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            row.id.into(),
            program.into(),
            test.into(),
            (&row.subject).into(),
            row.source.name().into(),
            (&row.field).into(),
            row.old.as_ref().into(),
            row.new.as_ref().into(),
            row.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The changes of a record, oldest first.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    subject: &str,
    limit: u32,
) -> Result<Vec<ChangeRow>, StoreError> {
    unit.query(
        "SELECT id, subject, source, field, old_value, new_value, created_at FROM record_change \
         WHERE program = $1 AND test = $2 AND subject = $3 ORDER BY id LIMIT $4",
        &[program.into(), test.into(), subject.into(), i64::from(limit).into()],
        |row| {
            Ok(ChangeRow {
                id: row.get(0)?,
                subject: row.get(1)?,
                source: json::source(row, 2)?,
                field: row.get(3)?,
                old: row.get(4)?,
                new: row.get(5)?,
                created_at: row.get(6)?,
            })
        },
    )
}

/// Erases the values in a record's history: they may hold personal data.
pub(crate) fn forget(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    subject: &str,
) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE record_change SET old_value = NULL, new_value = NULL \
         WHERE program = $1 AND test = $2 AND subject = $3",
        &[program.into(), test.into(), subject.into()],
    )?;
    Ok(())
}
