//! What happens when a source reports a customer or a product that exists: claims are confirmed, corrected or left
//! alone, and the rewards that rest on them follow (trust.md section 1). `attribution::claim` decides, this module
//! writes.

use headwater_attribution::claim::{Resolution, resolve};
use headwater_protocol::limits::LIST_MAX;
use headwater_protocol::v2::{Change, List};
use headwater_protocol::{Millis, Source};
use headwater_store::Unit;

use super::evaluate::{self, Correction, Preloaded, Reason};
use super::{Ctx, Refusal, save};
use crate::store::click;
use crate::store::customer::{self, CustomerRow};
use crate::store::partnership;
use crate::store::product::{self, ProductRow};
use crate::store::product_book::ProductBookRow;
use crate::store::provider_id::{self, ProviderId};
use crate::store::record_change::{self, ChangeRow};
use crate::store::transaction::{self, TransactionRow};

/// Adds a change of a field, with its source, to a record's history.
pub(crate) fn remember(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    subject: &str,
    field: &str,
    (old, new): (Option<String>, Option<String>),
) -> Result<(), Refusal> {
    let row = ChangeRow {
        id: ctx.next_id(),
        subject: subject.to_owned(),
        source: ctx.source,
        field: field.to_owned(),
        old,
        new,
        created_at: ctx.now.0,
    };
    Ok(record_change::insert(unit, ctx.scope(), &row)?)
}

/// Confirms a customer whom any source but a page has named: it is no longer a claim, and rewards that waited for
/// this are released.
pub(crate) fn confirm(unit: &mut Unit<'_>, ctx: &Ctx, row: &mut CustomerRow) -> Result<(), Refusal> {
    let first = row.confirmed_at.is_none();
    if ctx.source.is_claim() || (!first && ctx.source <= row.source) {
        return Ok(());
    }
    row.source = row.source.max(ctx.source);
    row.confirmed_at = row.confirmed_at.or(Some(ctx.now.0));
    save::customer(unit, ctx, row)?;
    if first {
        remember(unit, ctx, &row.key, "confirmed_at", (None, Some(ctx.now.0.to_string())))?;
        evaluate::refresh_holds(unit, ctx, row)?;
    }
    Ok(())
}

/// Applies a source's report that `partnership` referred the customer. A page changes no credit; but a page that
/// names another partner before the customer is confirmed makes the credit contested.
pub(crate) fn credit(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut CustomerRow,
    partnership: i64,
) -> Result<(), Refusal> {
    let same = row.partnership == Some(partnership);
    if ctx.source.is_claim() {
        let open = row.confirmed_at.is_none() && row.partnership.is_some() && !row.contested;
        return if open && !same { contest(unit, ctx, row, partnership) } else { Ok(()) };
    }
    match resolve(row.credit_source, same, ctx.source) {
        Resolution::Keep => Ok(()),
        Resolution::Confirm => {
            let settled = std::mem::take(&mut row.contested);
            row.credit_source = Some(ctx.source);
            save::customer(unit, ctx, row)?;
            if settled { evaluate::refresh_holds(unit, ctx, row) } else { Ok(()) }
        }
        Resolution::Replace => {
            let old_key = row.partnership_key.take();
            let referrer = partnership::find_by_id(unit, partnership)?;
            row.credit_to(
                &referrer.ok_or_else(|| Refusal::not_found("partnership", &partnership.to_string()))?,
            );
            row.credit_source = Some(ctx.source);
            row.contested = false;
            row.member = row.member.filter(|_| same);
            leave_click(unit, ctx, row, partnership)?;
            save::customer(unit, ctx, row)?;
            remember(unit, ctx, &row.key, "partnership_key", (old_key, row.partnership_key.clone()))?;
            move_credit(unit, ctx, row)
        }
    }
}

/// Takes the click and its sub-ids off a customer that is credited to another partner now, who must not learn of whom
/// they were (api.md section 7). The history keeps them for the company.
fn leave_click(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut CustomerRow,
    partnership: i64,
) -> Result<(), Refusal> {
    let click = row.source_key.as_ref().map(|xid| click::find_by_xid(unit, ctx.program, xid)).transpose()?;
    if click.flatten().is_some_and(|click| click.partnership == partnership) {
        return Ok(());
    }
    if let Some(xid) = row.source_key.take() {
        remember(unit, ctx, &row.key, "source_key", (Some(xid), None))?;
    }
    let sub_ids = std::mem::take(&mut row.sub_ids);
    if !sub_ids.is_empty() {
        remember(unit, ctx, &row.key, "sub_ids", (Some(sub_ids.join(", ")), None))?;
    }
    Ok(())
}

fn contest(unit: &mut Unit<'_>, ctx: &Ctx, row: &mut CustomerRow, other: i64) -> Result<(), Refusal> {
    row.contested = true;
    save::customer(unit, ctx, row)?;
    let other = partnership::find_by_id(unit, other)?.map(|row| row.key);
    remember(unit, ctx, &row.key, "contested", (row.partnership_key.clone(), other))?;
    evaluate::refresh_holds(unit, ctx, row)
}

