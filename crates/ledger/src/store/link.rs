//! Rows of `link`.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing};

row! {
    /// A partner's link, with what a redirect needs of its partner.
    #[derive(Debug, Clone)]
    pub(crate) struct LinkRow {
        pub(crate) id: i64 = "link.id",
        pub(crate) key: String = "link.key",
        pub(crate) program: i64 = "link.program",
        pub(crate) partnership: i64 = "link.partnership",
        pub(crate) dest: String = "link.dest",
        pub(crate) slug: String = "link.slug",
        pub(crate) archived: bool = "link.archived",
        pub(crate) created_at: i64 = "link.created_at",
        pub(crate) updated_at: i64 = "link.updated_at",
        /// Read only: `part_…`.
        pub(crate) partnership_key: String = "partnership.key",
        /// Read only: the partner key that the redirect passes on.
        pub(crate) partner_key: String = "partnership.partner_key",
        /// Read only: whether the partner is archived.
        pub(crate) partnership_archived: bool = "partnership.archived",
    }
}

const COLUMNS: &str = LinkRow::COLUMNS;
const FROM: &str = "link JOIN partnership ON partnership.id = link.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "link",
    orders: &[],
    archivable: true,
    modes: false,
    partner: Some("link.partnership ="),
    filters: &[ListFilter::new("slug", "The path on the link host.", FilterBy::Text("link.slug ="))],
};

/// Adds a link.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &LinkRow) -> Result<(), StoreError> {
    unit.insert(
        "link",
        [
            ("id", row.id.into()),
            ("program", row.program.into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("dest", (&row.dest).into()),
            ("slug", (&row.slug).into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &LinkRow) -> Result<(), StoreError> {
    unit.update(
        "link",
        row.id,
        [
            ("dest", (&row.dest).into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// A link by its slug. All programs share the link host, so a slug is unique among all of them.
pub(crate) fn find_by_slug(unit: &mut Unit<'_>, slug: &str) -> Result<Option<LinkRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM {FROM} WHERE link.slug = $1"),
        &[slug.into()],
        LinkRow::from_row,
    )
}
