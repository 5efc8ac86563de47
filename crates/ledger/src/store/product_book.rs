//! Rows of `product_book`, the catalogue.

use headwater_store::{Row, StoreError, Unit};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};

/// A catalogue entry.
pub(crate) struct ProductBookRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// The billing system's product id.
    pub(crate) external_key: Option<String>,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

const COLUMNS: &str = "key, id, name, description, external_key, archived, created_at, updated_at";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: "product_book", table: "product_book", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<ProductBookRow, StoreError> {
    Ok(ProductBookRow {
        key: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        external_key: row.get(4)?,
        archived: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Adds an entry.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &ProductBookRow) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO product_book (id, program, key, name, description, external_key, archived, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            row.id.into(),
            program.into(),
            (&row.key).into(),
            (&row.name).into(),
            row.description.as_ref().into(),
            row.external_key.as_ref().into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProductBookRow) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE product_book SET name = $1, description = $2, external_key = $3, archived = $4, \
         updated_at = $5 WHERE id = $6",
        &[
            (&row.name).into(),
            row.description.as_ref().into(),
            row.external_key.as_ref().into(),
            row.archived.into(),
            row.updated_at.into(),
            row.id.into(),
        ],
    )?;
    Ok(())
}

/// An entry by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
}

/// An entry by our key.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    program: i64,
    key: &str,
) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE program = $1 AND key = $2");
    unit.query_one(&sql, &[program.into(), key.into()], from_row)
}

/// The entry of a billing system's id; where several have it, the newest that is not archived. They are few, so they
/// are sorted here: for ORDER BY the database would build a temporary table on each run.
pub(crate) fn find_external(
    unit: &mut Unit<'_>,
    program: i64,
    external_key: &str,
) -> Result<Option<ProductBookRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM product_book WHERE program = $1 AND external_key = $2");
    let found = unit.query(&sql, &[program.into(), external_key.into()], from_row)?;
    Ok(found.into_iter().max_by_key(|row| (!row.archived, row.created_at, row.id)))
}

/// A page of the catalogue.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    program: i64,
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<ProductBookRow>>, StoreError> {
    read_page(unit, &LISTING, || vec![Condition::int("program =", program)], filters, page, from_row)
}
