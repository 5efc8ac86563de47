//! Reports of a product's status, which arrive in any order: which of two counts, and what a product was before the last.

use headwater_protocol::v2::{CreateProduct, ProductStatus};
use headwater_store::Unit;

use crate::record::Refusal;
use crate::store::product::ProductRow;
use crate::store::product_past;

/// Keeps which status a product had when, if this report is about to replace it, or is the older one. Returns since when
/// the product was something else than was known.
pub(super) fn remember_status(
    unit: &mut Unit<'_>,
    row: &ProductRow,
    (late, status, at): (bool, &str, Option<i64>),
) -> Result<Option<i64>, Refusal> {
    if !late {
        let ended = row.status == ProductStatus::Churned.name();
        if let Some(since) = row.occurred_at.filter(|_| ended || row.status != status) {
            product_past::insert(unit, row.id, (since, &row.status))?;
        }
        return Ok(None);
    }
    let Some(at) = at else { return Ok(None) };
    let known = product_past::find(unit, row.id, at)?;
    let news = product_past::insert(unit, row.id, (at, status))? && known.as_deref() != Some(status);
    Ok(Some(at).filter(|_| news))
}

/// Whether a report is older than what is known. Of two reports of the same moment the later stage of a subscription
/// wins, so that the order of arrival does not matter.
pub(super) fn is_late(row: &ProductRow, new: &CreateProduct) -> bool {
    let (Some(known), Some(reported)) = (row.occurred_at, new.occurred_at) else { return false };
    let stage = |status: ProductStatus| match status {
        ProductStatus::Trial => 0,
        ProductStatus::Active => 1,
        ProductStatus::Churned => 2,
    };
    let known_stage = stage(ProductStatus::from_name(&row.status).unwrap_or_default());
    reported.0 < known || (reported.0 == known && stage(new.status) < known_stage)
}
