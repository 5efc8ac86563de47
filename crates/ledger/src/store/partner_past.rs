//! Rows of `partner_past`: what rules could ask about a partner until it changed, so that a correction asks them as of the
//! time of the event. A row is added by each change of group, tags or tier, and read by corrections alone.

use headwater_store::{Record, StoreError, Unit, row};

use super::json;

/// The table.
pub(super) const TABLE: &str = "
CREATE TABLE partner_past (
    partnership bigint NOT NULL REFERENCES partnership (id),
    until bigint NOT NULL,
    grp_key text,
    grp_slug text,
    tags text NOT NULL,
    tier_key text,
    tier_name text,
    PRIMARY KEY (partnership, until)
);
";

row! {
    /// A partner as it was.
    #[derive(Debug, Clone)]
    pub(crate) struct PastFacts {
        pub(crate) group_key: Option<String> = "grp_key",
        pub(crate) group_slug: Option<String> = "grp_slug",
        pub(crate) tags: Vec<String> = "tags" => json::texts,
        pub(crate) tier_key: Option<String> = "tier_key",
        pub(crate) tier_name: Option<String> = "tier_name",
    }
}

/// What a partner is about to become.
pub(super) struct PartnerChange<'a> {
    /// The partnership's number.
    pub(super) partnership: i64,
    /// The group's number.
    pub(super) group: Option<i64>,
    /// The tier's number.
    pub(super) tier: Option<i64>,
    pub(super) tags: &'a [String],
    pub(super) at: i64,
}

/// Keeps what a partner is, as it is stored, if it is about to change.
pub(super) fn insert(unit: &mut Unit<'_>, to: &PartnerChange<'_>) -> Result<(), StoreError> {
    unit.execute(
        "INSERT INTO partner_past (partnership, until, grp_key, grp_slug, tags, tier_key, tier_name) \
         SELECT partnership.id, CAST($1 AS bigint), grp.key, grp.slug, partnership.tags, tier.key, tier.name FROM partnership \
         LEFT JOIN grp ON grp.id = partnership.grp LEFT JOIN tier ON tier.id = partnership.tier \
         WHERE partnership.id = $2 AND (coalesce(partnership.grp, 0) <> $3 OR coalesce(partnership.tier, 0) <> $4 \
         OR partnership.tags <> $5) ON CONFLICT (partnership, until) DO NOTHING",
        &[
            to.at.into(),
            to.partnership.into(),
            to.group.unwrap_or_default().into(),
            to.tier.unwrap_or_default().into(),
            (&json::from_texts(to.tags)).into(),
        ],
    )?;
    Ok(())
}

/// A partner as it was at a time; `None` if it has not changed since.
pub(crate) fn find(unit: &mut Unit<'_>, partnership: i64, at: i64) -> Result<Option<PastFacts>, StoreError> {
    let sql = format!(
        "SELECT {} FROM partner_past WHERE partnership = $1 AND until > $2 ORDER BY until LIMIT 1",
        PastFacts::COLUMNS
    );
    unit.query_one(&sql, &[partnership.into(), at.into()], PastFacts::from_row)
}
