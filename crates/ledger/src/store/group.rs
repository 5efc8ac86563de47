//! Rows of `grp`, the groups of partners.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::Listing;

row! {
    /// A group.
    pub(crate) struct GroupRow {
        pub(crate) id: i64 = "id",
        pub(crate) key: String = "key",
        pub(crate) name: String = "name",
        pub(crate) slug: String = "slug",
        pub(crate) is_default: bool = "is_default",
        pub(crate) archived: bool = "archived",
        pub(crate) created_at: i64 = "created_at",
        pub(crate) updated_at: i64 = "updated_at",
    }
}

const COLUMNS: &str = GroupRow::COLUMNS;

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "grp",
    table: "grp",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[],
};

/// Adds a group. A new default group replaces the old one.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &GroupRow) -> Result<(), StoreError> {
    if row.is_default {
        unit.execute("UPDATE grp SET is_default = 0 WHERE program = $1", &[program.into()])?;
    }
    unit.insert(
        "grp",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("slug", (&row.slug).into()),
            ("is_default", row.is_default.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// A group by its key or its slug.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, name: &str) -> Result<Option<GroupRow>, StoreError> {
    for column in ["key", "slug"] {
        let sql = format!("SELECT {COLUMNS} FROM grp WHERE program = $1 AND {column} = $2");
        if let Some(found) = unit.query_one(&sql, &[program.into(), name.into()], GroupRow::from_row)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The group that new partners join.
pub(crate) fn find_default(unit: &mut Unit<'_>, program: i64) -> Result<Option<GroupRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM grp WHERE program = $1 AND is_default = 1"),
        &[program.into()],
        GroupRow::from_row,
    )
}
