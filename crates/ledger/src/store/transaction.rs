//! Rows of `txn`: customers' payments.

use headwater_protocol::Source;
use headwater_store::{Row, StoreError, Unit};
use serde_json::{Map, Value};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};
use super::{json, totals};

/// A payment, with the keys and names of what it refers to.
#[derive(Debug, Clone)]
pub(crate) struct TransactionRow {
    pub(crate) id: i64,
    /// The sender's own key, or one that we made.
    pub(crate) key: String,
    pub(crate) test: bool,
    pub(crate) customer: i64,
    /// Whether the request named the customer by the site's own id.
    pub(crate) by_site_key: bool,
    /// The product that its subscription names.
    pub(crate) product: Option<i64>,
    /// The credited partnership.
    pub(crate) partnership: Option<i64>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) category_key: Option<String>,
    /// Free text that the request gave as `product_key`.
    pub(crate) product_text: Option<String>,
    pub(crate) subscription_key: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
    /// What was refunded so far, in minor units.
    pub(crate) refunded_total: i64,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// The source of the payment.
    pub(crate) source: Source,
    /// The provider's id by which the customer was found, where that was a page's claim.
    pub(crate) claimed_name: Option<String>,
    /// When the newest refunded total was true, by the provider's time.
    pub(crate) refunded_at: Option<i64>,
    /// The catalogue entry that a provider's line named; the product's own entry may change with the plan.
    pub(crate) product_book: Option<i64>,
    /// Read only.
    pub(crate) names: TransactionNames,
}

/// Keys and names of what a payment refers to; read only.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransactionNames {
    pub(crate) customer_key: String,
    pub(crate) customer_email: String,
    pub(crate) customer_site_key: Option<String>,
    pub(crate) sub_ids: Vec<String>,
    pub(crate) product_key: Option<String>,
    pub(crate) partnership_key: Option<String>,
}

const COLUMNS: &str = "txn.key, txn.id, txn.test, txn.customer, txn.by_site_key, txn.product, \
     txn.partnership, txn.amount, txn.currency, txn.category_key, txn.product_text, txn.subscription_key, txn.metadata, \
     txn.refunded_total, txn.archived, txn.created_at, txn.updated_at, customer.key, customer.email, \
     customer.customer_key, customer.sub_ids, product.key, partnership.key, \
     txn.source, txn.claimed_name, txn.refunded_at, txn.product_book";
const FROM: &str = "txn JOIN customer ON customer.id = txn.customer \
     LEFT JOIN product ON product.id = txn.product \
     LEFT JOIN partnership ON partnership.id = txn.partnership";

const LISTING: Listing = Listing {
    columns: COLUMNS,
    from: FROM,
    table: "txn",
    orders: &[("amount", "txn.amount")],
    archivable: true,
};

fn from_row(row: &Row<'_>) -> Result<TransactionRow, StoreError> {
    Ok(TransactionRow {
        key: row.get(0)?,
        id: row.get(1)?,
        test: row.get(2)?,
        customer: row.get(3)?,
        by_site_key: row.get(4)?,
        product: row.get(5)?,
        partnership: row.get(6)?,
        amount: row.get(7)?,
        currency: row.get(8)?,
        category_key: row.get(9)?,
        product_text: row.get(10)?,
        subscription_key: row.get(11)?,
        metadata: json::object(row, 12)?,
        refunded_total: row.get(13)?,
        archived: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        names: TransactionNames {
            customer_key: row.get(17)?,
            customer_email: row.get(18)?,
            customer_site_key: row.get(19)?,
            sub_ids: json::texts(row, 20)?,
            product_key: row.get(21)?,
            partnership_key: row.get(22)?,
        },
        source: json::source(row, 23)?,
        claimed_name: row.get(24)?,
        refunded_at: row.get(25)?,
        product_book: row.get(26)?,
    })
}

