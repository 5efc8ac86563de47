//! Invoices: a paid one is a payment, and one that is opened again was not paid after all.

use std::collections::BTreeSet;

use headwater_protocol::event::{Data, Payment};
use headwater_protocol::{Currency, FieldError, Source};

use super::xml::XmlTree;
use super::{customer, draft, invoice_name, number_name};
use crate::billing::draft::WebhookDraft;
use crate::billing::fact::{FactBody, PaidLine};

/// A paid invoice: one payment, because the notification has no lines. With several subscriptions on it, nobody can
/// tell what was paid for which: it is parked until a person decides.
pub(super) fn paid<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let id = tree.id("invoice.uuid")?;
    let gross = required(tree, "invoice.total_in_cents")?;
    // A legacy refund is an invoice below zero. The refund itself has a notification of its own.
    if gross <= 0 {
        return Ok(None);
    }
    let currency = tree.text("invoice.currency").ok_or_else(|| FieldError::required("invoice.currency"))?;
    let currency: Currency = currency.trim().parse().map_err(|error: FieldError| error.below("invoice"))?;
    let at = [tree.time("invoice.closed_at")?, tree.time("invoice.updated_at")?, tree.time("invoice.date")?];
    let at = at.into_iter().flatten().next().ok_or_else(|| FieldError::required("invoice.closed_at"))?;
    let base = base(tree, gross)?;
    let subscriptions = subscriptions(tree);
    let mut draft = draft(tree, scope, &[id], at);
    let name = invoice_name(id);
    if let Some(number) = tree.text("invoice.invoice_number") {
        draft.link(&name, &number_name(tree.text("invoice.invoice_number_prefix"), number.trim()), true);
    }
    let incomplete = (subscriptions.len() > 1).then(|| several(id));
    let key = draft.key(id);
    if incomplete.is_none() {
        let lines = if base == 0 { Vec::new() } else { vec![PaidLine { key: key.clone(), base }] };
        draft.fact(&FactBody::Paid { gross, lines }, &name, "paid", 0);
    }
    if base == 0 {
        return Ok(Some(draft));
    }
    let payment = Payment {
        customer: customer(tree),
        key,
        amount: base,
        currency,
        subscription_key: subscriptions.first().filter(|_| incomplete.is_none()).map(|id| (*id).to_owned()),
        product_key: None,
        category_key: None,
        catalogue_keys: Vec::new(),
        paid_at: Some(at),
        incomplete,
    };
    draft.push_event(Source::Billing, Data::Payment(payment));
    // Only an invoice that is collected by hand can be opened again, and is then paid once more.
    if tree.text("invoice.collection_method") == Some("manual") {
        draft.fact(&FactBody::Back { amount: 0 }, &name, "reopened", 1);
        draft.back(&name, id, customer(tree));
    }
    Ok(Some(draft))
}

/// An invoice that was marked as paid by mistake.
pub(super) fn reopened<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let id = tree.id("invoice.uuid")?;
    let gross = required(tree, "invoice.total_in_cents")?;
    let at = tree.time("invoice.updated_at")?.ok_or_else(|| FieldError::required("invoice.updated_at"))?;
    let mut draft = draft(tree, scope, &[id], at);
    let name = invoice_name(id);
    draft.fact(&FactBody::Back { amount: gross.max(0) }, &name, "reopened", 0);
    draft.back(&name, id, customer(tree));
    Ok(Some(draft))
}

fn required(tree: &XmlTree, path: &str) -> Result<i64, FieldError> {
    tree.integer(path)?.ok_or_else(|| FieldError::required(path))
}

/// What a commission is computed from: the total, which is after discounts, less the tax, included or not. A legacy
/// invoice tells no tax; where it has a subtotal, that is before it.
fn base(tree: &XmlTree, gross: i64) -> Result<i64, FieldError> {
    let tax = tree.integer("invoice.tax_in_cents")?.map(|tax| gross.saturating_sub(tax));
    Ok(tax.or(tree.integer("invoice.subtotal_in_cents")?).unwrap_or(gross).clamp(0, gross))
}

fn subscriptions(tree: &XmlTree) -> BTreeSet<&str> {
    let several = tree.texts("invoice.subscription_ids.subscription_id");
    several.into_iter().chain(tree.text("invoice.subscription_id")).map(str::trim).collect()
}

fn several(id: &str) -> String {
    format!(
        "invoice {id} is of several subscriptions and its notification has no lines: record its payments by POST /api/v2/transactions"
    )
}
