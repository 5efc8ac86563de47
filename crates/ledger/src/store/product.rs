//! Rows of `product`: the catalogue entries that customers have.

use headwater_protocol::Source;
use headwater_protocol::v2::ProductStatus;
use headwater_store::{Record, StoreError, Unit, row};
use serde_json::{Map, Value};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};
use super::product_book::ProductBookRow;

row! {
    /// A customer's product, with the keys and names of what it refers to.
    #[derive(Debug, Clone)]
    pub(crate) struct ProductRow {
        pub(crate) id: i64 = "product.id",
        pub(crate) key: String = "product.key",
        pub(crate) product_book: i64 = "product.product_book",
        pub(crate) customer: i64 = "product.customer",
        /// Whether the request named the customer by the site's own id.
        pub(crate) by_site_key: bool = "product.by_site_key",
        pub(crate) partnership: Option<i64> = "product.partnership",
        /// Whether the request named the partnership by its partner key.
        pub(crate) by_partner_key: bool = "product.by_partner_key",
        pub(crate) member: Option<i64> = "product.member",
        pub(crate) external_subscription_key: Option<String> = "product.external_subscription_key",
        pub(crate) status: String = "product.status",
        pub(crate) amount: Option<i64> = "product.amount",
        pub(crate) currency: Option<String> = "product.currency",
        pub(crate) click_xid: Option<String> = "product.click_xid",
        pub(crate) metadata: Option<Map<String, Value>> = "product.metadata" => json::object,
        pub(crate) archived: bool = "product.archived",
        pub(crate) created_at: i64 = "product.created_at",
        pub(crate) updated_at: i64 = "product.updated_at",
        /// The source of its catalogue entry.
        pub(crate) source: Source = "product.source" => json::source,
        /// When a source other than a page first named it.
        pub(crate) confirmed_at: Option<i64> = "product.confirmed_at",
        /// When the newest report of status and price was true.
        pub(crate) occurred_at: Option<i64> = "product.occurred_at",
        /// Whether the partnership was named for the product, rather than taken from its customer.
        pub(crate) credit_given: bool = "product.credit_given",
        /// The provider's id by which its customer was found, where that was a page's claim.
        pub(crate) claimed_name: Option<String> = "product.claimed_name",
        /// Read only.
        pub(crate) names: ProductNames,
    }
}

row! {
    /// Keys and names of what a product refers to; read only.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct ProductNames {
        pub(crate) book_key: String = "product_book.key",
        pub(crate) book_name: String = "product_book.name",
        pub(crate) customer_key: String = "customer.key",
        pub(crate) customer_site_key: Option<String> = "customer.customer_key",
        pub(crate) partnership_key: Option<String> = "partnership.key",
        pub(crate) partner_key: Option<String> = "partnership.partner_key",
        pub(crate) partner_first_name: Option<String> = "partnership.first_name",
        pub(crate) partner_last_name: Option<String> = "partnership.last_name",
        pub(crate) member_key: Option<String> = "member.key",
        pub(crate) member_email: Option<String> = "member.email",
        pub(crate) member_name: Option<String> = "member.name",
    }
}

const COLUMNS: &str = ProductRow::COLUMNS;
const FROM: &str = "product JOIN product_book ON product_book.id = product.product_book \
     JOIN customer ON customer.id = product.customer \
     LEFT JOIN partnership ON partnership.id = product.partnership \
     LEFT JOIN member ON member.id = product.member";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "product",
    orders: &[],
    archivable: true,
    modes: true,
    partner: Some("customer.partnership ="),
    filters: &[
        ListFilter::new(
            "customer_key",
            "Whose products: our key or the site's own.",
            FilterBy::Record(NamedRecord::Customer, "product.customer ="),
        ),
        ListFilter::vendor("stack_key", "The team member credited.", FilterBy::Text("member.key =")),
        ListFilter::vendor(
            "click_xid",
            "The click that led to the purchase.",
            FilterBy::Text("product.click_xid ="),
        ),
        ListFilter::new(
            "status",
            "The product's status.",
            FilterBy::Word("product.status =", ProductStatus::NAMES),
        ),
        ListFilter::vendor(
            "external_subscription_key",
            "The billing provider's subscription.",
            FilterBy::Text("product.external_subscription_key ="),
        ),
    ],
};

impl ProductRow {
    /// Moves the product to another catalogue entry; returns the key of the old one.
    pub(crate) fn point_to(&mut self, entry: &ProductBookRow) -> String {
        self.product_book = entry.id;
        self.names.book_name.clone_from(&entry.name);
        std::mem::replace(&mut self.names.book_key, entry.key.clone())
    }
}

