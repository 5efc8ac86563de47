//! Which rewards wait until a claim is confirmed (trust.md section 1).

use headwater_attribution::claim::{Claims, Hold, hold};
use headwater_protocol::v2::TriggerEvent;
use headwater_store::Unit;

use super::gather::{claims_of, policy};
use crate::record::paid_for::linked;
use crate::record::{Ctx, Refusal, program, reward, trigger};
use crate::store::customer::{self, CustomerRow};
use crate::store::product;
use crate::store::reward::{self as rewards, EarnedBy, RewardRow};
use crate::store::transaction::{self, TransactionRow};

/// Computes anew which of this customer's rewards are on hold, after a source has spoken about the customer.
pub(crate) fn refresh_holds(unit: &mut Unit<'_>, ctx: &Ctx, owner: &CustomerRow) -> Result<(), Refusal> {
    let open: Vec<_> = rewards::list_earned(unit, EarnedBy::ForCustomer(owner.id))?
        .into_iter()
        .map(|(row, _)| row)
        .filter(|row| reward::rests_on_claims(row) || (owner.contested && reward::is_pending(row)))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let row = program::find(unit, ctx.program)?;
    let policy = (row.claims.signups, row.claims.products);
    let triggers = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
    for row in open {
        let (event, claims) = rests_on(unit, &row, owner)?;
        // An archived or inactive trigger is not compiled, so assume that it asked about products: its rewards stay
        // on hold.
        let asks = triggers.iter().find(|ready| Some(ready.id) == row.trigger);
        let asks = asks.is_none_or(|ready| ready.compiled.asks_products());
        reward::update_hold(unit, ctx, &row, hold(event, asks, claims, policy))?;
    }
    Ok(())
}

/// Holds again what a refund had declined and which is open now that it is undone, where it still rests on a claim.
pub(crate) fn hold_reopened(unit: &mut Unit<'_>, ctx: &Ctx, txn: &TransactionRow) -> Result<(), Refusal> {
    let Some(owner) = customer::find_by_id(unit, txn.customer)? else { return Ok(()) };
    for (row, _) in rewards::list_earned(unit, EarnedBy::ByPayment(txn.id))? {
        let Some(id) = row.trigger.filter(|_| reward::is_pending(&row)) else { continue };
        let asks = trigger::find_compiled(unit, id)?.is_none_or(|(_, ready)| ready.compiled.asks_products());
        let why = of_installment(unit, ctx, &row, (&owner, asks))?;
        reward::update_hold(unit, ctx, &row, why)?;
    }
    Ok(())
}

/// Why an installment that has become due has to wait on, if it has to.
pub(crate) fn of_installment(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &RewardRow,
    (owner, asks_products): (&CustomerRow, bool),
) -> Result<Option<Hold>, Refusal> {
    let (event, claims) = rests_on(unit, row, owner)?;
    let policy = policy(unit, ctx, claims)?;
    Ok(hold(event, asks_products, claims, policy))
}

/// The event behind a reward, and what of it only a page has stated.
fn rests_on(
    unit: &mut Unit<'_>,
    row: &RewardRow,
    owner: &CustomerRow,
) -> Result<(TriggerEvent, Claims), Refusal> {
    let mut claims = claims_of(owner);
    let of_signup = row.event_key.as_ref().is_some_and(|key| key.starts_with("customer:"));
    let of_product = row.event_key.as_ref().and_then(|key| key.strip_prefix("product:"));
    let event = match row.txn {
        None if of_signup => TriggerEvent::CustomerCreated,
        None if of_product.is_some() => {
            let number = of_product.and_then(|rest| rest.split(':').next()?.parse().ok());
            let changed = number.map(|id| product::find_by_id(unit, id)).transpose()?.flatten();
            claims.product = changed.is_some_and(|row| row.confirmed_at.is_none());
            TriggerEvent::ProductUpdated
        }
        // Of the events without a payment only a signup rests on who the customer is.
        None => TriggerEvent::ActionRecorded,
        Some(txn) => {
            let paid = transaction::find_by_id(unit, txn)?;
            let linked = paid.map(|paid| linked(unit, &paid)).transpose()?.flatten();
            claims.product = linked.is_some_and(|row| row.confirmed_at.is_none());
            TriggerEvent::TransactionCreated
        }
    };
    Ok((event, claims))
}
