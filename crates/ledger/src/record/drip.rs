//! Installments that have become due: each is earned if the rules of its trigger still hold, and else ends
//! (triggers.md section 1).

use headwater_attribution::claim::Hold;
use headwater_protocol::Millis;
use headwater_protocol::v2::{RewardStatus, TriggerEvent};
use headwater_store::Unit;

use super::evaluate::{self, Known};
use super::{Ctx, Refusal, reward, trigger};
use crate::store::product::{self, ProductRow};
use crate::store::reward::{self as rewards, RewardRow};
use crate::store::{customer, transaction};

/// Settles an installment whose time has come. One that a person or a refund has decided about stays as it is, but a
/// refunded one ends all the same where its rules no longer hold, so that a refund which is undone does not revive it.
pub(crate) fn settle(unit: &mut Unit<'_>, ctx: &Ctx, id: i64) -> Result<(), Refusal> {
    let Some(row) = rewards::find_by_id(unit, id)? else { return Ok(()) };
    let scheduled = row.status == RewardStatus::Scheduled.name();
    if !scheduled && !reward::is_refunded(&row) {
        return Ok(());
    }
    match verdict(unit, ctx, &row)? {
        None => reward::end_installment(unit, ctx, &row),
        Some(hold) if scheduled => reward::release_installment(unit, ctx, &row, hold),
        Some(_) => Ok(()),
    }
}

/// `None` if the rules no longer hold; else why the reward has to be held, if it has to.
#[expect(clippy::option_option, reason = "whether it is earned, and if so whether it is held")]
fn verdict(unit: &mut Unit<'_>, ctx: &Ctx, row: &RewardRow) -> Result<Option<Option<Hold>>, Refusal> {
    let found = row.trigger.map(|id| trigger::find_compiled(unit, id)).transpose()?.flatten();
    let Some((event, ready)) = found else { return Ok(None) };
    let Some(partner) = evaluate::credited(unit, Some(row.partnership))? else { return Ok(None) };
    let owner = row.customer.map(|id| customer::find_by_id(unit, id)).transpose()?.flatten();
    let txn = row.txn.map(|id| transaction::find_by_id(unit, id)).transpose()?.flatten();
    let number = txn.as_ref().map_or_else(|| product_of(event, row), |txn| txn.product);
    // The product as it is now, not as it was paid for: an installment is for a product that the customer still has.
    let product: Option<ProductRow> = number.map(|id| product::find_by_id(unit, id)).transpose()?.flatten();
    let known = Known {
        customer: owner.as_ref(),
        txn: txn.as_ref(),
        product: product.as_ref().filter(|row| !row.archived),
        record: None,
        history: (0, 0),
    };
    let facts = evaluate::facts(ctx, event, &partner, known)?;
    if ready.compiled.ended(&facts, Millis(row.asked_at.unwrap_or(row.created_at))).is_some() {
        return Ok(None);
    }
    let Some(owner) = &owner else { return Ok(Some(None)) };
    let hold = evaluate::of_installment(unit, ctx, row, (owner, ready.compiled.asks_products()))?;
    Ok(Some(hold))
}

/// The number of the product that an event of a product was about; its key names it.
fn product_of(event: TriggerEvent, row: &RewardRow) -> Option<i64> {
    let key = row.event_key.as_ref().filter(|_| event == TriggerEvent::ProductUpdated)?;
    key.split(':').nth(1)?.parse().ok()
}
