//! Rows of `click`.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing};
use super::{json, totals};

row! {
    /// A click on a link.
    #[derive(Debug, Clone)]
    pub(crate) struct ClickRow {
        pub(crate) id: i64 = "click.id",
        pub(crate) key: String = "click.key",
        pub(crate) program: i64 = "click.program",
        pub(crate) xid: String = "click.xid",
        pub(crate) link: i64 = "click.link",
        pub(crate) partnership: i64 = "click.partnership",
        pub(crate) sub_ids: Vec<String> = "click.sub_ids" => json::texts,
        pub(crate) user_agent: Option<String> = "click.user_agent",
        pub(crate) bot: bool = "click.bot",
        pub(crate) created_at: i64 = "click.created_at",
        /// Read only: `link_…`.
        pub(crate) link_key: String = "link.key",
        /// Read only: `part_…`.
        pub(crate) partnership_key: String = "partnership.key",
    }
}

const COLUMNS: &str = ClickRow::COLUMNS;
const FROM: &str = "click JOIN link ON link.id = click.link \
     JOIN partnership ON partnership.id = click.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "click",
    orders: &[],
    archivable: false,
    modes: false,
    partner: Some("click.partnership ="),
    filters: &[ListFilter::new(
        "has_sub_id",
        "Only clicks whose link carried a sub-id.",
        FilterBy::Flag("click.sub_ids <> '[]'"),
    )],
};

/// Adds a click, and counts it for its partner when a person made it.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &ClickRow) -> Result<(), StoreError> {
    unit.insert(
        "click",
        [
            ("id", row.id.into()),
            ("program", row.program.into()),
            ("key", (&row.key).into()),
            ("xid", (&row.xid).into()),
            ("link", row.link.into()),
            ("partnership", row.partnership.into()),
            ("sub_ids", (&json::from_texts(&row.sub_ids)).into()),
            ("user_agent", row.user_agent.as_ref().into()),
            ("bot", row.bot.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.created_at.into()),
        ],
    )?;
    if row.bot { Ok(()) } else { totals::add_click(unit, row.partnership) }
}

/// A click of a program by its click id, which the visitor's browser keeps.
pub(crate) fn find_by_xid(
    unit: &mut Unit<'_>,
    program: i64,
    xid: &str,
) -> Result<Option<ClickRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE click.program = $1 AND click.xid = $2");
    unit.query_one(&sql, &[program.into(), xid.into()], ClickRow::from_row)
}

/// Deletes up to `limit` clicks whose number is below `before`, the oldest first; returns how many.
pub(crate) fn delete_before(unit: &mut Unit<'_>, before: i64, limit: i64) -> Result<usize, StoreError> {
    totals::note_pruned_clicks(unit, before, limit)?;
    unit.execute(
        "DELETE FROM click WHERE id IN (SELECT id FROM click WHERE id < $1 ORDER BY id LIMIT $2)",
        &[before.into(), limit.into()],
    )
}
