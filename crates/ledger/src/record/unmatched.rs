//! Payments that named a subscription before its product existed.

use headwater_store::Unit;

use super::evaluate::{self, Correction, Preloaded, Reason};
use super::{Ctx, Refusal, save};
use crate::store::product::ProductRow;
use crate::store::transaction;

/// Links the payments that waited for this product and evaluates each.
pub(crate) fn link(unit: &mut Unit<'_>, ctx: &Ctx, product: &ProductRow) -> Result<(), Refusal> {
    let Some(subscription) = &product.external_subscription_key else { return Ok(()) };
    for mut row in transaction::list_unmatched(unit, product.customer, subscription)? {
        row.product = Some(product.id);
        let before = row.partnership;
        row.partnership = product.partnership.or(row.partnership);
        row.updated_at = ctx.now.0;
        save::transaction(unit, ctx, &row)?;
        let preloaded = Preloaded { owner: None, linked: Some(product) };
        // The product has a seller of its own, who earns what the customer's partner was given for the payment.
        if row.partnership != before {
            evaluate::transaction(unit, ctx, &row, preloaded, Reason::Corrected(Correction::Credit))?;
        }
        evaluate::transaction(unit, ctx, &row, preloaded, Reason::Linked)?;
    }
    Ok(())
}
