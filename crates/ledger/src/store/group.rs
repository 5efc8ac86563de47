//! Rows of `grp`, the groups of partners.

use headwater_protocol::v2::GroupFeatures;
use headwater_store::{Record, StoreError, Unit, row};

use super::list::Listing;

row! {
    /// A group.
    pub(crate) struct GroupRow {
        pub(crate) id: i64 = "id",
        pub(crate) key: String = "key",
        pub(crate) name: String = "name",
        pub(crate) slug: String = "slug",
        pub(crate) is_default: bool = "is_default",
        pub(crate) archived: bool = "archived",
        pub(crate) created_at: i64 = "created_at",
        pub(crate) updated_at: i64 = "updated_at",
        pub(crate) features: FeatureFlags,
    }
}

row! {
    /// What the partners of a group may do.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct FeatureFlags {
        pub(crate) application_enabled: bool = "grp.application_enabled",
        pub(crate) deals_enabled: bool = "grp.deals_enabled",
        pub(crate) disable_link_create: bool = "grp.disable_link_create",
        pub(crate) leads_enabled: bool = "grp.leads_enabled",
    }
}

impl From<FeatureFlags> for GroupFeatures {
    fn from(flags: FeatureFlags) -> Self {
        let FeatureFlags { application_enabled, deals_enabled, disable_link_create, leads_enabled } = flags;
        Self { application_enabled, deals_enabled, disable_link_create, leads_enabled }
    }
}

/// What the partners of a group may do. Those of groups from before may go on doing everything.
pub(super) const FEATURES: &str = "
ALTER TABLE grp ADD COLUMN application_enabled bigint NOT NULL DEFAULT 1;
ALTER TABLE grp ADD COLUMN deals_enabled bigint NOT NULL DEFAULT 1;
ALTER TABLE grp ADD COLUMN disable_link_create bigint NOT NULL DEFAULT 0;
ALTER TABLE grp ADD COLUMN leads_enabled bigint NOT NULL DEFAULT 1;
";

const COLUMNS: &str = GroupRow::COLUMNS;

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: "grp",
    table: "grp",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[],
};

/// Adds a group. A new default group replaces the old one.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &GroupRow) -> Result<(), StoreError> {
    if row.is_default {
        unit.execute("UPDATE grp SET is_default = 0 WHERE program = $1", &[program.into()])?;
    }
    unit.insert(
        "grp",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("slug", (&row.slug).into()),
            ("is_default", row.is_default.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
            ("application_enabled", row.features.application_enabled.into()),
            ("deals_enabled", row.features.deals_enabled.into()),
            ("disable_link_create", row.features.disable_link_create.into()),
            ("leads_enabled", row.features.leads_enabled.into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change. A new default group replaces the old one.
pub(crate) fn update(unit: &mut Unit<'_>, program: i64, row: &GroupRow) -> Result<(), StoreError> {
    if row.is_default {
        unit.execute("UPDATE grp SET is_default = 0 WHERE program = $1", &[program.into()])?;
    }
    unit.update(
        "grp",
        row.id,
        [
            ("name", (&row.name).into()),
            ("is_default", row.is_default.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
            ("application_enabled", row.features.application_enabled.into()),
            ("deals_enabled", row.features.deals_enabled.into()),
            ("disable_link_create", row.features.disable_link_create.into()),
            ("leads_enabled", row.features.leads_enabled.into()),
        ],
    )?;
    Ok(())
}

/// A group by its key or its slug.
pub(crate) fn find(unit: &mut Unit<'_>, program: i64, name: &str) -> Result<Option<GroupRow>, StoreError> {
    for column in ["key", "slug"] {
        let sql = format!("SELECT {COLUMNS} FROM grp WHERE program = $1 AND {column} = $2");
        if let Some(found) = unit.query_one(&sql, &[program.into(), name.into()], GroupRow::from_row)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The group that new partners join.
pub(crate) fn find_default(unit: &mut Unit<'_>, program: i64) -> Result<Option<GroupRow>, StoreError> {
    unit.query_one(
        &format!("SELECT {COLUMNS} FROM grp WHERE program = $1 AND is_default = 1"),
        &[program.into()],
        GroupRow::from_row,
    )
}
