//! Rows of `product_book`, the catalogue.

use headwater_store::{Record, StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing};

row! {
    /// A catalogue entry.
    pub(crate) struct ProductBookRow {
        pub(crate) id: i64 = "id",
        pub(crate) key: String = "key",
        pub(crate) name: String = "name",
        pub(crate) description: Option<String> = "description",
        /// The billing system's product id.
        pub(crate) external_key: Option<String> = "external_key",
        pub(crate) archived: bool = "archived",
        pub(crate) created_at: i64 = "created_at",
        pub(crate) updated_at: i64 = "updated_at",
    }
}

const COLUMNS: &str = ProductBookRow::COLUMNS;

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "product_book",
    table: "product_book",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[ListFilter::new(
        "external_key",
        "The entry of a billing system's id.",
        FilterBy::Text("external_key ="),
    )],
};

/// Adds an entry.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &ProductBookRow) -> Result<(), StoreError> {
    unit.insert(
        "product_book",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("description", row.description.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProductBookRow) -> Result<(), StoreError> {
    unit.update(
        "product_book",
        row.id,
        [
            ("name", (&row.name).into()),
            ("description", row.description.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// An entry by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE id = $1");
    unit.query_one(&sql, &[id.into()], ProductBookRow::from_row)
}

/// An entry by our key.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    program: i64,
    key: &str,
) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE program = $1 AND key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], ProductBookRow::from_row)
}

/// The entry of a billing system's id; where several have it, the newest that is not archived. They are few, so they
/// are sorted here: for ORDER BY the database would build a temporary table on each run.
pub(crate) fn find_external(
    unit: &mut Unit<'_>,
    program: i64,
    external_key: &str,
) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE program = $1 AND external_key = $2");
    let found = unit.query(&sql, &[program.into(), external_key.into()], ProductBookRow::from_row)?;
    Ok(found.into_iter().max_by_key(|row| (!row.archived, row.created_at, row.id)))
}
