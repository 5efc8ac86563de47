//! Rows of `partnership`.

use headwater_protocol::v2::FormValue;
use headwater_store::{Record, StoreError, Unit, row};
use serde_json::{Map, Value};

use super::group::FeatureFlags;
use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};
use super::partner_past::{self, PartnerChange};

row! {
    /// A partner's membership of a program, with its group and its totals.
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
        /// The tier's number.
        pub(crate) tier: Option<i64> = "partnership.tier",
        pub(crate) manager_email: Option<String> = "partnership.manager_email",
        pub(crate) manager_name: Option<String> = "partnership.manager_name",
        pub(crate) address: Option<Map<String, Value>> = "partnership.address" => json::object,
        pub(crate) fields: Vec<FormValue> = "partnership.fields" => json::read,
        pub(crate) tags: Vec<String> = "partnership.tags" => json::texts,
        pub(crate) approved_status: String = "partnership.approved_status",
        pub(crate) archived: bool = "partnership.archived",
        pub(crate) created_at: i64 = "partnership.created_at",
        pub(crate) updated_at: i64 = "partnership.updated_at",
        /// Read only.
        pub(crate) group_facts: Option<GroupFacts>,
        /// Read only.
        pub(crate) tier_facts: Option<TierFacts>,
        /// Production customers that are not archived.
        pub(crate) customers: i64 = "coalesce(partner_total.customers, 0)",
        /// Clicks of people.
        pub(crate) clicks: i64 = "coalesce(partner_total.clicks, 0)",
        /// For each currency its code, revenue and commission, with `:` between them and `,` between currencies.
        pub(crate) money: Option<String> =
            "(SELECT string_agg(currency || ':' || revenue || ':' || commission, ',') FROM partner_money \
             WHERE partner_money.partnership = partnership.id)",
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
        pub(crate) features: FeatureFlags,
    }
}

impl GroupFacts {
    /// A group that a partner was in: what rules may ask, and nothing else.
    pub(crate) fn past(key: String, slug: String) -> Self {
        let features = FeatureFlags {
            application_enabled: false,
            deals_enabled: false,
            disable_link_create: false,
            leads_enabled: false,
        };
        Self { key, name: String::new(), slug, archived: false, is_default: false, features }
    }
}

row! {
    /// A partner's tier; read only.
    #[derive(Debug, Clone)]
    pub(crate) struct TierFacts {
        pub(crate) key: String = "tier.key",
        pub(crate) name: String = "tier.name",
    }
}

/// What the API shows of a partner, and indexes of what lists ask for. Tags are also rows of their own, so that the
/// partners of a tag are found without reading the others; those of older partners are cut out of their JSON text, in
/// which `","` stands only between two tags.
pub(super) const PROFILE: &str = r#"
ALTER TABLE partnership ADD COLUMN tier bigint REFERENCES tier (id);
ALTER TABLE partnership ADD COLUMN manager_email text;
ALTER TABLE partnership ADD COLUMN manager_name text;
ALTER TABLE partnership ADD COLUMN address text;
ALTER TABLE partnership ADD COLUMN fields text NOT NULL DEFAULT '[]';
CREATE INDEX partnership_by_group ON partnership (grp, program, created_at, id);
CREATE INDEX partnership_by_status ON partnership (program, approved_status, created_at, id);
CREATE INDEX partnership_by_tier ON partnership (tier, program, created_at, id) WHERE tier IS NOT NULL;
CREATE INDEX partnership_by_manager ON partnership (program, manager_email, created_at, id)
    WHERE manager_email IS NOT NULL;
