//! Transactions: a payment, its link to a product, its evaluation and its refunds, each in one unit of work.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, METADATA_ENTRIES_MAX, METADATA_NAME_MAX, METADATA_VALUE_MAX, TRANSACTION_KEY_MAX,
    TRANSACTION_KEY_MIN,
};
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{
    CreateRefund, CreateTransaction, List, Transaction, TransactionCustomer, TransactionExplanation, Warning,
};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::evaluate::{self, Moment};
use super::refusal::short;
use super::{Ctx, Kind, Refusal, customer, list as page_of, reward};
use crate::store::customer::CustomerRow;
use crate::store::list::{Condition, Page};
use crate::store::product::{self, ProductRow};
use crate::store::transaction::{self, Names, TransactionRow};

fn scope(ctx: &Ctx) -> (i64, bool) {
    (ctx.program, ctx.test)
}

/// Records a payment, links it to its product and evaluates the triggers.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: CreateTransaction,
) -> Result<(Transaction, Vec<Warning>), Refusal> {
    check(&new)?;
    let (named, owner) = require_customer(unit, ctx, &new)?;
    if let Some(key) = &new.key
        && let Some(existing) = transaction::find(unit, scope(ctx), key)?
    {
        return Err(refuse_existing(&existing, &new, owner.id));
    }
    let linked = match &new.subscription_key {
        Some(subscription) => product::find_of_customer(unit, owner.id, subscription)?,
        None => None,
    };
    let row = TransactionRow {
        id: ctx.next_id(),
        key: new.key.unwrap_or_else(|| ctx.mint(Prefix::Transaction)),
        test: ctx.test,
        customer: owner.id,
        by_site_key: owner.customer_key.as_ref() == Some(&named),
        product: linked.as_ref().map(|row| row.id),
        partnership: linked.as_ref().and_then(|row| row.partnership).or(owner.partnership),
        amount: new.amount,
        currency: new.currency.code().to_owned(),
        category_key: new.category_key,
        product_text: new.product_key,
        subscription_key: new.subscription_key,
        metadata: new.metadata,
        refunded_total: 0,
        archived: false,
        created_at: new.created_at.unwrap_or(ctx.now).0,
        updated_at: ctx.now.0,
        names: Names::default(),
    };
    transaction::insert(unit, ctx.program, &row)?;
    evaluate::transaction(unit, ctx, &row, Moment::Recorded)?;
    let row = require(unit, ctx, &row.key)?;
    let warnings = unmatched_warning(unit, &row, "subscription_key")?.into_iter().collect();
    Ok((render(row), warnings))
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

/// The customer, and the name it was called by.
fn require_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateTransaction,
) -> Result<(String, CustomerRow), Refusal> {
    type Find = fn(&mut Unit<'_>, &Ctx, &str) -> Result<Option<CustomerRow>, Refusal>;
    let named = [
        ("customer_key", &new.customer_key, customer::find as Find),
        ("customer_external_key", &new.customer_external_key, customer::find_external),
        ("customer_email", &new.customer_email, customer::find_email),
    ];
    let mut given = named.into_iter().filter_map(|(field, name, find)| Some((field, name.as_ref()?, find)));
    let hint = "give exactly one of customer_key, customer_external_key and customer_email";
    let Some((field, name, find)) = given.next() else {
        return Err(Refusal::from(FieldError::required("customer_key")).hint(hint));
    };
    if let Some((second, ..)) = given.next() {
        let message = format!("'{second}' is not allowed beside '{field}'");
        return Err(Refusal::invalid("invalid_value", second, message).hint(hint));
    }
    if let Some(row) = find(unit, ctx, name)? {
        return Ok((name.clone(), row));
    }
    let other = Ctx { test: !ctx.test, ..ctx.clone() };
    if !matches!(find(unit, &other, name), Ok(None)) {
        let (made, keys) = if ctx.test { ("production", "production") } else { ("test", "test") };
        let message = format!("'{}' is a customer made with {made} keys", short(name));
        return Err(Refusal::invalid("test_mismatch", field, message)
            .hint(format!("send its transactions with the {keys} key pair")));
    }
    Err(Refusal::not_found("customer", name)
        .field(field)
        .hint("create the customer first: POST /api/v2/customers"))
}

/// What a payment sent again hears. Sent with other content, it hears something else: that one is not done.
fn refuse_existing(existing: &TransactionRow, new: &CreateTransaction, customer: i64) -> Refusal {
    let same = existing.customer == customer
        && existing.amount == new.amount
        && existing.currency == new.currency.code()
        && existing.subscription_key == new.subscription_key;
    let key = short(&existing.key);
    let refusal = if same {
        Refusal::new(
            Kind::Conflict,
            "transaction_exists",
            format!("transaction '{key}' exists; nothing was done"),
        )
    } else {
        let message =
            format!("transaction '{key}' exists with another customer, amount, currency or subscription");
        Refusal::new(Kind::Conflict, "transaction_conflict", message)
    };
    refusal.field("key")
}

/// Links the payments that named a product's subscription before it was there, and evaluates each, once.
pub(crate) fn link_waiting(unit: &mut Unit<'_>, ctx: &Ctx, product: &ProductRow) -> Result<(), Refusal> {
    let Some(subscription) = &product.external_subscription_key else { return Ok(()) };
    for mut row in transaction::list_waiting(unit, product.customer, subscription)? {
        row.product = Some(product.id);
        row.partnership = product.partnership.or(row.partnership);
        row.updated_at = ctx.now.0;
        transaction::update(unit, &row)?;
        evaluate::transaction(unit, ctx, &row, Moment::Linked)?;
        if row.refunded_total != 0 {
            reward::reverse_transaction(unit, ctx, &row)?;
        }
    }
    Ok(())
}

/// Gives back a payment, up to a total. A total that is not above the known one changes nothing.
pub(crate) fn refund(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    refund: &CreateRefund,
) -> Result<Transaction, Refusal> {
    let mut row = require(unit, ctx, key)?;
    let total = refund.refunded_total.unwrap_or(row.amount);
    if total.unsigned_abs() > row.amount.unsigned_abs() || (total != 0 && (total < 0) != (row.amount < 0)) {
        let message =
            format!("refunded_total must lie between 0 and the amount, {}, got {total}", row.amount);
        return Err(Refusal::invalid("out_of_range", "refunded_total", message));
    }
    let whole = total == row.amount && !row.archived;
    if whole || total.unsigned_abs() > row.refunded_total.unsigned_abs() {
        row.refunded_total = total;
        row.archived |= whole;
        row.updated_at = ctx.now.0;
        transaction::update(unit, &row)?;
        reward::reverse_transaction(unit, ctx, &row)?;
    }
    get(unit, ctx, key)
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TransactionRow, Refusal> {
    transaction::find(unit, scope(ctx), key)?.ok_or_else(|| Refusal::not_found("transaction", key))
}

/// A payment.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Transaction, Refusal> {
    require(unit, ctx, key).map(render)
}

/// What each trigger makes of a payment.
pub(crate) fn explain(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TransactionExplanation, Refusal> {
    let row = require(unit, ctx, key)?;
    evaluate::explain_transaction(unit, ctx, &row)
}

/// What narrows a list of payments.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    pub(crate) customer_key: Option<String>,
    /// Only those whose subscription found no product.
    pub(crate) unmatched: bool,
}

/// A page of payments, with a warning for each whose subscription found no product.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    filters: Filters,
    page: &Page,
) -> Result<(List<Transaction>, Vec<Warning>), Refusal> {
    let mut conditions = Vec::new();
    if let Some(name) = filters.customer_key {
        // A name of nobody's narrows the list to nothing.
        let id = customer::find(unit, ctx, &name)?.map_or(0, |row| row.id);
        conditions.push(Condition::int("txn.customer =", id));
    }
    if filters.unmatched {
        conditions.extend(transaction::unmatched());
    }
    let slice = transaction::list(unit, scope(ctx), conditions, page)?;
    let mut warnings = Vec::new();
    for (at, (_, row)) in slice.iter().flat_map(|slice| slice.rows.iter().enumerate()) {
        warnings.extend(unmatched_warning(unit, row, &format!("items[{at}].subscription_key"))?);
    }
    Ok((page_of::render(page, slice, render)?, warnings))
}

