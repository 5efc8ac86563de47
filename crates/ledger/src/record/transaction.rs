//! Transactions: a payment, its link to a product, its evaluation and its refunds, each in one unit of work.

mod listing;
pub(super) mod view;

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, METADATA_ENTRIES_MAX, METADATA_NAME_MAX, METADATA_VALUE_MAX, TRANSACTION_KEY_MAX,
    TRANSACTION_KEY_MIN,
};
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{
    CreateRefund, CreateTransaction, Transaction, TransactionExplanation, Warning, WebhookEvent,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::evaluate::{self, Preloaded, Reason};
use super::lookup::{self, Found, Named};
use super::refusal::short;
use super::{Ctx, Refusal, RefusalKind, claim, customer, member, product as products, reward, save};
use crate::store::customer::CustomerRow;
use crate::store::product::ProductRow;
use crate::store::transaction::{self, TransactionNames, TransactionRow};

pub(crate) use listing::list;
pub(crate) use view::Transactions;
use view::{render, unmatched_warning};

/// The prefix of the keys of payments that a page has claimed.
const CLAIMED: &str = "chk_";

/// Records a payment, links it to its product and evaluates the triggers.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateTransaction,
) -> Result<(Transaction, Vec<Warning>), Refusal> {
    check(new)?;
    let (named, mut found) = require_customer(unit, ctx, new)?;
    let key = new.key.as_deref().map(|key| own_key(ctx, key));
    let (linked, paid_for) = match &new.subscription_key {
        Some(subscription) => products::of_payment(unit, ctx, &found, subscription, &new.catalogue_keys)?,
        None => (None, None),
    };
    if found.claimed.is_none() {
        claim::confirm(unit, ctx, &mut found.row)?;
    }
    let owner = found.row;
    let partnership = linked.as_ref().and_then(|row| row.partnership).or(owner.partnership);
    let (seller, mut warnings) = credited_member(unit, ctx, new, partnership)?;
    let row = TransactionRow {
        id: ctx.next_id(),
        key: key.unwrap_or_else(|| ctx.mint(Prefix::Transaction)),
        test: ctx.test,
        customer: owner.id,
        by_site_key: owner.customer_key.as_deref() == Some(named),
        product: linked.as_ref().map(|row| row.id),
        partnership,
        member: seller,
        amount: new.amount,
        currency: new.currency.code().to_owned(),
        category_key: new.category_key.clone(),
        product_text: new.product_key.clone(),
        subscription_key: new.subscription_key.clone(),
        metadata: new.metadata.clone(),
        refunded_total: 0,
        archived: false,
        created_at: new.created_at.unwrap_or(ctx.now).0,
        updated_at: ctx.now.0,
        source: ctx.source,
        claimed_name: found.claimed,
        refunded_at: None,
        refunded_revision: 0,
        product_book: paid_for,
        names: TransactionNames {
            member_key: new.member_key.clone().filter(|_| seller.is_some()),
            ..names(&owner, linked.as_ref())
        },
    };
    // The insert decides whether the key is new; a repeated payment must not reach the triggers.
    if !save::new_transaction(unit, ctx, &row)? {
        return Err(refuse_existing(&require(unit, ctx, &row.key)?, &row));
    }
    let held = Preloaded { owner: Some(&owner), linked: linked.as_ref() };
    evaluate::transaction(unit, ctx, &row, held, Reason::Recorded)?;
    warnings.extend(unmatched_warning(unit, &row, "subscription_key")?);
    Ok((render(row), warnings))
}

/// The key of a payment. A page's payments get a prefix, so that none of them takes the key of a provider's payment.
fn own_key(ctx: &Ctx, key: &str) -> String {
    if ctx.source.is_claim() && !key.starts_with(CLAIMED) {
        format!("{CLAIMED}{key}")
    } else {
        key.to_owned()
    }
}

/// The team member who is credited with a payment, if of the credited partner's team.
fn credited_member(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateTransaction,
    partnership: Option<i64>,
) -> Result<(Option<i64>, Vec<Warning>), Refusal> {
    let Some(key) = &new.member_key else { return Ok((None, Vec::new())) };
    let found = member::find_active(unit, ctx, key)?.filter(|row| Some(row.partnership) == partnership);
    let warnings = if found.is_none() { vec![customer::member_ignored()] } else { Vec::new() };
    Ok((found.map(|row| row.id), warnings))
}

/// The names that answers show of what a new payment points to.
fn names(owner: &CustomerRow, linked: Option<&ProductRow>) -> TransactionNames {
    let seller = linked.filter(|row| row.partnership.is_some());
    TransactionNames {
        customer_key: owner.key.clone(),
        customer_email: owner.email.clone(),
        customer_site_key: owner.customer_key.clone(),
        sub_ids: owner.sub_ids.clone(),
        product_key: linked.map(|row| row.key.clone()),
        partnership_key: seller.map_or(&owner.partnership_key, |row| &row.names.partnership_key).clone(),
        member_key: None,
    }
}

