//! Rows of `partnership`.

use headwater_store::{Record, StoreError, Unit, row};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A partner's membership of a program, with its group and its number of customers.
    #[derive(Debug, Clone)]
    pub(crate) struct PartnershipRow {
        pub(crate) id: i64 = "partnership.id",
        pub(crate) key: String = "partnership.key",
        pub(crate) partner_key: String = "partnership.partner_key",
        pub(crate) email: String = "partnership.email",
        pub(crate) first_name: Option<String> = "partnership.first_name",
        pub(crate) last_name: Option<String> = "partnership.last_name",
        /// The group's number.
        pub(crate) group: Option<i64> = "partnership.grp",
        pub(crate) tags: Vec<String> = "partnership.tags" => json::texts,
        pub(crate) approved_status: String = "partnership.approved_status",
        pub(crate) archived: bool = "partnership.archived",
        pub(crate) created_at: i64 = "partnership.created_at",
        pub(crate) updated_at: i64 = "partnership.updated_at",
        /// Read only.
        pub(crate) group_facts: Option<GroupFacts>,
        /// Production customers that are not archived.
        pub(crate) customers: i64 = "coalesce(partner_total.customers, 0)",
    }
}

row! {
    /// What a partner's view shows of its group; read only.
    #[derive(Debug, Clone)]
    pub(crate) struct GroupFacts {
        pub(crate) key: String = "grp.key",
        pub(crate) name: String = "grp.name",
        pub(crate) slug: String = "grp.slug",
        pub(crate) archived: bool = "grp.archived",
        pub(crate) is_default: bool = "grp.is_default",
    }
}

const COLUMNS: &str = PartnershipRow::COLUMNS;
const FROM: &str = "partnership LEFT JOIN grp ON grp.id = partnership.grp \
     LEFT JOIN partner_total ON partner_total.partnership = partnership.id";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "partnership",
    orders: &[],
    archivable: true,
    modes: false,
    partner: Some("partnership.id ="),
    filters: &[ListFilter::vendor(
        "group_key",
        "The partners' group: its key or slug.",
        FilterBy::Record(NamedRecord::Group, "partnership.grp ="),
    )],
};

/// Adds a partnership.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &PartnershipRow) -> Result<(), StoreError> {
    unit.insert(
        "partnership",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("partner_key", (&row.partner_key).into()),
            ("email", (&row.email).into()),
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("grp", row.group.into()),
            ("tags", (&json::from_texts(&row.tags)).into()),
            ("approved_status", (&row.approved_status).into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &PartnershipRow) -> Result<(), StoreError> {
    unit.update(
        "partnership",
        row.id,
        [
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("grp", row.group.into()),
            ("tags", (&json::from_texts(&row.tags)).into()),
            ("approved_status", (&row.approved_status).into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
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
    unit.query_one(&sql, &[program.into(), text.into()], PartnershipRow::from_row)
}

/// A partnership by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<PartnershipRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE partnership.id = $1");
    unit.query_one(&sql, &[id.into()], PartnershipRow::from_row)
}