CREATE TABLE partnership_tag (
    partnership bigint NOT NULL REFERENCES partnership (id),
    tag text NOT NULL,
    PRIMARY KEY (partnership, tag)
);
CREATE INDEX partnership_tag_by_tag ON partnership_tag (tag, partnership);
INSERT INTO partnership_tag (partnership, tag)
    WITH RECURSIVE place (n) AS (
        SELECT 1 UNION ALL SELECT n + 1 FROM place
        WHERE n < (SELECT coalesce(max(length(tags)), 0) FROM partnership)
    )
    SELECT DISTINCT id, replace(replace(tag, '\"', '"'), '\\', '\') FROM (
        SELECT partnership.id, head.n, substr(tags, head.n, min(tail.n) - head.n) AS tag
        FROM partnership
        JOIN place AS head ON head.n = 3 OR (head.n > 3 AND substr(tags, head.n - 3, 3) = '","')
        JOIN place AS tail ON tail.n >= head.n
            AND (substr(tags, tail.n, 3) = '","' OR tail.n = length(tags) - 1)
        WHERE tags <> '[]' AND head.n < length(tags)
        GROUP BY partnership.id, tags, head.n
    ) AS found;
"#;

const COLUMNS: &str = PartnershipRow::COLUMNS;
const FROM: &str = "partnership LEFT JOIN grp ON grp.id = partnership.grp \
     LEFT JOIN tier ON tier.id = partnership.tier \
     LEFT JOIN partner_total ON partner_total.partnership = partnership.id";

/// The words of `approved_status`.
pub(crate) const APPROVED_STATUSES: &[&str] = &["approved", "pending", "declined"];

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "partnership",
    orders: &[],
    archivable: true,
    modes: false,
    partner: Some("partnership.id ="),
    filters: &[
        ListFilter::vendor(
            "group_key",
            "The partners' group: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "partnership.grp ="),
        ),
        ListFilter::vendor(
            "approved_status",
            "Whether they are approved.",
            FilterBy::Word("partnership.approved_status =", APPROVED_STATUSES),
        ),
        ListFilter::vendor("email", "The partner's address.", FilterBy::Text("partnership.email =")),
        ListFilter::vendor(
            "tag",
            "A tag that they have.",
            FilterBy::Within("partnership.id IN (SELECT partnership FROM partnership_tag WHERE tag ="),
        ),
        ListFilter::vendor(
            "tier_key",
            "Their tier.",
            FilterBy::Record(NamedRecord::Tier, "partnership.tier ="),
        ),
        ListFilter::vendor(
            "manager_email",
            "Who looks after them.",
            FilterBy::Text("partnership.manager_email ="),
        ),
    ],
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
            ("tier", row.tier.into()),
            ("manager_email", row.manager_email.as_ref().into()),
            ("manager_name", row.manager_name.as_ref().into()),
            ("address", json::from_object(row.address.as_ref()).as_ref().into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("tags", (&json::from_texts(&row.tags)).into()),
            ("approved_status", (&row.approved_status).into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    insert_tags(unit, row)
}

fn insert_tags(unit: &mut Unit<'_>, row: &PartnershipRow) -> Result<(), StoreError> {
    for tag in &row.tags {
        let values = [("partnership", row.id.into()), ("tag", tag.into())];
        unit.insert_on_conflict("partnership_tag", values, "(partnership, tag) DO NOTHING")?;
    }
    Ok(())
}

/// Writes the columns that may change. `updated_at` is the time of the change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &PartnershipRow) -> Result<(), StoreError> {
    let to = PartnerChange {
        partnership: row.id,
        group: row.group,
        tier: row.tier,
        tags: &row.tags,
        at: row.updated_at,
    };
    partner_past::insert(unit, &to)?;
    unit.update(
        "partnership",
        row.id,
        [
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("grp", row.group.into()),
            ("tier", row.tier.into()),
            ("manager_email", row.manager_email.as_ref().into()),
            ("manager_name", row.manager_name.as_ref().into()),
            ("address", json::from_object(row.address.as_ref()).as_ref().into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("tags", (&json::from_texts(&row.tags)).into()),
            ("approved_status", (&row.approved_status).into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    unit.execute("DELETE FROM partnership_tag WHERE partnership = $1", &[row.id.into()])?;
    insert_tags(unit, row)
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
