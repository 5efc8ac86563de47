//! Rows of `grp`, the groups of partners.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A group.
pub(crate) struct GroupRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) is_default: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

const COLUMNS: &str = "key, id, name, slug, is_default, archived, created_at, updated_at";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: "grp", table: "grp", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<GroupRow, StoreError> {
    Ok(GroupRow {
        key: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        slug: row.get(3)?,
        is_default: row.get(4)?,
        archived: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Adds a group. A new default group replaces the old one.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &GroupRow) -> Result<(), StoreError> {
    if row.is_default {
        unit.execute("UPDATE grp SET is_default = 0 WHERE program = $1", &[program.into()])?;
    }
    unit.execute(
        "INSERT INTO grp (id, program, key, name, slug, is_default, archived, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            row.id.into(),
            program.into(),
            (&row.key).into(),
            (&row.name).into(),
            (&row.slug).into(),
            row.is_default.into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// A group by its key or its slug.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, name: &str) -> Result<Option<GroupRow>, StoreError> {
    for column in ["key", "slug"] {
        let sql = format!("SELECT {COLUMNS} FROM grp WHERE program = $1 AND {column} = $2");
        if let Some(found) = unit.query_one(&sql, &[program.into(), name.into()], from_row)? {
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
        from_row,
    )
}

/// A page of groups.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    page: &PageRequest,
) -> Result<Option<Slice<GroupRow>>, StoreError> {
    read_page(unit, &LISTING, || vec![Condition::int("program =", program)], Vec::new(), page, from_row)
}
