//! Rows of `deal_file`: files of deals, with their content. They are few and short, and stay in the database, so that a
//! copy of it is complete and erasing a customer erases them.

use headwater_store::{StoreError, Unit, Value, row};

use super::list::Listing;

row! {
    /// A file without its content.
    pub(crate) struct DealFileRow {
        pub(crate) id: i64 = "deal_file.id",
        pub(crate) key: String = "deal_file.key",
        pub(crate) name: String = "deal_file.name",
        pub(crate) content_type: String = "deal_file.content_type",
        /// Bytes.
        pub(crate) size: i64 = "deal_file.size",
        pub(crate) created_at: i64 = "deal_file.created_at",
        /// Read only: `deal_…`.
        pub(crate) deal_key: String = "sale.key",
    }
}

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE deal_file (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    key text NOT NULL,
    sale bigint NOT NULL REFERENCES sale (id),
    name text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL,
    content blob NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX deal_file_by_sale ON deal_file (sale, program, test, created_at, id);
";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "deal_file JOIN sale ON sale.id = deal_file.sale",
    table: "deal_file",
    orders: &[],
    archivable: false,
    modes: true,
    partner: None,
    filters: &[],
};

/// Adds a file to a deal.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    sale: i64,
    row: &DealFileRow,
    content: &[u8],
) -> Result<(), StoreError> {
    unit.insert(
        "deal_file",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("key", (&row.key).into()),
            ("sale", sale.into()),
            ("name", (&row.name).into()),
            ("content_type", (&row.content_type).into()),
            ("size", row.size.into()),
            ("content", Value::Bytes(content)),
            ("created_at", row.created_at.into()),
            ("updated_at", row.created_at.into()),
        ],
    )?;
    Ok(())
}

/// The content of a file.
pub(crate) fn content(unit: &mut Unit<'_>, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    unit.query_one("SELECT content FROM deal_file WHERE id = $1", &[id.into()], |row| row.get(0))
}

/// How many files a deal has.
pub(crate) fn count(unit: &mut Unit<'_>, sale: i64) -> Result<i64, StoreError> {
    let found =
        unit.query_one("SELECT count(*) FROM deal_file WHERE sale = $1", &[sale.into()], |row| row.get(0));
    Ok(found?.unwrap_or(0))
}

/// Deletes a file.
pub(crate) fn delete(unit: &mut Unit<'_>, id: i64) -> Result<(), StoreError> {
    unit.execute("DELETE FROM deal_file WHERE id = $1", &[id.into()])?;
    Ok(())
}

/// Deletes the files of the deals that became a customer.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute(
        "DELETE FROM deal_file WHERE sale IN (SELECT id FROM sale WHERE customer = $1)",
        &[customer.into()],
    )?;
    Ok(())
}
