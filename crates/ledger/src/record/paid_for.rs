//! The product that a payment was for, as it was at the time of the payment.

use headwater_protocol::Source;
use headwater_protocol::v2::ProductStatus;
use headwater_store::Unit;

use super::Refusal;
use crate::store::product::{self, ProductRow};
use crate::store::transaction::TransactionRow;
use crate::store::{product_book, product_past};

/// The product that a payment is linked to, as it was at the time of the payment.
pub(super) fn linked(unit: &mut Unit<'_>, txn: &TransactionRow) -> Result<Option<ProductRow>, Refusal> {
    let Some(id) = txn.product else { return Ok(None) };
    product::find_by_id(unit, id)?.map(|row| as_paid(unit, txn, row)).transpose()
}

/// The product as it was when a provider's payment was made: active, because its trial was over and a later
/// cancellation or change of plan had not happened yet (billing.md section 3).
pub(super) fn as_paid(
    unit: &mut Unit<'_>,
    txn: &TransactionRow,
    mut row: ProductRow,
) -> Result<ProductRow, Refusal> {
    if txn.source != Source::Billing {
        return Ok(row);
    }
    let other = txn.product_book.filter(|entry| *entry != row.product_book);
    let older = row.occurred_at.is_some_and(|changed| changed > txn.created_at);
    let then = if older { product_past::find(unit, row.id, txn.created_at)? } else { None };
    let known = (row.status.as_str(), row.occurred_at, then.as_deref());
    if was_active((txn.source, txn.created_at), other.is_some(), known) {
        ProductStatus::Active.name().clone_into(&mut row.status);
    } else if older {
        ProductStatus::Churned.name().clone_into(&mut row.status);
    }
    if let Some(entry) = other.map(|id| product_book::find_by_id(unit, id)).transpose()?.flatten() {
        row.product_book = entry.id;
        (row.names.book_key, row.names.book_name) = (entry.key, entry.name);
    }
    Ok(row)
}

/// Whether a payment shows that its product was active when it was made, whatever the product's status is now: a
/// provider's does, unless the subscription had ended and was for the same entry, not an `other`. `known` is the product's
/// status, since when, and the one before that at the time of the payment.
pub(super) fn was_active(
    (source, paid_at): (Source, i64),
    other: bool,
    (status, occurred_at, then): (&str, Option<i64>, Option<&str>),
) -> bool {
    let older = occurred_at.is_some_and(|changed| changed > paid_at);
    let at_the_time = if older { then } else { Some(status) };
    source == Source::Billing && (other || at_the_time != Some(ProductStatus::Churned.name()))
}
