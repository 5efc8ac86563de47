//! Rows of `program`.

use headwater_protocol::v2::{
    ClaimPolicy, ProductClaims, RedirectOrder, SignupClaims, Signups, WebhookSecrets,
};
use headwater_store::{Record, StoreError, Unit, row};

use super::json;

/// The secrets of billing providers' webhooks by the provider's name, in place of columns for one provider.
pub(super) const WEBHOOK_SECRETS: &str = r#"
ALTER TABLE program ADD COLUMN webhook_secrets text NOT NULL DEFAULT '{}';
ALTER TABLE program ADD COLUMN test_webhook_secrets text NOT NULL DEFAULT '{}';
UPDATE program
    SET webhook_secrets = '{"stripe":"' || replace(replace(stripe_webhook_secret, '\', '\\'), '"', '\"') || '"}'
    WHERE stripe_webhook_secret IS NOT NULL;
UPDATE program
    SET test_webhook_secrets =
        '{"stripe":"' || replace(replace(stripe_test_webhook_secret, '\', '\\'), '"', '\"') || '"}'
    WHERE stripe_test_webhook_secret IS NOT NULL;
ALTER TABLE program DROP COLUMN stripe_webhook_secret;
ALTER TABLE program DROP COLUMN stripe_test_webhook_secret;
"#;

row! {
    /// A program.
    pub(crate) struct ProgramRow {
        pub(crate) id: i64 = "id",
        pub(crate) name: String = "name",
        pub(crate) company_key: String = "company_key",
        pub(crate) public_key: String = "public_key",
        pub(crate) test_public_key: String = "test_public_key",
        pub(crate) origins: Vec<String> = "origins" => json::texts,
        pub(crate) link_destinations: Vec<String> = "link_destinations" => json::texts,
        pub(crate) checkout_amounts: ClaimPolicy = "checkout_amounts"
            => |value| ClaimPolicy::from_name(value.text()?),
        /// The order of a redirect's parameters.
        pub(crate) redirect_order: RedirectOrder = "redirect_order"
            => |value| RedirectOrder::from_name(value.text()?),
        pub(crate) claims: ClaimSettings,
        pub(crate) webhook_secrets: WebhookSecrets = "webhook_secrets" => json::webhook_secrets,
        pub(crate) test_webhook_secrets: WebhookSecrets = "test_webhook_secrets" => json::webhook_secrets,
        /// The version of the program's triggers; read only, see [`super::trigger::set_version`].
        pub(crate) triggers_version: i64 = "triggers_version",
    }
}

row! {
    /// The program's settings for claims (trust.md section 1).
    #[derive(Default)]
    pub(crate) struct ClaimSettings {
        pub(crate) products: ProductClaims = "product_claims"
            => |value| ProductClaims::from_name(value.text()?),
        pub(crate) signups: SignupClaims = "claimed_signups"
            => |value| SignupClaims::from_name(value.text()?),
        /// Which signups are accepted at all.
        pub(crate) accepted: Signups = "signups" => |value| Signups::from_name(value.text()?),
        /// Whether a signup without a partner makes a customer.
        pub(crate) organic: bool = "organic_signups",
        /// Whether a payment's customer may be looked up by address.
        pub(crate) email_matching: bool = "email_matching",
        pub(crate) identity_secret: Option<String> = "identity_secret",
    }
}

row! {
    /// The versions of what is cached of a program. Each changes with every change of what it stands for.
    #[derive(Clone, Copy, Default)]
    pub(crate) struct ProgramVersions {
        /// Of its triggers, see [`super::trigger::set_version`].
        pub(crate) triggers: i64 = "program.triggers_version",
        /// Of its webhooks, see [`super::webhook::set_version`]; 0 when there are none.
        pub(crate) webhooks: i64 = "program.webhooks_version",
    }
}

/// The versions of what is cached of a program.
pub(crate) fn versions(unit: &mut Unit<'_>, id: i64) -> Result<ProgramVersions, StoreError> {
    let sql = format!("SELECT {} FROM program WHERE id = $1", ProgramVersions::COLUMNS);
    Ok(unit.query_one(&sql, &[id.into()], ProgramVersions::from_row)?.unwrap_or_default())
}

const COLUMNS: &str = ProgramRow::COLUMNS;

/// Every program, oldest first.
pub(crate) fn list(unit: &mut Unit<'_>) -> Result<Vec<ProgramRow>, StoreError> {
    unit.query(&format!("SELECT {COLUMNS} FROM program ORDER BY created_at, id"), &[], ProgramRow::from_row)
}

/// A program by its number.
pub(crate) fn find(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProgramRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM program WHERE id = $1"),
        &[id.into()],
        ProgramRow::from_row,
    )
}

/// Locks a program's row until the unit of work ends, where several may write at once.
pub(crate) fn lock(unit: &mut Unit<'_>, id: i64) -> Result<(), StoreError> {
    let sql = "SELECT id FROM program WHERE id = $1 /*! FOR NO KEY UPDATE */";
    unit.query_one::<i64, StoreError>(sql, &[id.into()], |row| row.get(0)).map(drop)
}

/// Adds a program.
pub(crate) fn insert(unit: &mut Unit<'_>, row: &ProgramRow, now: i64) -> Result<(), StoreError> {
    unit.insert(
        "program",
        [
            ("id", row.id.into()),
            ("name", (&row.name).into()),
            ("company_key", (&row.company_key).into()),
            ("public_key", (&row.public_key).into()),
            ("test_public_key", (&row.test_public_key).into()),
            ("origins", (&json::from_texts(&row.origins)).into()),
            ("link_destinations", (&json::from_texts(&row.link_destinations)).into()),
            ("checkout_amounts", row.checkout_amounts.name().into()),
            ("webhook_secrets", (&json::from_webhook_secrets(&row.webhook_secrets)).into()),
            ("test_webhook_secrets", (&json::from_webhook_secrets(&row.test_webhook_secrets)).into()),
            ("created_at", now.into()),
            ("updated_at", now.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProgramRow, now: i64) -> Result<(), StoreError> {
    unit.update(
        "program",
        row.id,
        [
            ("name", (&row.name).into()),
            ("origins", (&json::from_texts(&row.origins)).into()),
            ("link_destinations", (&json::from_texts(&row.link_destinations)).into()),
            ("checkout_amounts", row.checkout_amounts.name().into()),
            ("webhook_secrets", (&json::from_webhook_secrets(&row.webhook_secrets)).into()),
            ("test_webhook_secrets", (&json::from_webhook_secrets(&row.test_webhook_secrets)).into()),
            ("product_claims", row.claims.products.name().into()),
            ("claimed_signups", row.claims.signups.name().into()),
            ("signups", row.claims.accepted.name().into()),
            ("organic_signups", row.claims.organic.into()),
            ("email_matching", row.claims.email_matching.into()),
            ("identity_secret", row.claims.identity_secret.as_ref().into()),
            ("redirect_order", row.redirect_order.name().into()),
            ("updated_at", now.into()),
        ],
    )?;
    Ok(())
}
