//! Rows of `tier` and `tiers_collection`.

use headwater_store::{StoreError, Unit, row};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A tier.
    pub(crate) struct TierRow {
        pub(crate) id: i64 = "tier.id",
        pub(crate) key: String = "tier.key",
        pub(crate) name: String = "tier.name",
        pub(crate) description: Option<String> = "tier.description",
        /// The collection's number.
        pub(crate) collection: Option<i64> = "tier.collection",
        pub(crate) position: i64 = "tier.position",
        pub(crate) archived: bool = "tier.archived",
        pub(crate) created_at: i64 = "tier.created_at",
        pub(crate) updated_at: i64 = "tier.updated_at",
        /// Read only: `tcol_…`.
        pub(crate) collection_key: Option<String> = "tiers_collection.key",
    }
}

row! {
    /// A collection of tiers.
    pub(crate) struct TiersCollectionRow {
        pub(crate) id: i64 = "id",
        pub(crate) key: String = "key",
        pub(crate) name: String = "name",
        pub(crate) archived: bool = "archived",
        pub(crate) created_at: i64 = "created_at",
        pub(crate) updated_at: i64 = "updated_at",
    }
}

/// The tables.
pub(super) const TABLES: &str = "
CREATE TABLE tiers_collection (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    name text NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
CREATE TABLE tier (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    key text NOT NULL,
    name text NOT NULL,
    description text,
    collection bigint REFERENCES tiers_collection (id),
    position bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, key)
);
";

/// How tiers are listed.
pub(crate) const TIERS: Listing = Listing {
    from: "tier LEFT JOIN tiers_collection ON tiers_collection.id = tier.collection",
    table: "tier",
    orders: &[("position", "tier.position")],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[ListFilter::vendor(
        "collection_key",
        "The collection they belong to.",
        FilterBy::Record(NamedRecord::TiersCollection, "tier.collection ="),
    )],
};

/// How collections are listed.
pub(crate) const COLLECTIONS: Listing = Listing {
    from: "tiers_collection",
    table: "tiers_collection",
    orders: &[],
    archivable: true,
    modes: false,
    partner: None,
    filters: &[],
};

/// Adds a tier. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &TierRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "tier",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("description", row.description.as_ref().into()),
            ("collection", row.collection.into()),
            ("position", row.position.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(program, key) DO NOTHING",
    )?;
    Ok(added == 1)
}

/// Writes the columns of a tier that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &TierRow) -> Result<(), StoreError> {
    unit.update(
        "tier",
        row.id,
        [
            ("name", (&row.name).into()),
            ("description", row.description.as_ref().into()),
            ("collection", row.collection.into()),
            ("position", row.position.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Adds a collection. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert_collection(
    unit: &mut Unit<'_>,
    program: i64,
    row: &TiersCollectionRow,
) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "tiers_collection",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("key", (&row.key).into()),
            ("name", (&row.name).into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(program, key) DO NOTHING",
    )?;
    Ok(added == 1)
}

/// Writes the columns of a collection that may change.
pub(crate) fn update_collection(unit: &mut Unit<'_>, row: &TiersCollectionRow) -> Result<(), StoreError> {
    unit.update(
        "tiers_collection",
        row.id,
        [
            ("name", (&row.name).into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}
