//! Writes new and changed records, and queues their events for webhooks. Whoever changes a customer, a product, a
//! payment or a reward does it here, so that no change is silent.

use headwater_protocol::v2::WebhookEvent;
use headwater_store::{StoreError, Unit};

use super::customer::view::Customers;
use super::outgoing::{self, OutgoingEvent};
use super::product::view::Products;
use super::resource::Resource;
use super::reward::view::Rewards;
use super::transaction::view::Transactions;
use super::{Ctx, Refusal};
use crate::store::customer::{self, CustomerRow};
use crate::store::product::{self, ProductRow};
use crate::store::reward::{self, RewardRow, StatusChange};
use crate::store::transaction::{self, TransactionRow};

/// Queues an event of a record if anybody listens. Products, payments and rewards are read again: who changes what one
/// refers to, such as its customer or partner, sets the number in the row and not the names that are shown.
fn announce<R: Resource>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    what: OutgoingEvent,
    find: impl FnOnce(&mut Unit<'_>) -> Result<Option<R::Row>, StoreError>,
) -> Result<(), Refusal> {
    if !outgoing::listens(unit, ctx, what.event())? {
        return Ok(());
    }
    let Some(row) = find(unit)? else { return Ok(()) };
    outgoing::queue(unit, ctx, what, &R::render(ctx, None, row)?)
}

/// A customer's row always has the names that the company is shown, because [`CustomerRow::credit_to`] sets them with the
/// number: it is not read again.
fn announce_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: WebhookEvent,
    row: &CustomerRow,
) -> Result<(), Refusal> {
    let what = OutgoingEvent::of_customer(event, row.id);
    announce::<Customers>(unit, ctx, what, |_| Ok(Some(row.clone())))
}

/// Adds a customer; see [`customer::insert`].
pub(crate) fn new_customer(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<bool, Refusal> {
    let added = customer::insert(unit, ctx.program, row)?;
    if added {
        announce_customer(unit, ctx, WebhookEvent::CustomerCreated, row)?;
    }
    Ok(added)
}

/// Writes a changed customer.
pub(crate) fn customer(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<(), Refusal> {
    customer::update(unit, row)?;
    announce_customer(unit, ctx, WebhookEvent::CustomerUpdated, row)
}

/// Writes what is left of a deleted customer.
pub(crate) fn deleted_customer(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<(), Refusal> {
    customer::update(unit, row)?;
    announce_customer(unit, ctx, WebhookEvent::CustomerDeleted, row)
}

fn announce_product(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: WebhookEvent,
    row: &ProductRow,
) -> Result<(), Refusal> {
    let what = OutgoingEvent::of_customer(event, row.customer);
    announce::<Products>(unit, ctx, what, |unit| product::find_by_id(unit, row.id))
}

/// Adds a product.
pub(crate) fn new_product(unit: &mut Unit<'_>, ctx: &Ctx, row: &ProductRow) -> Result<(), Refusal> {
    product::insert(unit, ctx.scope(), row)?;
    announce_product(unit, ctx, WebhookEvent::ProductCreated, row)
}

/// Writes a changed product.
pub(crate) fn product(unit: &mut Unit<'_>, ctx: &Ctx, row: &ProductRow) -> Result<(), Refusal> {
    product::update(unit, row)?;
    announce_product(unit, ctx, WebhookEvent::ProductUpdated, row)
}

/// Queues an event of a payment that is written already.
pub(crate) fn announce_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: WebhookEvent,
    row: &TransactionRow,
) -> Result<(), Refusal> {
    let what = OutgoingEvent::of_customer(event, row.customer);
    announce::<Transactions>(unit, ctx, what, |unit| transaction::find_by_id(unit, row.id))
}

/// Adds a payment; see [`transaction::insert`].
pub(crate) fn new_transaction(unit: &mut Unit<'_>, ctx: &Ctx, row: &TransactionRow) -> Result<bool, Refusal> {
    let added = transaction::insert(unit, ctx.program, row)?;
    if added {
        announce_transaction(unit, ctx, WebhookEvent::TransactionCreated, row)?;
    }
    Ok(added)
}

/// Writes a changed payment.
pub(crate) fn transaction(unit: &mut Unit<'_>, ctx: &Ctx, row: &TransactionRow) -> Result<(), Refusal> {
    transaction::update(unit, row)?;
    announce_transaction(unit, ctx, WebhookEvent::TransactionUpdated, row)
}

/// Adds a reward or a reversal; see [`reward::insert`].
pub(crate) fn new_reward(unit: &mut Unit<'_>, ctx: &Ctx, row: &RewardRow) -> Result<bool, Refusal> {
    let added = reward::insert(unit, ctx.program, row)?;
    if added {
        let what = OutgoingEvent::new(WebhookEvent::RewardCreated, row.customer);
        announce::<Rewards>(unit, ctx, what, |unit| reward::find_by_id(unit, row.id))?;
    }
    Ok(added)
}

/// Sets the status of a reward and of its reversals; see [`reward::set_status`].
pub(crate) fn reward_status(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    id: i64,
    to: &StatusChange<'_>,
) -> Result<(), Refusal> {
    reward::set_status(unit, id, to)?;
    if !outgoing::listens(unit, ctx, WebhookEvent::RewardUpdated)? {
        return Ok(());
    }
    let mut changed: Vec<_> = reward::find_by_id(unit, id)?.into_iter().collect();
    let followed = |row: &RewardRow| row.status == to.status && row.updated_at == to.at;
    changed.extend(reward::list_reversals(unit, id)?.into_iter().filter(followed));
    announce_rewards(unit, ctx, changed)
}

/// Queues the events of the rewards that were paid with an invoice.
pub(crate) fn announce_paid(unit: &mut Unit<'_>, ctx: &Ctx, invoice: i64) -> Result<(), Refusal> {
    if !outgoing::listens(unit, ctx, WebhookEvent::RewardUpdated)? {
        return Ok(());
    }
    let paid = reward::list_on_invoice(unit, invoice)?;
    announce_rewards(unit, ctx, paid)
}

fn announce_rewards(unit: &mut Unit<'_>, ctx: &Ctx, changed: Vec<RewardRow>) -> Result<(), Refusal> {
    for row in changed {
        let what = OutgoingEvent::new(WebhookEvent::RewardUpdated, row.customer);
        outgoing::queue(unit, ctx, what, &Rewards::render(ctx, None, row)?)?;
    }
    Ok(())
}
