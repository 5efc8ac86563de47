//! Invoices: what is paid to each partner for a month in one currency. Their amounts never change; what is taken back
//! later is set off against later rewards (docs/decisions/0003-reversals.md).

mod export;
mod month;

use headwater_protocol::key::Prefix;
use headwater_protocol::limits::INVOICES_MAX;
use headwater_protocol::v2::{CloseInvoices, ClosedInvoices, PartnerInvoice, PartnerPayout, UpdateInvoice};
use headwater_protocol::{Currency, Millis};
use headwater_store::Unit;

use super::resource::{Resource, get, require};
use super::{Ctx, Refusal, RefusalKind, save};
use crate::store::invoice::{self, InvoiceRow, PayoutRow};
use crate::store::list::Listing;

pub(crate) use export::export;
use month::Month;

/// The status of an invoice until it is paid.
const OPEN: &str = "open";
/// The status of a paid one, and of every payout.
const PAID: &str = "paid";

/// What partners are paid for a month.
pub(crate) struct Invoices;

impl Resource for Invoices {
    const NAME: &'static str = "invoice";
    const LISTING: &'static Listing = &invoice::LISTING;
    type Row = InvoiceRow;
    type Wire = PartnerInvoice;

    fn render(_: &Ctx, _: Option<i64>, row: InvoiceRow) -> Result<PartnerInvoice, Refusal> {
        Ok(PartnerInvoice {
            key: row.key,
            partnership_key: row.partnership_key,
            month: row.month,
            amount: row.amount,
            currency: row.currency.parse().unwrap_or(Currency::USD),
            rewards: row.rewards,
            status: row.status,
            payment_date: row.paid_at.map(Millis),
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

/// Payments to partners.
pub(crate) struct Payouts;

impl Resource for Payouts {
    const NAME: &'static str = "payout";
    const LISTING: &'static Listing = &invoice::PAYOUTS;
    type Row = PayoutRow;
    type Wire = PartnerPayout;

    fn render(_: &Ctx, _: Option<i64>, row: PayoutRow) -> Result<PartnerPayout, Refusal> {
        let PayoutRow { key, created_at, updated_at, invoice, .. } = row;
        Ok(PartnerPayout {
            key,
            partnership_key: invoice.partnership_key,
            invoice_key: invoice.key,
            amount: invoice.amount,
            currency: invoice.currency.parse().unwrap_or(Currency::USD),
            status: invoice.status,
            payment_date: Millis(invoice.paid_at.unwrap_or(created_at)),
            created_at: Millis(created_at),
            updated_at: Millis(updated_at),
        })
    }
}

/// Makes an invoice for each partner and currency of what was approved of a month, and of what earlier months left.
/// Who has an invoice of the month already gets none: what was approved since waits for the next month.
pub(crate) fn close(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    asked: &CloseInvoices,
) -> Result<ClosedInvoices, Refusal> {
    let month = Month::named_or_last(asked.month.as_deref(), ctx.now)?;
    if month.end > ctx.now.0 {
        let message = format!("month {} is not over", month.name);
        return Err(Refusal::invalid("month_not_over", "month", message)
            .hint("close it after its last day, by Coordinated Universal Time"));
    }
    let mut due = invoice::list_due(unit, ctx.scope(), (month.end, &month.name), INVOICES_MAX + 1)?;
    let fits = usize::try_from(INVOICES_MAX).unwrap_or(usize::MAX);
    let has_more = due.len() > fits;
    due.truncate(fits);
    let mut created = 0;
    for payment in due {
        let row = InvoiceRow {
            id: ctx.next_id(),
            key: ctx.mint(Prefix::Invoice),
            partnership: payment.partnership,
            currency: payment.currency,
            month: month.name.clone(),
            amount: payment.amount,
            rewards: payment.rewards,
            status: OPEN.to_owned(),
            paid_at: None,
            created_at: ctx.now.0,
            updated_at: ctx.now.0,
            partnership_key: String::new(),
            partner_email: String::new(),
        };
        invoice::insert(unit, ctx.scope(), &row, month.end)?;
        created += 1;
    }
    Ok(ClosedInvoices { month: month.name, created, has_more })
}

/// Marks an invoice as paid, with all its rewards. Repeating it changes nothing.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: &UpdateInvoice,
) -> Result<PartnerInvoice, Refusal> {
    let mut row = require::<Invoices>(unit, ctx, None, key)?;
    if change.status != PAID {
        let known = change.status == OPEN;
        if known && row.status == OPEN {
            return Invoices::render(ctx, None, row);
        }
        if known {
            let message = format!("invoice {} is paid; that cannot be undone", row.key);
            return Err(Refusal::new(RefusalKind::Conflict, "invoice_paid", message).field("status"));
        }
        return Err(Refusal::invalid("invalid_value", "status", "status must be paid"));
    }
    if row.status == PAID {
        return Invoices::render(ctx, None, row);
    }
    let paid_at = change.payment_date.unwrap_or(ctx.now);
    if !(row.created_at..=ctx.now.0).contains(&paid_at.0) {
        let message = "payment_date must lie between the making of the invoice and now";
        return Err(Refusal::invalid("out_of_range", "payment_date", message));
    }
    PAID.clone_into(&mut row.status);
    row.paid_at = Some(paid_at.0);
    row.updated_at = ctx.now.0;
    invoice::pay(unit, ctx.scope(), &row, (ctx.next_id(), &ctx.mint(Prefix::Payout)))?;
    save::announce_paid(unit, ctx, row.id)?;
    get::<Invoices>(unit, ctx, None, key)
}