/// A subscription that found no product is accepted (seed 000), and most often a mistake.
fn unmatched_warning(
    unit: &mut Unit<'_>,
    row: &TransactionRow,
    field: &str,
) -> Result<Option<Warning>, Refusal> {
    let (None, Some(wanted)) = (row.product, &row.subscription_key) else { return Ok(None) };
    let known = product::list_subscriptions(unit, row.customer)?;
    let hint = match known.iter().find(|known| known.to_lowercase() == wanted.to_lowercase()) {
        Some(near) => format!("differs only in case from '{}'", short(near)),
        None => format!("no product of this customer has external_subscription_key '{}'", short(wanted)),
    };
    let code = "subscription_key_unmatched".to_owned();
    Ok(Some(Warning { code, field: field.to_owned(), hint }))
}

fn render(row: TransactionRow) -> Transaction {
    let names = row.names;
    let currency = row.currency.parse().unwrap_or(Currency::USD);
    let site_key = names.customer_site_key.clone().filter(|_| row.by_site_key);
    Transaction {
        amount: row.amount,
        amount_usd: (currency == Currency::USD).then_some(row.amount),
        currency,
        approved: !row.archived,
        archived: row.archived,
        category_key: row.category_key,
        product_key: names.product_key.or(row.product_text),
        subscription_key: row.subscription_key,
        customer_key: site_key.unwrap_or_else(|| names.customer_key.clone()),
        customer: TransactionCustomer {
            key: names.customer_key,
            email: names.customer_email,
            external_key: names.customer_site_key,
            sub_ids: names.sub_ids,
        },
        partnership_key: names.partnership_key,
        company: None,
        extension: None,
        metadata: row.metadata,
        test: row.test,
        status: if row.archived { "refunded" } else { "approved" }.to_owned(),
        source: "vendor".to_owned(),
        key: row.key,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}