fn check(new: &CreateTransaction) -> Result<(), FieldError> {
    check_amount("amount", new.amount)?;
    check_optional("key", new.key.as_deref(), TRANSACTION_KEY_MIN, TRANSACTION_KEY_MAX)?;
    let texts = [
        ("subscription_key", &new.subscription_key, 1),
        ("product_key", &new.product_key, 0),
        ("category_key", &new.category_key, 0),
    ];
    for (field, text, min) in texts {
        check_optional(field, text.as_deref(), min, CUSTOMER_KEY_MAX)?;
    }
    if new.created_at.is_some_and(|at| at.0 < 0) {
        let message = "created_at must be a time in epoch milliseconds, not before 1970";
        return Err(FieldError::new("out_of_range", "created_at", message));
    }
    new.metadata.as_ref().map_or(Ok(()), check_metadata)
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<(), FieldError> {
    if metadata.len() > METADATA_ENTRIES_MAX {
        let message =
            format!("metadata must have at most {METADATA_ENTRIES_MAX} entries, got {}", metadata.len());
        return Err(FieldError::new("out_of_range", "metadata", message));
    }
    for (name, value) in metadata {
        check_length("metadata", name, 1, METADATA_NAME_MAX).map_err(|_| {
            let message = format!(
                "metadata names must have 1 to {METADATA_NAME_MAX} characters, got '{}'",
                short(name)
            );
            FieldError::new("out_of_range", "metadata", message)
        })?;
        let field = format!("metadata.{name}");
        match value {
            Value::String(text) => check_length(&field, text, 0, METADATA_VALUE_MAX)?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(_) | Value::Object(_) => {
                let message = format!("{field} must be text, a number, true, false or null");
                return Err(FieldError::new("wrong_type", &field, message));
            }
        }
    }
    Ok(())
}

/// The paying customer, and the name that the request used.
fn require_customer<'a>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &'a CreateTransaction,
) -> Result<(&'a str, Found), Refusal> {
    let names = [
        ("customer_key", new.customer_key.as_deref().map(Named::Key)),
        ("customer_external_key", new.customer_external_key.as_deref().map(Named::External)),
        ("customer_email", new.customer_email.as_deref().map(Named::Email)),
    ];
    let mut given = names.into_iter().filter_map(|(field, name)| Some((field, name?)));
    let hint = "give exactly one of customer_key, customer_external_key and customer_email";
    let Some((field, name)) = given.next() else {
        return Err(Refusal::from(FieldError::required("customer_key")).hint(hint));
    };
    if let Some((second, _)) = given.next() {
        let message = format!("'{second}' is not allowed beside '{field}'");
        return Err(Refusal::invalid("invalid_value", second, message).hint(hint));
    }
    if let Some(found) = lookup::named(unit, ctx, name)? {
        return Ok((name.text(), found));
    }
    // A customer of the other mode is a common mistake, which a plain 404 would not explain.
    let other = Ctx { test: !ctx.test, ..ctx.clone() };
    if !matches!(lookup::named(unit, &other, name), Ok(None)) {
        let (made, keys) = if ctx.test { ("production", "production") } else { ("test", "test") };
        let message = format!("'{}' is a customer made with {made} keys", short(name.text()));
        return Err(Refusal::invalid("test_mismatch", field, message)
            .hint(format!("send its transactions with the {keys} key pair")));
    }
    if let Some(renamed) = customer::renamed(unit, ctx, name)? {
        return Err(renamed.field(field));
    }
    Err(Refusal::not_found("customer", name.text())
        .field(field)
        .hint("create the customer first: POST /api/v2/customers"))
}

/// The refusal of a payment whose key exists. A payment with other content gets a code of its own, because it was not
/// recorded; a repetition was.
fn refuse_existing(existing: &TransactionRow, requested: &TransactionRow) -> Refusal {
    let said =
        |row: &TransactionRow| (row.customer, row.amount, row.currency.clone(), row.subscription_key.clone());
    let same = said(existing) == said(requested);
    let key = short(&existing.key);
    let refusal = if same {
        Refusal::new(
            RefusalKind::Conflict,
            "transaction_exists",
            format!("transaction '{key}' exists; nothing was done"),
        )
    } else {
        let message =
            format!("transaction '{key}' exists with another customer, amount, currency or subscription");
        Refusal::new(RefusalKind::Conflict, "transaction_conflict", message)
    };
    refusal.field("key")
}

