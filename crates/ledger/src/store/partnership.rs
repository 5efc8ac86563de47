//! Rows of `partnership`.

use headwater_store::{Row, StoreError, Unit};

use super::json;
use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A partner's membership of a program, with its group and its number of customers.
#[derive(Debug, Clone)]
pub(crate) struct PartnershipRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) partner_key: String,
    pub(crate) email: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    /// The group's number.
    pub(crate) group: Option<i64>,
    pub(crate) tags: Vec<String>,
    pub(crate) approved_status: String,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// The group's key, name, slug, archived and default flags.
    pub(crate) group_facts: Option<(String, String, String, bool, bool)>,
    /// Production customers that are not archived.
    pub(crate) customers: i64,
}

const COLUMNS: &str = "partnership.key, partnership.id, partnership.partner_key, partnership.email, \
     partnership.first_name, partnership.last_name, partnership.grp, partnership.tags, \
     partnership.approved_status, partnership.archived, partnership.created_at, partnership.updated_at, \
     grp.key, grp.name, grp.slug, grp.archived, grp.is_default, coalesce(partner_total.customers, 0)";
const FROM: &str = "partnership LEFT JOIN grp ON grp.id = partnership.grp \
     LEFT JOIN partner_total ON partner_total.partnership = partnership.id";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "partnership", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<PartnershipRow, StoreError> {
    let group_key: Option<String> = row.get(12)?;
    let group_facts = match group_key {
        None => None,
        Some(key) => Some((key, row.get(13)?, row.get(14)?, row.get(15)?, row.get(16)?)),
    };
    Ok(PartnershipRow {
        key: row.get(0)?,
        id: row.get(1)?,
        partner_key: row.get(2)?,
        email: row.get(3)?,
        first_name: row.get(4)?,
        last_name: row.get(5)?,
        group: row.get(6)?,
        tags: json::texts(row, 7)?,
        approved_status: row.get(8)?,
        archived: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        group_facts,
        customers: row.get(17)?,
    })
}

/// Adds a partnership.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &PartnershipRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO partnership (id, program, key, partner_key, email, first_name, last_name, grp, tags, \
         approved_status, archived, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            row.id.into(),
            program.into(),
            (&row.key).into(),
            (&row.partner_key).into(),
            (&row.email).into(),
            row.first_name.as_ref().into(),
            row.last_name.as_ref().into(),
            row.group.into(),
            (&json::from_texts(&row.tags)).into(),
            (&row.approved_status).into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &PartnershipRow) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE partnership SET first_name = $1, last_name = $2, grp = $3, tags = $4, approved_status = $5, \
         archived = $6, updated_at = $7 WHERE id = $8",
        &[
            row.first_name.as_ref().into(),
            row.last_name.as_ref().into(),
            row.group.into(),
            (&json::from_texts(&row.tags)).into(),
            (&row.approved_status).into(),
            row.archived.into(),
            row.updated_at.into(),
            row.id.into(),
        ],
    )?;
    Ok(())
}

/// A column that names one partnership of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PartnershipName {
    /// `part_…`
    Key,
    /// The partner key that links pass on.
    PartnerKey,
    /// Address.
    Email,
}

/// A partnership by one of its names.
pub(crate) fn find_by(
    unit: &mut Unit<'_>,
    program: i64,
    name: PartnershipName,
    text: &str,
) -> Result<Option<PartnershipRow>, StoreError> {
    let column = match name {
        PartnershipName::Key => "key",
        PartnershipName::PartnerKey => "partner_key",
        PartnershipName::Email => "email",
    };
    let sql =
        format!("SELECT {COLUMNS} FROM {FROM} WHERE partnership.program = $1 AND partnership.{column} = $2");
    unit.query_one(&sql, &[program.into(), text.into()], from_row)
}

/// A partnership by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<PartnershipRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE partnership.id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
}

/// A page of partnerships.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    page: &PageRequest,
) -> Result<Option<Slice<PartnershipRow>>, StoreError> {
    let scope = || vec![Condition::int("partnership.program =", program)];
    read_page(unit, &LISTING, scope, Vec::new(), page, from_row)
}
