//! Rows of `member`, the people of partners' teams.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A member of a partner's team.
pub(crate) struct MemberRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) partnership: i64,
    pub(crate) partnership_key: String,
    /// Whether the partnership is archived.
    pub(crate) partnership_archived: bool,
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

const COLUMNS: &str = "member.key, member.id, member.partnership, partnership.key, partnership.archived, \
     member.email, member.name, member.created_at, member.updated_at";
const FROM: &str = "member JOIN partnership ON partnership.id = member.partnership";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "member", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<MemberRow, StoreError> {
    Ok(MemberRow {
        key: row.get(0)?,
        id: row.get(1)?,
        partnership: row.get(2)?,
        partnership_key: row.get(3)?,
        partnership_archived: row.get(4)?,
        email: row.get(5)?,
        name: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// Adds a member.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &MemberRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO member (id, program, key, partnership, email, name, archived, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            row.id.into(),
            program.into(),
            (&row.key).into(),
            row.partnership.into(),
            (&row.email).into(),
            row.name.as_ref().into(),
            false.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// A member by its key.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, key: &str) -> Result<Option<MemberRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE member.program = $1 AND member.key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], from_row)
}

/// A member of a partnership by address.
pub(crate) fn find_by_email(
    unit: &mut Unit<'_>,
    partnership: i64,
    email: &str,
) -> Result<Option<MemberRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE member.partnership = $1 AND member.email = $2");
    unit.query_one(&sql, &[partnership.into(), email.into()], from_row)
}

/// A page of members, of one partnership when one is given.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    partnership: Option<i64>,
    page: &PageRequest,
) -> Result<Option<Slice<MemberRow>>, StoreError> {
    let filters = partnership.map(|id| Condition::int("member.partnership =", id)).into_iter().collect();
    read_page(unit, &LISTING, || vec![Condition::int("member.program =", program)], filters, page, from_row)
}
