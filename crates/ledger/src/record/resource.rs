//! Resources: kinds of objects that the API lists and shows, each described once: listing and finding them follow
//! from the description.

use headwater_store::{Record, Unit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::list::ListRequest;
use super::{Ctx, Refusal};
use crate::store::list::{Condition, Listing, find};

/// A kind of objects.
pub(crate) trait Resource: Send + 'static {
    /// What one is called in errors and sentences, such as `reward`.
    const NAME: &'static str;
    /// How it is read from its table, and what its list may be asked for.
    const LISTING: &'static Listing;
    /// A row of its table.
    type Row: Record + Send;
    /// What the API shows.
    type Wire: Serialize + ToSchema + Send + 'static;

    /// The object as the vendor sees it, or the partner whose number is given.
    fn render(ctx: &Ctx, viewer: Option<i64>, row: Self::Row) -> Result<Self::Wire, Refusal>;

    /// Whether the vendor's list carries `total`. A partner's lists always do.
    const COUNTED: bool = false;

    /// The kept number of items of the whole list, where one is kept.
    fn kept_total(_: &mut Unit<'_>, _: &Ctx, _viewer: Option<i64>) -> Result<Option<i64>, Refusal> {
        Ok(None)
    }

    /// Conditions of the list that no parameter asks for.
    fn implied(_request: &ListRequest) -> Vec<Condition> {
        Vec::new()
    }

    /// The row that a path names: by our key. Those out of the caller's sight are not found.
    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        viewer: Option<i64>,
        name: &str,
    ) -> Result<Option<Self::Row>, Refusal> {
        Ok(find(unit, Self::LISTING, Self::LISTING.scope(ctx.scope(), viewer), name)?)
    }
}

/// A kind of objects that the vendor makes, changes and archives.
pub(crate) trait Editable: Resource {
    /// What a client sends to make one.
    type New: DeserializeOwned + ToSchema + Clone + Send + 'static;
    /// What a client sends to change one.
    type Change: DeserializeOwned + ToSchema + Clone + Send + 'static;

    /// Makes one.
    fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: Self::New) -> Result<Self::Wire, Refusal>;
    /// Changes the one that a path names.
    fn update(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        name: &str,
        change: Self::Change,
    ) -> Result<Self::Wire, Refusal>;
    /// Archives the one that a path names.
    fn archive(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Self::Wire, Refusal>;
}

/// The row that a path names, or the refusal.
pub(crate) fn require<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    name: &str,
) -> Result<R::Row, Refusal> {
    R::find(unit, ctx, viewer, name)?.ok_or_else(|| Refusal::not_found(R::NAME, name))
}

/// The object that a path names.
pub(crate) fn get<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    name: &str,
) -> Result<R::Wire, Refusal> {
    let row = require::<R>(unit, ctx, viewer, name)?;
    R::render(ctx, viewer, row)
}