/// Adds a product.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    row: &ProductRow,
) -> Result<(), StoreError> {
    unit.insert(
        "product",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", test.into()),
            ("key", (&row.key).into()),
            ("product_book", row.product_book.into()),
            ("customer", row.customer.into()),
            ("by_site_key", row.by_site_key.into()),
            ("partnership", row.partnership.into()),
            ("by_partner_key", row.by_partner_key.into()),
            ("member", row.member.into()),
            ("external_subscription_key", row.external_subscription_key.as_ref().into()),
            ("status", (&row.status).into()),
            ("amount", row.amount.into()),
            ("currency", row.currency.as_ref().into()),
            ("click_xid", row.click_xid.as_ref().into()),
            ("metadata", json::from_object(row.metadata.as_ref()).as_ref().into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
            ("source", row.source.name().into()),
            ("confirmed_at", row.confirmed_at.into()),
            ("occurred_at", row.occurred_at.into()),
            ("credit_given", row.credit_given.into()),
            ("claimed_name", row.claimed_name.as_ref().into()),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProductRow) -> Result<(), StoreError> {
    unit.update(
        "product",
        row.id,
        [
            ("external_subscription_key", row.external_subscription_key.as_ref().into()),
            ("status", (&row.status).into()),
            ("amount", row.amount.into()),
            ("currency", row.currency.as_ref().into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
            ("product_book", row.product_book.into()),
            ("customer", row.customer.into()),
            ("partnership", row.partnership.into()),
            ("source", row.source.name().into()),
            ("confirmed_at", row.confirmed_at.into()),
            ("occurred_at", row.occurred_at.into()),
            ("claimed_name", row.claimed_name.as_ref().into()),
        ],
    )?;
    Ok(())
}

/// Erases what may identify the customer. The provider's id of the subscription stays, because the provider's later
/// reports (a refund, a cancellation) name it; and what a page has claimed, because it may be another customer's, which
/// the provider confirms later.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE product SET metadata = NULL, click_xid = NULL WHERE customer = $1",
        &[customer.into()],
    )?;
    Ok(())
}

/// A product by our key.
pub(crate) fn find(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
) -> Result<Option<ProductRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE product.program = $1 AND product.test = $2 AND product.key = $3"
    );
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], ProductRow::from_row)
}

/// A product by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProductRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE product.id = $1");
    unit.query_one(&sql, &[id.into()], ProductRow::from_row)
}

/// Products of a subscription, two at most: enough to tell whether the subscription is unique.
pub(crate) fn find_subscription(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    subscription: &str,
) -> Result<Vec<ProductRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE product.program = $1 AND product.test = $2 \
         AND product.external_subscription_key = $3 LIMIT 2"
    );
    unit.query(&sql, &[program.into(), test.into(), subscription.into()], ProductRow::from_row)
}

/// A customer's product by its subscription, compared byte for byte.
pub(crate) fn find_of_customer(
    unit: &mut Unit<'_>,
    customer: i64,
    subscription: &str,
) -> Result<Option<ProductRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE product.customer = $1 AND product.external_subscription_key = $2"
    );
    unit.query_one(&sql, &[customer.into(), subscription.into()], ProductRow::from_row)
}

/// A customer's subscriptions, a hundred at most, to suggest the one that was meant.
pub(crate) fn list_subscriptions(unit: &mut Unit<'_>, customer: i64) -> Result<Vec<String>, StoreError> {
    unit.query(
        "SELECT external_subscription_key FROM product \
         WHERE customer = $1 AND external_subscription_key IS NOT NULL ORDER BY id LIMIT 100",
        &[customer.into()],
        |row| row.get(0),
    )
}

/// A customer's products, oldest first.
pub(crate) fn list_of_customer(unit: &mut Unit<'_>, customer: i64) -> Result<Vec<ProductRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE product.customer = $1 ORDER BY product.id");
    unit.query(&sql, &[customer.into()], ProductRow::from_row)
}

/// Products whose customer was found by a provider's id that only a page had claimed.
pub(crate) fn list_by_claimed_name(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    name: &str,
) -> Result<Vec<ProductRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE product.program = $1 AND product.test = $2 \
         AND product.claimed_name = $3 ORDER BY product.id"
    );
    unit.query(&sql, &[program.into(), test.into(), name.into()], ProductRow::from_row)
}
