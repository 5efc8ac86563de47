//! What gives money back: refunds, voided payments, and what a credit balance paid of an invoice.

use headwater_protocol::{FieldError, Millis};

use super::xml::XmlTree;
use super::{customer, draft, invoice_name, number_name};
use crate::billing::draft::WebhookDraft;
use crate::billing::fact::FactBody;

/// A refund of an invoice, or of a part of it. A chargeback that Recurly handles is one too.
pub(super) fn refund<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let (id, amount, at) = (tree.id("transaction.id")?, amount(tree)?, date(tree)?);
    let known = FactBody::Refund { amount, made_at: at.0, stands: true };
    transaction(tree, scope, id, at, |draft, name| draft.fact(&known, name, &format!("refund/{id}"), 0))
}

/// A payment, or a refund, that was called off before it was settled.
pub(super) fn void<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let (id, amount, at) = (tree.id("transaction.id")?, amount(tree)?, date(tree)?);
    let refund = matches!(tree.text("transaction.action"), Some("credit" | "refund"));
    transaction(tree, scope, id, at, |draft, name| {
        if refund {
            let known = FactBody::Refund { amount, made_at: at.0, stands: false };
            draft.fact(&known, name, &format!("refund/{id}"), 1);
        } else {
            draft.fact(&FactBody::Back { amount }, name, &format!("void/{id}"), 0);
        }
    })
}

/// What a credit balance paid of an invoice is no new money: it was counted when it came in, or never came in.
pub(super) fn credit_payment<'a>(
    tree: &XmlTree,
    scope: &'a str,
    voided: bool,
) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    // The other actions move credit without paying an invoice, or close one that nobody paid.
    if !matches!(tree.text("credit_payment.action"), Some("payment" | "gift_card")) {
        return Ok(None);
    }
    let id = tree.id("credit_payment.uuid")?;
    let number = tree.id("credit_payment.applied_to_invoice_number")?;
    let path = "credit_payment.amount_in_cents";
    let amount = tree.integer(path)?.ok_or_else(|| FieldError::required(path))?;
    let at = [
        tree.time("credit_payment.voided_at")?,
        tree.time("credit_payment.updated_at")?,
        tree.time("credit_payment.created_at")?,
    ];
    let at =
        at.into_iter().flatten().next().ok_or_else(|| FieldError::required("credit_payment.created_at"))?;
    let mut draft = draft(tree, scope, &[id], at);
    let name = number_name(None, number);
    let known = FactBody::Back { amount: if voided { 0 } else { amount.max(0) } };
    draft.fact(&known, &name, &format!("credit/{id}"), i64::from(voided));
    draft.back(&name, id, customer(tree));
    Ok(Some(draft))
}

/// A draft about the invoice of a transaction, with the facts that `tell` adds under the invoice's name.
fn transaction<'a>(
    tree: &XmlTree,
    scope: &'a str,
    id: &str,
    at: Millis,
    tell: impl FnOnce(&mut WebhookDraft<'a>, &str),
) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let name = if tree.text("transaction.invoice_id").is_some() {
        invoice_name(tree.id("transaction.invoice_id")?)
    } else {
        let number = tree.id("transaction.invoice_number")?;
        number_name(tree.text("transaction.invoice_number_prefix"), number)
    };
    let mut draft = draft(tree, scope, &[id], at);
    tell(&mut draft, &name);
    draft.back(&name, id, customer(tree));
    Ok(Some(draft))
}

fn amount(tree: &XmlTree) -> Result<i64, FieldError> {
    let path = "transaction.amount_in_cents";
    // The refund of a legacy invoice is written below zero.
    Ok(tree.integer(path)?.ok_or_else(|| FieldError::required(path))?.saturating_abs())
}

fn date(tree: &XmlTree) -> Result<Millis, FieldError> {
    tree.time("transaction.date")?.ok_or_else(|| FieldError::required("transaction.date"))
}
