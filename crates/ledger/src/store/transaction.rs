//! Rows of `txn`: customers' payments.

use headwater_protocol::Source;
use headwater_store::{Record, StoreError, Unit, row};
use serde_json::{Map, Value};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};
use super::totals::{self, MoneyChange};

row! {
    /// A payment, with the keys and names of what it refers to.
    #[derive(Debug, Clone)]
    pub(crate) struct TransactionRow {
        pub(crate) id: i64 = "txn.id",
        /// The sender's own key, or one that we made.
        pub(crate) key: String = "txn.key",
        pub(crate) test: bool = "txn.test",
        pub(crate) customer: i64 = "txn.customer",
        /// Whether the request named the customer by the site's own id.
        pub(crate) by_site_key: bool = "txn.by_site_key",
        /// The product that its subscription names.
        pub(crate) product: Option<i64> = "txn.product",
        /// The credited partnership.
        pub(crate) partnership: Option<i64> = "txn.partnership",
        /// The team member credited.
        pub(crate) member: Option<i64> = "txn.member",
        pub(crate) amount: i64 = "txn.amount",
        pub(crate) currency: String = "txn.currency",
        pub(crate) category_key: Option<String> = "txn.category_key",
        /// Free text that the request gave as `product_key`.
        pub(crate) product_text: Option<String> = "txn.product_text",
        pub(crate) subscription_key: Option<String> = "txn.subscription_key",
        pub(crate) metadata: Option<Map<String, Value>> = "txn.metadata" => json::object,
        /// What was refunded so far, in minor units.
        pub(crate) refunded_total: i64 = "txn.refunded_total",
        pub(crate) archived: bool = "txn.archived",
        pub(crate) created_at: i64 = "txn.created_at",
        pub(crate) updated_at: i64 = "txn.updated_at",
        /// The source of the payment.
        pub(crate) source: Source = "txn.source" => json::source,
        /// The provider's id by which the customer was found, where that was a page's claim.
        pub(crate) claimed_name: Option<String> = "txn.claimed_name",
        /// When the newest refunded total was true, by the provider's time.
        pub(crate) refunded_at: Option<i64> = "txn.refunded_at",
        /// The number that orders totals of that time.
        pub(crate) refunded_revision: i64 = "txn.refunded_revision",
        /// The catalogue entry that a provider's line named; the product's own entry may change with the plan.
        pub(crate) product_book: Option<i64> = "txn.product_book",
        /// Read only.
        pub(crate) names: TransactionNames,
    }
}

row! {
    /// Keys and names of what a payment refers to; read only.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct TransactionNames {
        pub(crate) customer_key: String = "customer.key",
        pub(crate) customer_email: String = "customer.email",
        pub(crate) customer_site_key: Option<String> = "customer.customer_key",
        pub(crate) sub_ids: Vec<String> = "customer.sub_ids" => json::texts,
        pub(crate) product_key: Option<String> = "product.key",
        pub(crate) partnership_key: Option<String> = "partnership.key",
        pub(crate) member_key: Option<String> = "member.key",
    }
}

/// The member, and indexes that cover the list's filters and their order.
pub(super) const MEMBERS: &str = "
ALTER TABLE txn ADD COLUMN member bigint REFERENCES member (id);
CREATE INDEX txn_by_partnership ON txn (partnership, program, test, created_at, id) WHERE partnership IS NOT NULL;
CREATE INDEX txn_of_subscription ON txn (program, test, subscription_key, created_at, id)
    WHERE subscription_key IS NOT NULL;
CREATE INDEX txn_of_text ON txn (program, test, product_text, created_at, id) WHERE product_text IS NOT NULL;
";

/// Orders refunded totals of one time; 0 for those from before.
pub(super) const REVISION: &str = "
ALTER TABLE txn ADD COLUMN refunded_revision bigint NOT NULL DEFAULT 0;
";

