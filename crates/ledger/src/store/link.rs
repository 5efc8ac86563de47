//! Rows of `link`.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A partner's link, with what a redirect needs of its partner.
#[derive(Debug, Clone)]
pub(crate) struct LinkRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) program: i64,
    pub(crate) partnership: i64,
    pub(crate) dest: String,
    pub(crate) slug: String,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Read only: `part_…`.
    pub(crate) partnership_key: String,
    /// Read only: the partner key that the redirect passes on.
    pub(crate) partner_key: String,
    /// Read only: whether the partner is archived.
    pub(crate) partnership_archived: bool,
}

const COLUMNS: &str = "link.key, link.id, link.program, link.partnership, link.dest, link.slug, \
     link.archived, link.created_at, link.updated_at, partnership.key, partnership.partner_key, \
     partnership.archived";
const FROM: &str = "link JOIN partnership ON partnership.id = link.partnership";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "link", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<LinkRow, StoreError> {
    Ok(LinkRow {
        key: row.get(0)?,
        id: row.get(1)?,
        program: row.get(2)?,
        partnership: row.get(3)?,
        dest: row.get(4)?,
        slug: row.get(5)?,
        archived: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        partnership_key: row.get(9)?,
        partner_key: row.get(10)?,
        partnership_archived: row.get(11)?,
    })
}

/// Adds a link.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &LinkRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO link (id, program, key, partnership, dest, slug, archived, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            row.id.into(),
            row.program.into(),
            (&row.key).into(),
            row.partnership.into(),
            (&row.dest).into(),
            (&row.slug).into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// A link by its slug. All programs share the link host, so a slug is unique among all of them.
pub(crate) fn find_by_slug(unit: &mut Unit<'_>, slug: &str) -> Result<Option<LinkRow>, StoreError> {
    unit.query_one(&format!("SELECT {COLUMNS} FROM {FROM} WHERE link.slug = $1"), &[slug.into()], from_row)
}

/// A page of links, of one partnership when one is given.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    partnership: Option<i64>,
    page: &PageRequest,
) -> Result<Option<Slice<LinkRow>>, StoreError> {
    let scope = || {
        let mut scope = vec![Condition::int("link.program =", program)];
        scope.extend(partnership.map(|id| Condition::int("link.partnership =", id)));
        scope
    };
    read_page(unit, &LISTING, scope, Vec::new(), page, from_row)
}