/// Moves the customer's products and payments to the partner credited now, except products whose seller was named for
/// them, and evaluates all of it anew.
fn move_credit(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<(), Refusal> {
    for mut sold in product::list_of_customer(unit, row.id)? {
        if !sold.credit_given {
            sold.partnership = row.partnership;
            sold.updated_at = ctx.now.0;
            save::product(unit, ctx, &sold)?;
        }
    }
    for mut paid in transaction::list_of_customer(unit, row.id)? {
        relink(unit, ctx, row, (&mut paid, Correction::Credit))?;
    }
    evaluate::customer_credited(unit, ctx, row)
}

/// Links and credits a payment of this customer as if it were recorded now, and evaluates it anew.
fn relink(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &CustomerRow,
    (paid, what): (&mut TransactionRow, Correction),
) -> Result<(), Refusal> {
    let linked = match (&paid.subscription_key, paid.product) {
        (_, Some(id)) if paid.customer == row.id => product::find_by_id(unit, id)?,
        (Some(subscription), _) => product::find_of_customer(unit, row.id, subscription)?,
        _ => None,
    };
    paid.customer = row.id;
    paid.product = linked.as_ref().map(|linked| linked.id);
    paid.partnership = linked.as_ref().and_then(|linked| linked.partnership).or(row.partnership);
    paid.claimed_name = None;
    paid.updated_at = ctx.now.0;
    save::transaction(unit, ctx, paid)?;
    let preloaded = Preloaded { owner: Some(row), linked: linked.as_ref() };
    evaluate::transaction(unit, ctx, paid, preloaded, Reason::Corrected(what))
}

/// Binds a billing provider's id to the customer. A page may only bind one where the customer has none. When a
/// trusted source confirms the id, payments that another customer's claim of it had attracted move to this customer.
pub(crate) fn bind_provider(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut CustomerRow,
    provider_key: &str,
) -> Result<(), Refusal> {
    let shown = row.provider_key.as_deref() == Some(provider_key);
    if ctx.source.is_claim() && !shown && row.provider_key.is_some() {
        return Ok(());
    }
    let id = ProviderId { provider_key, customer: row.id, source: ctx.source, at: ctx.now.0 };
    let news = provider_id::upsert(unit, ctx.scope(), &id)?;
    if !shown {
        let old = row.provider_key.replace(provider_key.to_owned());
        save::customer(unit, ctx, row)?;
        remember(unit, ctx, &row.key, "provider_key", (old, Some(provider_key.to_owned())))?;
    }
    if news && !ctx.source.is_claim() { take_claimed(unit, ctx, row, provider_key) } else { Ok(()) }
}

/// Moves to this customer the products and payments whose customer was found by a claim of this id.
fn take_claimed(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &CustomerRow,
    provider_key: &str,
) -> Result<(), Refusal> {
    for mut sold in product::list_by_claimed_name(unit, ctx.scope(), provider_key)? {
        if sold.customer != row.id {
            // The customer may have its own product of that subscription; a subscription names one product of a
            // customer, so the other is archived.
            let taken = match &sold.external_subscription_key {
                Some(subscription) => product::find_of_customer(unit, row.id, subscription)?.is_some(),
                None => false,
            };
            if taken {
                sold.archived = true;
                sold.external_subscription_key = None;
            } else {
                sold.customer = row.id;
                sold.partnership = if sold.credit_given { sold.partnership } else { row.partnership };
            }
        }
        sold.claimed_name = None;
        sold.updated_at = ctx.now.0;
        save::product(unit, ctx, &sold)?;
    }
    for mut paid in transaction::list_by_claimed_name(unit, ctx.scope(), provider_key)? {
        if paid.customer == row.id {
            paid.claimed_name = None;
            save::transaction(unit, ctx, &paid)?;
        } else {
            relink(unit, ctx, row, (&mut paid, Correction::Customer))?;
        }
    }
    Ok(())
}

/// Applies a source's report of the catalogue entry that a product is of. If the old one was a page's claim, or
/// another entry, the product's payments are evaluated anew: the claim may have been wrong, or have hidden a
/// commission.
pub(crate) fn confirm_product(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut ProductRow,
    entry: &ProductBookRow,
) -> Result<(), Refusal> {
    let first = row.confirmed_at.is_none();
    let resolution = resolve(Some(row.source), row.product_book == entry.id, ctx.source);
    if resolution == Resolution::Keep {
        return Ok(());
    }
    // A provider that corrects its own report means a changed plan. Earlier payments were for the old plan and keep
    // their rewards.
    let plan_changed = row.source == Source::Billing && ctx.source == Source::Billing;
    let old = row.point_to(entry);
    row.source = ctx.source;
    row.confirmed_at = row.confirmed_at.or(Some(ctx.now.0));
    row.updated_at = ctx.now.0;
    save::product(unit, ctx, row)?;
    if resolution == Resolution::Replace {
        remember(unit, ctx, &row.key, "product_book_key", (Some(old), Some(entry.key.clone())))?;
    } else if first {
        remember(unit, ctx, &row.key, "confirmed_at", (None, Some(ctx.now.0.to_string())))?;
    }
    if first && let Some(owner) = customer::find_by_id(unit, row.customer)? {
        evaluate::refresh_holds(unit, ctx, &owner)?;
    }
    if first || (resolution == Resolution::Replace && !plan_changed) {
        for paid in transaction::list_of_product(unit, row.id)? {
            let preloaded = Preloaded { owner: None, linked: Some(row) };
            evaluate::transaction(unit, ctx, &paid, preloaded, Reason::Corrected(Correction::Product))?;
        }
    }
    Ok(())
}

/// A record's history: its changes since it was made, oldest first.
pub(crate) fn history(unit: &mut Unit<'_>, ctx: &Ctx, subject: &str) -> Result<List<Change>, Refusal> {
    let rows = record_change::list(unit, ctx.scope(), subject, LIST_MAX)?;
    let items = rows.into_iter().map(|row| Change {
        field: row.field,
        old: row.old,
        new: row.new,
        source: row.source.name().to_owned(),
        created_at: Millis(row.created_at),
    });
    Ok(List { items: items.collect(), has_more: false, ending_cursor: None, total: None })
}