/// Refunds a part of a payment, or up to a total. A total older than the known one changes nothing, nor does a
/// smaller one without a time.
pub(crate) fn refund(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    refund: &CreateRefund,
) -> Result<Transaction, Refusal> {
    let mut row = require(unit, ctx, key)?;
    let total = requested_total(refund, &row)?;
    let shrinks = total.unsigned_abs() < row.refunded_total.unsigned_abs();
    let stale = is_stale(refund, &row);
    row.refunded_revision = refund.revision.unwrap_or(row.refunded_revision);
    // A total may shrink only if it and the known total both came with a time, as a provider's do. What the vendor
    // refunded stays refunded.
    // A payment that the company gave back in full, or deleted, stays so: a provider that repeats the total does not take it
    // over.
    let given_back = row.archived && row.refunded_at.is_none();
    if stale || given_back || (shrinks && (refund.occurred_at.is_none() || row.refunded_at.is_none())) {
        return Ok(render(row));
    }
    // Of a free payment nothing can be given back; deleting it is the only way to undo it.
    let whole = total == row.amount && total != 0;
    let row =
        apply_refund(unit, ctx, row, (total, whole, refund.occurred_at), WebhookEvent::TransactionUpdated)?;
    if shrinks {
        evaluate::hold_reopened(unit, ctx, &row)?;
    }
    Ok(render(row))
}

/// Whether a total is older than the stored one: by its time, or, of the same time, by its revision. A request may arrive
/// long after its sender has given it up and has sent a newer total.
fn is_stale(refund: &CreateRefund, row: &TransactionRow) -> bool {
    let (Some(at), Some(known)) = (refund.occurred_at, row.refunded_at) else { return false };
    let revision = refund.revision.unwrap_or(row.refunded_revision);
    (at.0, revision) < (known, row.refunded_revision)
}

/// Refunds all of a payment. No later total of a provider restores it.
pub(crate) fn refund_whole(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Transaction, Refusal> {
    let row = require(unit, ctx, key)?;
    let total = row.amount;
    let row = TransactionRow { refunded_at: None, ..row };
    apply_refund(unit, ctx, row, (total, true, None), WebhookEvent::TransactionDeleted).map(render)
}

fn apply_refund(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    mut row: TransactionRow,
    (total, whole, at): (i64, bool, Option<Millis>),
    event: WebhookEvent,
) -> Result<TransactionRow, Refusal> {
    let news = total != row.refunded_total || whole != row.archived;
    row.refunded_at = at.map_or(row.refunded_at, |at| Some(at.0));
    row.refunded_total = total;
    row.archived = whole;
    row.updated_at = ctx.now.0;
    transaction::update(unit, &row)?;
    if news {
        save::announce_transaction(unit, ctx, event, &row)?;
        reward::reverse_transaction(unit, ctx, &row)?;
    }
    Ok(row)
}

/// The refunded total that a request asks for.
fn requested_total(refund: &CreateRefund, row: &TransactionRow) -> Result<i64, Refusal> {
    let lines = refund.lines.as_ref().map(|lines| lines.iter().map(|line| line.amount).collect::<Vec<_>>());
    let (field, total) = match (refund.amount, refund.refunded_total, lines) {
        (Some(amount), None, None) => ("amount", add(row.refunded_total, [amount])),
        (None, Some(total), None) => ("refunded_total", Some(total)),
        (None, None, Some(lines)) if !lines.is_empty() => ("lines", add(row.refunded_total, lines)),
        (None, None, None) => {
            return Err(Refusal::from(FieldError::required("amount"))
                .hint("give exactly one of amount, refunded_total and lines; DELETE gives back all of it"));
        }
        _ => {
            let message = "a refund takes exactly one of amount, refunded_total and lines";
            return Err(Refusal::invalid("invalid_value", "amount", message));
        }
    };
    // A refund has the sign of its payment and never exceeds it.
    let fits = |total: &i64| {
        let same_sign = total.signum() == row.amount.signum();
        *total == 0 || (same_sign && total.unsigned_abs() <= row.amount.unsigned_abs())
    };
    let step = if field == "refunded_total" { row.amount } else { row.amount - row.refunded_total };
    let moves = |total: &i64| field == "refunded_total" || *total != row.refunded_total;
    total.filter(fits).filter(moves).ok_or_else(|| {
        let message = if field == "refunded_total" {
            format!("refunded_total must lie between 0 and the payment's amount, {step}")
        } else {
            format!("{field} must not be 0 and must not exceed what is not refunded yet, {step}")
        };
        Refusal::invalid("out_of_range", field, message)
    })
}

/// The sum; `None` when it overflows, or a part has another sign than the rest.
fn add(known: i64, parts: impl IntoIterator<Item = i64>) -> Option<i64> {
    parts.into_iter().try_fold(known, |sum, part| {
        if sum.signum() * part.signum() == -1 { None } else { sum.checked_add(part) }
    })
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TransactionRow, Refusal> {
    transaction::find(unit, ctx.scope(), key)?.ok_or_else(|| Refusal::not_found("transaction", key))
}

/// Explains for each trigger whether it would pay for a payment.
pub(crate) fn explain(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TransactionExplanation, Refusal> {
    let row = require(unit, ctx, key)?;
    evaluate::explain_transaction(unit, ctx, &row)
}
