//! Rows of `click`.

use headwater_store::{Row, StoreError, Unit};

use super::json;
use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A click on a link.
#[derive(Debug, Clone)]
pub(crate) struct ClickRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) program: i64,
    pub(crate) xid: String,
    pub(crate) link: i64,
    pub(crate) partnership: i64,
    pub(crate) sub_ids: Vec<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) bot: bool,
    pub(crate) created_at: i64,
    /// Read only: `link_…`.
    pub(crate) link_key: String,
    /// Read only: `part_…`.
    pub(crate) partnership_key: String,
}

const COLUMNS: &str = "click.key, click.id, click.program, click.xid, click.link, click.partnership, \
     click.sub_ids, click.user_agent, click.bot, click.created_at, link.key, partnership.key";
const FROM: &str = "click JOIN link ON link.id = click.link \
     JOIN partnership ON partnership.id = click.partnership";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "click", orders: &[], archivable: false };

fn from_row(row: &Row<'_>) -> Result<ClickRow, StoreError> {
    Ok(ClickRow {
        key: row.get(0)?,
        id: row.get(1)?,
        program: row.get(2)?,
        xid: row.get(3)?,
        link: row.get(4)?,
        partnership: row.get(5)?,
        sub_ids: json::texts(row, 6)?,
        user_agent: row.get(7)?,
        bot: row.get(8)?,
        created_at: row.get(9)?,
        link_key: row.get(10)?,
        partnership_key: row.get(11)?,
    })
}

/// Adds a click.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &ClickRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO click (id, program, key, xid, link, partnership, sub_ids, user_agent, bot, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            row.id.into(),
            row.program.into(),
            (&row.key).into(),
            (&row.xid).into(),
            row.link.into(),
            row.partnership.into(),
            (&json::from_texts(&row.sub_ids)).into(),
            row.user_agent.as_ref().into(),
            row.bot.into(),
            row.created_at.into(),
            row.created_at.into(),
        ],
    )?;
    Ok(())
}

/// A click of a program by its click id, which the visitor's browser keeps.
pub(crate) fn find_by_xid(
    unit: &mut Unit<'_>,
    program: i64,
    xid: &str,
) -> Result<Option<ClickRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE click.program = $1 AND click.xid = $2");
    unit.query_one(&sql, &[program.into(), xid.into()], from_row)
}

/// Deletes up to `limit` clicks whose number is below `before`, the oldest first; returns how many.
pub(crate) fn delete_before(unit: &mut Unit<'_>, before: i64, limit: i64) -> Result<usize, StoreError> {
    unit.execute(
        "DELETE FROM click WHERE id IN (SELECT id FROM click WHERE id < $1 ORDER BY id LIMIT $2)",
        &[before.into(), limit.into()],
    )
}

/// A page of clicks, of one partnership when one is given.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    partnership: Option<i64>,
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<ClickRow>>, StoreError> {
    let scope = || {
        let mut scope = vec![Condition::int("click.program =", program)];
        scope.extend(partnership.map(|id| Condition::int("click.partnership =", id)));
        scope
    };
    read_page(unit, &LISTING, scope, filters, page, from_row)
}
