//! Rows of `record_change`: the changes of records since they were made, with their sources.

use headwater_protocol::Source;
use headwater_store::{Record, StoreError, Unit, row};

use super::json;

row! {
    /// A change.
    #[derive(Debug, Clone)]
    pub(crate) struct ChangeRow {
        pub(crate) id: i64 = "id",
        /// The record's key.
        pub(crate) subject: String = "subject",
        pub(crate) source: Source = "source" => json::source,
        pub(crate) field: String = "field",
        pub(crate) old: Option<String> = "old_value",
        pub(crate) new: Option<String> = "new_value",
        pub(crate) created_at: i64 = "created_at",
    }
}

const COLUMNS: &str = ChangeRow::COLUMNS;

/// Adds a change.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &ChangeRow,
) -> Result<(), StoreError> {
    unit.insert(
        "record_change",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("subject", (&row.subject).into()),
            ("source", row.source.name().into()),
            ("field", (&row.field).into()),
            ("old_value", row.old.as_ref().into()),
            ("new_value", row.new.as_ref().into()),
            ("created_at", row.created_at.into()),
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
    let sql = format!(
        "SELECT {COLUMNS} FROM record_change \
         WHERE program = $1 AND test = $2 AND subject = $3 ORDER BY id LIMIT $4"
    );
    let params = [program.into(), test.into(), subject.into(), i64::from(limit).into()];
    unit.query(&sql, &params, ChangeRow::from_row)
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
