//! The product that a payment was for, as it was at the time of the payment.

use headwater_protocol::Source;
use headwater_protocol::v2::ProductStatus;
use headwater_store::Unit;

use super::Refusal;
use crate::store::product::{self, ProductRow};
use crate::store::product_book;
use crate::store::transaction::TransactionRow;

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
    if was_active((txn.source, txn.created_at), other.is_some(), &row.status, row.occurred_at) {
        ProductStatus::Active.name().clone_into(&mut row.status);
    }
    if let Some(entry) = other.map(|id| product_book::find_by_id(unit, id)).transpose()?.flatten() {
        row.product_book = entry.id;
        (row.names.book_key, row.names.book_name) = (entry.key, entry.name);
    }
    Ok(row)
}

/// Whether a payment shows that its product was active when it was made, whatever the product's status is now: a
/// provider's does, unless the subscription had ended and was for the same entry, not an `other`.
pub(super) fn was_active(
    (source, paid_at): (Source, i64),
    other: bool,
    status: &str,
    occurred_at: Option<i64>,
) -> bool {
    let ended = status == ProductStatus::Churned.name() && occurred_at.is_none_or(|at| at <= paid_at);
    source == Source::Billing && (other || !ended)
}
