//! Rows of `program`.

use headwater_protocol::v2::{ClaimPolicy, ProductClaims, RedirectOrder, SignupClaims, Signups};
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
    /// The order of a redirect's parameters.
    pub(crate) redirect_order: RedirectOrder,
    pub(crate) claims: ClaimSettings,
    pub(crate) stripe_webhook_secret: Option<String>,
    pub(crate) stripe_test_webhook_secret: Option<String>,
}

/// The program's settings for claims (trust.md section 1).
#[derive(Default)]
pub(crate) struct ClaimSettings {
    pub(crate) products: ProductClaims,
    pub(crate) signups: SignupClaims,
    /// Which signups are accepted at all.
    pub(crate) accepted: Signups,
    /// Whether a signup without a partner makes a customer.
    pub(crate) organic: bool,
    /// Whether a payment's customer may be looked up by address.
    pub(crate) email_matching: bool,
    pub(crate) identity_secret: Option<String>,
}

const COLUMNS: &str = "id, name, company_key, public_key, test_public_key, origins, link_destinations, \
     checkout_amounts, stripe_webhook_secret, stripe_test_webhook_secret, \
     product_claims, claimed_signups, signups, organic_signups, email_matching, identity_secret, redirect_order";

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
        redirect_order: RedirectOrder::from_name(&row.get::<String>(16)?)
            .ok_or(StoreError::Column { column: 16, expected: "an order" })?,
        claims: claims(row)?,
    })
}

fn claims(row: &Row<'_>) -> Result<ClaimSettings, StoreError> {
    let word = |column: usize| row.get::<String>(column);
    let unknown = |column: usize| StoreError::Column { column, expected: "a setting's word" };
    Ok(ClaimSettings {
        products: ProductClaims::from_name(&word(10)?).ok_or_else(|| unknown(10))?,
        signups: SignupClaims::from_name(&word(11)?).ok_or_else(|| unknown(11))?,
        accepted: Signups::from_name(&word(12)?).ok_or_else(|| unknown(12))?,
        organic: row.get(13)?,
        email_matching: row.get(14)?,
        identity_secret: row.get(15)?,
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

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProgramRow, now: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE program SET name = $1, origins = $2, link_destinations = $3, checkout_amounts = $4, \
         stripe_webhook_secret = $5, stripe_test_webhook_secret = $6, product_claims = $7, claimed_signups = $8, \
         signups = $9, organic_signups = $10, email_matching = $11, identity_secret = $12, \
         redirect_order = $13, updated_at = $14 WHERE id = $15",
        &[
            (&row.name).into(),
            (&json::from_texts(&row.origins)).into(),
            (&json::from_texts(&row.link_destinations)).into(),
            row.checkout_amounts.name().into(),
            row.stripe_webhook_secret.as_ref().into(),
            row.stripe_test_webhook_secret.as_ref().into(),
            row.claims.products.name().into(),
            row.claims.signups.name().into(),
            row.claims.accepted.name().into(),
            row.claims.organic.into(),
            row.claims.email_matching.into(),
            row.claims.identity_secret.as_ref().into(),
            row.redirect_order.name().into(),
            now.into(),
            row.id.into(),
        ],
    )?;
    Ok(())
}
