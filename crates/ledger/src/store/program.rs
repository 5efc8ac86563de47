//! Rows of `program`.

use headwater_protocol::v2::ClaimPolicy;
use headwater_store::{Row, StoreError, Unit};

use super::json;

/// A program.
pub(crate) struct ProgramRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) company_key: String,
    pub(crate) public_key: String,
    pub(crate) test_public_key: String,
    pub(crate) origins: Vec<String>,
    pub(crate) link_destinations: Vec<String>,
    pub(crate) checkout_amounts: ClaimPolicy,
    pub(crate) stripe_webhook_secret: Option<String>,
    pub(crate) stripe_test_webhook_secret: Option<String>,
}

const COLUMNS: &str = "id, name, company_key, public_key, test_public_key, origins, link_destinations, \
     checkout_amounts, stripe_webhook_secret, stripe_test_webhook_secret";

fn from_row(row: &Row<'_>) -> Result<ProgramRow, StoreError> {
    let policy: String = row.get(7)?;
    Ok(ProgramRow {
        id: row.get(0)?,
        name: row.get(1)?,
        company_key: row.get(2)?,
        public_key: row.get(3)?,
        test_public_key: row.get(4)?,
        origins: json::texts(row, 5)?,
        link_destinations: json::texts(row, 6)?,
        checkout_amounts: ClaimPolicy::from_name(&policy)
            .ok_or(StoreError::Column { column: 7, expected: "a claim policy" })?,
        stripe_webhook_secret: row.get(8)?,
        stripe_test_webhook_secret: row.get(9)?,
    })
}

/// Every program, oldest first.
pub(crate) fn list(unit: &mut Unit<'_>) -> Result<Vec<ProgramRow>, StoreError> {
    unit.query(&format!("SELECT {COLUMNS} FROM program ORDER BY created_at, id"), &[], from_row)
}

/// A program by its number.
pub(crate) fn find(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProgramRow>, StoreError> {
    unit.query_one(&format!("SELECT {COLUMNS} FROM program WHERE id = $1"), &[id.into()], from_row)
}

/// Adds a program.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &ProgramRow, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO program (id, name, company_key, public_key, test_public_key, origins, link_destinations, \
         checkout_amounts, stripe_webhook_secret, stripe_test_webhook_secret, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            row.id.into(),
            (&row.name).into(),
            (&row.company_key).into(),
            (&row.public_key).into(),
            (&row.test_public_key).into(),
            (&json::from_texts(&row.origins)).into(),
            (&json::from_texts(&row.link_destinations)).into(),
            row.checkout_amounts.name().into(),
            row.stripe_webhook_secret.as_ref().into(),
            row.stripe_test_webhook_secret.as_ref().into(),
            now.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Writes what may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProgramRow, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE program SET name = $1, origins = $2, link_destinations = $3, checkout_amounts = $4, \
         stripe_webhook_secret = $5, stripe_test_webhook_secret = $6, updated_at = $7 WHERE id = $8",
        &[
            (&row.name).into(),
            (&json::from_texts(&row.origins)).into(),
            (&json::from_texts(&row.link_destinations)).into(),
            row.checkout_amounts.name().into(),
            row.stripe_webhook_secret.as_ref().into(),
            row.stripe_test_webhook_secret.as_ref().into(),
            now.into(),
            row.id.into(),
        ],
    )?;
    Ok(())
}
