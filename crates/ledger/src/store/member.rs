//! Rows of `member`, the people of partners' teams.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A member of a partner's team.
    pub(crate) struct MemberRow {
        pub(crate) id: i64 = "member.id",
        pub(crate) key: String = "member.key",
        pub(crate) partnership: i64 = "member.partnership",
        pub(crate) partnership_key: String = "partnership.key",
        /// Whether the partnership is archived.
        pub(crate) partnership_archived: bool = "partnership.archived",
        pub(crate) email: String = "member.email",
        pub(crate) name: Option<String> = "member.name",
        pub(crate) created_at: i64 = "member.created_at",
        pub(crate) updated_at: i64 = "member.updated_at",
    }
}

const COLUMNS: &str = MemberRow::COLUMNS;
const FROM: &str = "member JOIN partnership ON partnership.id = member.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "member",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[ListFilter::vendor(
        "partnership_key",
        "Whose team.",
        FilterBy::Record(NamedRecord::Partnership, "member.partnership ="),
    )],
};

/// Adds a member.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &MemberRow) -> Result<(), StoreError> {
    unit.insert(
        "member",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("email", (&row.email).into()),
            ("name", row.name.as_ref().into()),
            ("archived", false.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// A member by its key.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, key: &str) -> Result<Option<MemberRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE member.program = $1 AND member.key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], MemberRow::from_row)
}

/// The members of a partnership's team by address, some of them.
pub(crate) fn list_of_team(
    unit: &mut Unit<'_>,
    partnership: i64,
    most: u32,
) -> Result<Vec<MemberRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE member.partnership = $1 AND member.archived = 0 \
         ORDER BY member.email LIMIT $2"
    );
    unit.query(&sql, &[partnership.into(), i64::from(most).into()], MemberRow::from_row)
}

/// A member of a partnership by address.
pub(crate) fn find_by_email(
    unit: &mut Unit<'_>,
    partnership: i64,
    email: &str,
) -> Result<Option<MemberRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE member.partnership = $1 AND member.email = $2");
    unit.query_one(&sql, &[partnership.into(), email.into()], MemberRow::from_row)
}
