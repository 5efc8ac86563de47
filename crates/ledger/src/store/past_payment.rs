//! Payments of the past with everything that rules may ask about them, many in one statement.

use headwater_protocol::Source;
use headwater_store::{Columns, Record, StoreError, Unit, row};
use serde_json::{Map, Value};

use super::json;

row! {
    /// A payment of the past.
    #[derive(Debug)]
    pub(crate) struct PastPayment {
        pub(crate) id: i64 = "txn.id",
        pub(crate) key: String = "txn.key",
        pub(crate) amount: i64 = "txn.amount",
        pub(crate) currency: String = "txn.currency",
        pub(crate) category_key: Option<String> = "txn.category_key",
        pub(crate) product_text: Option<String> = "txn.product_text",
        pub(crate) metadata: Option<Map<String, Value>> = "txn.metadata" => json::object,
        pub(crate) test: bool = "txn.test",
        pub(crate) created_at: i64 = "txn.created_at",
        pub(crate) source: Source = "txn.source" => json::source,
        pub(crate) customer_meta: Option<Map<String, Value>> = "customer.meta" => json::object,
        pub(crate) customer_test: bool = "customer.test",
        pub(crate) customer_created_at: i64 = "customer.created_at",
        pub(crate) product: Option<PastProduct>,
        /// The credited partner.
        pub(crate) partner: Option<PastPartner>,
    }
}

row! {
    /// The product that a payment is linked to, as it is now, with the entry that the payment was for.
    #[derive(Debug)]
    pub(crate) struct PastProduct {
        pub(crate) key: String = "product.key",
        pub(crate) status: String = "product.status",
        pub(crate) created_at: i64 = "product.created_at",
        pub(crate) occurred_at: Option<i64> = "product.occurred_at",
        pub(crate) confirmed_at: Option<i64> = "product.confirmed_at",
        /// The status at the time of the payment, where the product's own no longer says so.
        pub(crate) then: Option<String> =
            "(SELECT product_past.status FROM product_past WHERE product_past.product = product.id \
             AND product_past.occurred_at <= txn.created_at ORDER BY product_past.occurred_at DESC, \
             CASE WHEN product_past.status = 'churned' THEN 0 ELSE 1 END LIMIT 1)",
        pub(crate) book: i64 = "product.product_book",
        pub(crate) book_key: String = "coalesce(paid.key, product_book.key)",
        pub(crate) book_name: String = "coalesce(paid.name, product_book.name)",
        /// The entry that the provider's line named.
        pub(crate) paid_for: Option<i64> = "paid.id",
    }
}

row! {
    /// The partner who was credited.
    #[derive(Debug, Clone)]
    pub(crate) struct PastPartner {
        pub(crate) id: i64 = "partnership.id",
        pub(crate) tags: Vec<String> = "partnership.tags" => json::texts,
        pub(crate) approved_status: String = "partnership.approved_status",
        pub(crate) archived: bool = "partnership.archived",
        pub(crate) created_at: i64 = "partnership.created_at",
        pub(crate) group_key: Option<String> = "grp.key",
        pub(crate) group_slug: Option<String> = "grp.slug",
        pub(crate) tier_key: Option<String> = "tier.key",
        pub(crate) tier_name: Option<String> = "tier.name",
    }
}

/// Payments and revenue of the customer up to each payment; see [`super::totals::history_at`].
const HISTORY: &str = "(SELECT count(*) FROM txn AS other WHERE other.customer = txn.customer \
     AND other.archived = 0 AND (other.created_at, other.id) <= (txn.created_at, txn.id)), \
     (SELECT CAST(coalesce(sum(other.amount - other.refunded_total), 0) AS bigint) FROM txn AS other \
     WHERE other.customer = txn.customer AND other.archived = 0 AND other.currency = txn.currency \
     AND (other.created_at, other.id) <= (txn.created_at, txn.id))";

/// A payment, with its customer's number of payments and revenue then (minor units).
pub(crate) type WithHistory = (PastPayment, (i64, i64));

/// Which payments to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PastPage {
    /// Time and number of the payment before the first.
    pub(crate) after: (i64, i64),
    /// The last time, included.
    pub(crate) until: i64,
    /// How many at most.
    pub(crate) limit: i64,
    /// Whether the customer's payments and revenue are asked for; zeros else.
    pub(crate) history: bool,
}

/// Payments in the order in which they were made.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    page: PastPage,
) -> Result<Vec<WithHistory>, StoreError> {
    let history = if page.history { HISTORY } else { "CAST(0 AS bigint), CAST(0 AS bigint)" };
    let sql = format!(
        "SELECT {}, {history} FROM txn JOIN customer ON customer.id = txn.customer \
         LEFT JOIN product ON product.id = txn.product \
         LEFT JOIN product_book ON product_book.id = product.product_book \
         LEFT JOIN product_book AS paid ON paid.id = txn.product_book \
         LEFT JOIN partnership ON partnership.id = txn.partnership LEFT JOIN grp ON grp.id = partnership.grp \
         LEFT JOIN tier ON tier.id = partnership.tier \
         WHERE txn.program = $1 AND txn.test = $2 AND (txn.created_at, txn.id) > ($3, $4) \
         AND txn.created_at <= $5 ORDER BY txn.created_at, txn.id LIMIT $6",
        PastPayment::COLUMNS
    );
    let (at, id) = page.after;
    let params = [program.into(), test.into(), at.into(), id.into(), page.until.into(), page.limit.into()];
    unit.query(&sql, &params, |row| {
        let mut columns = Columns::after(0, row);
        let payment = PastPayment::read(&mut columns)?;
        let history = (
            columns.take("payments", headwater_store::FromColumn::from_column)?,
            columns.take("revenue", headwater_store::FromColumn::from_column)?,
        );
        Ok((payment, history))
    })
}
