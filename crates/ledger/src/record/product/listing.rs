//! Pages of products.

use headwater_protocol::v2::{List, Product};
use headwater_store::Unit;

use super::view::Products;
use crate::record::customer::view::find_referred;
use crate::record::list::ListRequest;
use crate::record::{Ctx, Refusal, filter};

/// A page of products; for a partner, those of the customers whom they referred, or of one of them. Who may see a
/// product depends on its customer, and not on who is credited with it.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    request: &ListRequest,
) -> Result<List<Product>, Refusal> {
    if let (Some(viewer), Some(name)) = (viewer, request.asked("customer_key")) {
        find_referred(unit, ctx, viewer, name)?;
    }
    filter::list::<Products>(unit, ctx, viewer, request)
}
