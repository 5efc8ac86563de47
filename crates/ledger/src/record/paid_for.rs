//! What a payment was for: the product of its subscription, as it was when it was paid.

use headwater_protocol::Source;
use headwater_protocol::v2::ProductStatus;
use headwater_store::Unit;

use super::Refusal;
use crate::store::product::{self, ProductRow};
use crate::store::product_book;
use crate::store::transaction::TransactionRow;

/// The product of a payment, as it was when it was paid.
pub(super) fn linked(unit: &mut Unit<'_>, txn: &TransactionRow) -> Result<Option<ProductRow>, Refusal> {
    let Some(id) = txn.product else { return Ok(None) };
    product::find_by_id(unit, id)?.map(|row| as_paid(unit, txn, row)).transpose()
}

/// Whatever a provider's payment paid for was active then: its trial was over, and what ended or became another plan
/// later had not yet (billing.md section 3).
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
