//! Tiers of partners, and collections of them.

use headwater_protocol::Millis;
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{DESCRIPTION_MAX, NAME_MAX};
use headwater_protocol::v2::{
    CreateTier, CreateTiersCollection, Tier, TiersCollection, UpdateTier, UpdateTiersCollection,
};
use headwater_store::Unit;

use super::resource::{Editable, Resource, get, require};
use super::{Ctx, Refusal, RefusalKind};
use crate::store::list::Listing;
use crate::store::tier::{self, TierRow, TiersCollectionRow};

/// Tiers.
pub(crate) struct Tiers;

impl Resource for Tiers {
    const NAME: &'static str = "tier";
    const LISTING: &'static Listing = &tier::TIERS;
    type Row = TierRow;
    type Wire = Tier;

    fn render(_: &Ctx, _: Option<i64>, row: TierRow) -> Result<Tier, Refusal> {
        Ok(Tier {
            key: row.key,
            name: row.name,
            description: row.description,
            collection_key: row.collection_key,
            position: row.position,
            archived: row.archived,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

impl Editable for Tiers {
    type New = CreateTier;
    type Change = UpdateTier;

    fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateTier) -> Result<Tier, Refusal> {
        check_length("name", &new.name, 1, NAME_MAX)?;
        check_optional("description", new.description.as_deref(), 0, DESCRIPTION_MAX)?;
        let row = TierRow {
            id: ctx.next_id(),
            key: super::own_key(ctx, Prefix::Tier, new.key)?,
            name: new.name,
            description: new.description,
            collection: find_collection(unit, ctx, new.collection_key.as_deref())?,
            position: new.position.unwrap_or(0),
            archived: false,
            created_at: ctx.now.0,
            updated_at: ctx.now.0,
            collection_key: None,
        };
        if !tier::insert(unit, ctx.program, &row)? {
            return Err(taken("tier", &row.key));
        }
        get::<Self>(unit, ctx, None, &row.key)
    }

    fn update(unit: &mut Unit<'_>, ctx: &Ctx, key: &str, change: UpdateTier) -> Result<Tier, Refusal> {
        let mut row = require::<Self>(unit, ctx, None, key)?;
        check_optional("name", change.name.as_deref(), 1, NAME_MAX)?;
        check_optional("description", change.description.as_deref(), 0, DESCRIPTION_MAX)?;
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.or(row.description);
        row.collection = find_collection(unit, ctx, change.collection_key.as_deref())?.or(row.collection);
        row.position = change.position.unwrap_or(row.position);
        row.archived = change.archived.unwrap_or(row.archived);
        row.updated_at = ctx.now.0;
        tier::update(unit, &row)?;
        get::<Self>(unit, ctx, None, key)
    }

    /// Partners who are in the tier stay there.
    fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Tier, Refusal> {
        Self::update(unit, ctx, key, UpdateTier { archived: Some(true), ..UpdateTier::default() })
    }
}

fn taken(what: &str, key: &str) -> Refusal {
    let message = format!("a {what} with key '{key}' exists");
    Refusal::new(RefusalKind::Conflict, &format!("{what}_exists"), message).field("key")
}

fn find_collection(unit: &mut Unit<'_>, ctx: &Ctx, key: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(key) = key else { return Ok(None) };
    if let Some(row) = TiersCollections::find(unit, ctx, None, key)? {
        return Ok(Some(row.id));
    }
    let message = format!("collection_key names no collection: '{}'", super::refusal::short(key));
    Err(Refusal::invalid("unknown_collection", "collection_key", message))
}

/// The tier that a body names as `tier_key`, which a partner may enter.
pub(crate) fn find_open(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TierRow, Refusal> {
    Tiers::find(unit, ctx, None, key)?.filter(|row| !row.archived).ok_or_else(|| {
        let message = format!("tier_key names no tier: '{}'", super::refusal::short(key));
        Refusal::invalid("unknown_tier", "tier_key", message).hint("GET /api/v2/tiers lists them")
    })
}

/// Collections of tiers.
pub(crate) struct TiersCollections;

impl Resource for TiersCollections {
    const NAME: &'static str = "tiers collection";
    const LISTING: &'static Listing = &tier::COLLECTIONS;
    type Row = TiersCollectionRow;
    type Wire = TiersCollection;

    fn render(_: &Ctx, _: Option<i64>, row: TiersCollectionRow) -> Result<TiersCollection, Refusal> {
        Ok(TiersCollection {
            key: row.key,
            name: row.name,
            archived: row.archived,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

impl Editable for TiersCollections {
    type New = CreateTiersCollection;
    type Change = UpdateTiersCollection;

    fn record(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        new: CreateTiersCollection,
    ) -> Result<TiersCollection, Refusal> {
        check_length("name", &new.name, 1, NAME_MAX)?;
        let row = TiersCollectionRow {
            id: ctx.next_id(),
            key: super::own_key(ctx, Prefix::TiersCollection, new.key)?,
            name: new.name,
            archived: false,
            created_at: ctx.now.0,
            updated_at: ctx.now.0,
        };
        if !tier::insert_collection(unit, ctx.program, &row)? {
            return Err(taken("tiers_collection", &row.key));
        }
        Self::render(ctx, None, row)
    }

    fn update(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        key: &str,
        change: UpdateTiersCollection,
    ) -> Result<TiersCollection, Refusal> {
        let mut row = require::<Self>(unit, ctx, None, key)?;
        check_optional("name", change.name.as_deref(), 1, NAME_MAX)?;
        row.name = change.name.unwrap_or(row.name);
        row.archived = change.archived.unwrap_or(row.archived);
        row.updated_at = ctx.now.0;
        tier::update_collection(unit, &row)?;
        Self::render(ctx, None, row)
    }

    fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TiersCollection, Refusal> {
        let change = UpdateTiersCollection { archived: Some(true), ..UpdateTiersCollection::default() };
        Self::update(unit, ctx, key, change)
    }
}
