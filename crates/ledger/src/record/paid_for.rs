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
    let ended =
        row.status == ProductStatus::Churned.name() && row.occurred_at.is_none_or(|at| at <= txn.created_at);
    if other.is_some() || !ended {
        ProductStatus::Active.name().clone_into(&mut row.status);
    }
    if let Some(entry) = other.map(|id| product_book::find_by_id(unit, id)).transpose()?.flatten() {
        row.product_book = entry.id;
        (row.names.book_key, row.names.book_name) = (entry.key, entry.name);
    }
    Ok(row)
}