const COLUMNS: &str = TransactionRow::COLUMNS;
const FROM: &str = "txn JOIN customer ON customer.id = txn.customer \
     LEFT JOIN product ON product.id = txn.product \
     LEFT JOIN partnership ON partnership.id = txn.partnership LEFT JOIN member ON member.id = txn.member";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "txn",
    orders: &[("amount", "txn.amount")],
    archivable: true,
    modes: true,
    partner: Some("txn.partnership ="),
    filters: &[
        ListFilter::new(
            "customer_key",
            "Who paid: our key or the site's own.",
            FilterBy::Record(NamedRecord::Customer, "txn.customer ="),
        ),
        ListFilter::vendor(
            "customer_external_key",
            "Who paid: another system's id of the customer.",
            FilterBy::Record(NamedRecord::ExternalCustomer, "txn.customer ="),
        ),
        ListFilter::vendor("customer_email", "Who paid: the address.", FilterBy::Text("customer.email =")),
        ListFilter::vendor(
            "partnership_key",
            "The partner credited.",
            FilterBy::Record(NamedRecord::Partnership, "txn.partnership ="),
        ),
        ListFilter::vendor(
            "product_key",
            "The product that was paid for, or the text that the payment gave in its place.",
            FilterBy::RecordOrText(NamedRecord::Product, "txn.product =", "txn.product_text ="),
        ),
        ListFilter::vendor(
            "subscription_key",
            "The subscription that was paid for, byte for byte.",
            FilterBy::Text("txn.subscription_key ="),
        ),
        ListFilter::vendor("test", "Whether test keys made it.", FilterBy::Bool("txn.test =")),
        // Written like the index `txn_unmatched`.
        ListFilter::vendor(
            "unmatched",
            "Only payments whose subscription matches no product.",
            FilterBy::Flag("txn.product IS NULL AND txn.subscription_key IS NOT NULL"),
        ),
    ],
};

/// Adds a payment. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &TransactionRow) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "txn",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("customer", row.customer.into()),
            ("by_site_key", row.by_site_key.into()),
            ("product", row.product.into()),
            ("partnership", row.partnership.into()),
            ("member", row.member.into()),
            ("amount", row.amount.into()),
            ("currency", (&row.currency).into()),
            ("category_key", row.category_key.as_ref().into()),
            ("product_text", row.product_text.as_ref().into()),
            ("subscription_key", row.subscription_key.as_ref().into()),
            ("metadata", json::from_object(row.metadata.as_ref()).as_ref().into()),
            ("refunded_total", row.refunded_total.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
            ("source", row.source.name().into()),
            ("claimed_name", row.claimed_name.as_ref().into()),
            ("refunded_at", row.refunded_at.into()),
            ("refunded_revision", row.refunded_revision.into()),
            ("product_book", row.product_book.into()),
        ],
        "(program, test, key) DO NOTHING",
    )?;
    if added == 1 {
        count_in(unit, row)?;
    }
    Ok(added == 1)
}

/// Adds a payment to the totals of its customer and its partner, unless all of it was refunded.
fn count_in(unit: &mut Unit<'_>, row: &TransactionRow) -> Result<(), StoreError> {
    if row.archived {
        return Ok(());
    }
    let revenue = row.amount - row.refunded_total;
    totals::add_payment(unit, row.customer, &row.currency, revenue)?;
    match row.partnership.filter(|_| !row.test) {
        Some(partnership) => {
            let change = MoneyChange { partnership, currency: &row.currency, revenue, commission: 0 };
            totals::add_money(unit, &change)
        }
        None => Ok(()),
    }
}

/// Writes the columns that may change: customer, product, credit and refunds.
pub(crate) fn update(unit: &mut Unit<'_>, row: &TransactionRow) -> Result<(), StoreError> {
    totals::subtract_payment(unit, row.id)?;
    totals::subtract_revenue(unit, row.id)?;
    unit.update(
        "txn",
        row.id,
        [
            ("product", row.product.into()),
            ("partnership", row.partnership.into()),
            ("refunded_total", row.refunded_total.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
            ("customer", row.customer.into()),
            ("claimed_name", row.claimed_name.as_ref().into()),
            ("refunded_at", row.refunded_at.into()),
            ("refunded_revision", row.refunded_revision.into()),
        ],
    )?;
    count_in(unit, row)
}

/// Erases what may identify the customer. The names of payment and subscription stay, because later refunds name them;
/// and a claimed id of a provider, see [`super::product::forget`].
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
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], TransactionRow::from_row)
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
    unit.query(&sql, &[customer.into(), subscription.into()], TransactionRow::from_row)
}

/// Payments of a customer, oldest first.
pub(crate) fn list_of_customer(
    unit: &mut Unit<'_>,
    customer: i64,
) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.customer = $1 ORDER BY txn.id");
    unit.query(&sql, &[customer.into()], TransactionRow::from_row)
}

/// Payments linked to a product, oldest first.
pub(crate) fn list_of_product(unit: &mut Unit<'_>, product: i64) -> Result<Vec<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.product = $1 ORDER BY txn.id");
    unit.query(&sql, &[product.into()], TransactionRow::from_row)
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
    unit.query(&sql, &[program.into(), test.into(), name.into()], TransactionRow::from_row)
}

/// A payment by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<TransactionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE txn.id = $1");
    unit.query_one(&sql, &[id.into()], TransactionRow::from_row)
}