/// Adds a payment. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &TransactionRow) -> Result<bool, StoreError> {
    let added = unit.execute(
        "INSERT INTO txn (id, program, test, key, customer, by_site_key, product, partnership, amount, \
         currency, category_key, product_text, subscription_key, metadata, refunded_total, archived, \
         created_at, updated_at, source, claimed_name, refunded_at, product_book) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22) ON CONFLICT (program, test, key) DO NOTHING",
        &[
            row.id.into(),
            program.into(),
            row.test.into(),
            (&row.key).into(),
            row.customer.into(),
            row.by_site_key.into(),
            row.product.into(),
            row.partnership.into(),
            row.amount.into(),
            (&row.currency).into(),
            row.category_key.as_ref().into(),
            row.product_text.as_ref().into(),
            row.subscription_key.as_ref().into(),
            json::from_object(row.metadata.as_ref()).as_ref().into(),
            row.refunded_total.into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.source.name().into(),
            row.claimed_name.as_ref().into(),
            row.refunded_at.into(),
            row.product_book.into(),
        ],
    )?;
    if added == 1 {
        count_in(unit, row)?;
    }
    Ok(added == 1)
}

/// Adds a payment to its customer's total, unless all of it was refunded.
fn count_in(unit: &mut Unit<'_>, row: &TransactionRow) -> Result<(), StoreError> {
    if row.archived {
        return Ok(());
    }
    totals::add_payment(unit, row.customer, &row.currency, row.amount - row.refunded_total)
}

/// Writes the columns that may change: customer, product, credit and refunds.
pub(crate) fn update(unit: &mut Unit<'_>, row: &TransactionRow) -> Result<(), StoreError> {
    totals::subtract_payment(unit, row.id)?;
    unit.execute(
        "UPDATE txn SET product = $1, partnership = $2, refunded_total = $3, archived = $4, updated_at = $5, \
         customer = $6, claimed_name = $7, refunded_at = $8 WHERE id = $9",
        &[
            row.product.into(),
            row.partnership.into(),
            row.refunded_total.into(),
            row.archived.into(),
            row.updated_at.into(),
            row.customer.into(),
            row.claimed_name.as_ref().into(),
            row.refunded_at.into(),
            row.id.into(),
        ],
    )?;
    count_in(unit, row)
}

/// Erases what may identify the customer.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute("UPDATE txn SET metadata = NULL WHERE customer = $1", &[customer.into()])?;
    Ok(())
}

/// A payment by its key.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
) -> Result<Option<TransactionRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.program = $1 AND txn.test = $2 AND txn.key = $3");
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], from_row)
}

/// Payments of a customer whose subscription matched no product, oldest first.
pub(crate) fn list_unmatched(
    unit: &mut Unit<'_>,
    customer: i64,
    subscription: &str,
) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE txn.customer = $1 AND txn.subscription_key = $2 \
         AND txn.product IS NULL AND txn.archived = 0 ORDER BY txn.id"
    );
    unit.query(&sql, &[customer.into(), subscription.into()], from_row)
}

/// Payments of a customer, oldest first.
pub(crate) fn list_of_customer(
    unit: &mut Unit<'_>,
    customer: i64,
) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.customer = $1 ORDER BY txn.id");
    unit.query(&sql, &[customer.into()], from_row)
}

/// Payments linked to a product, oldest first.
pub(crate) fn list_of_product(unit: &mut Unit<'_>, product: i64) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.product = $1 ORDER BY txn.id");
    unit.query(&sql, &[product.into()], from_row)
}

/// Payments whose customer was found by a provider's id that only a page had claimed.
pub(crate) fn list_by_claimed_name(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    name: &str,
) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE txn.program = $1 AND txn.test = $2 AND txn.claimed_name = $3 \
         ORDER BY txn.id"
    );
    unit.query(&sql, &[program.into(), test.into(), name.into()], from_row)
}

/// A payment by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
}

/// The filter for payments whose subscription matches no product; written like the index `txn_unmatched`.
pub(crate) fn unmatched() -> Condition {
    Condition::fact("txn.product IS NULL AND txn.subscription_key IS NOT NULL")
}

/// A page of payments.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<TransactionRow>>, StoreError> {
    let scope =
        || vec![Condition::int("txn.program =", program), Condition::int("txn.test =", i64::from(test))];
    read_page(unit, &LISTING, scope, filters, page, from_row)
}
