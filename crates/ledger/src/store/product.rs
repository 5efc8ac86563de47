//! Rows of `product`: the catalogue entries that customers have.

use headwater_protocol::Source;
use headwater_store::{Row, StoreError, Unit};
use serde_json::{Map, Value};

use super::json;
use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};
use super::product_book::ProductBookRow;

/// A customer's product, with the keys and names of what it refers to.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub(crate) struct ProductRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) product_book: i64,
    pub(crate) customer: i64,
    /// Whether the request named the customer by the site's own id.
    pub(crate) by_site_key: bool,
    pub(crate) partnership: Option<i64>,
    /// Whether the request named the partnership by its partner key.
    pub(crate) by_partner_key: bool,
    pub(crate) member: Option<i64>,
    pub(crate) external_subscription_key: Option<String>,
    pub(crate) status: String,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) click_xid: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// The source of its catalogue entry.
    pub(crate) source: Source,
    /// When a source other than a page first named it.
    pub(crate) confirmed_at: Option<i64>,
    /// When the newest report of status and price was true.
    pub(crate) occurred_at: Option<i64>,
    /// Whether the partnership was named for the product, rather than taken from its customer.
    pub(crate) credit_given: bool,
    /// The provider's id by which its customer was found, where that was a page's claim.
    pub(crate) claimed_name: Option<String>,
    /// Read only.
    pub(crate) names: ProductNames,
}

/// Keys and names of what a product refers to; read only.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProductNames {
    pub(crate) book_key: String,
    pub(crate) book_name: String,
    pub(crate) customer_key: String,
    pub(crate) customer_site_key: Option<String>,
    pub(crate) partnership_key: Option<String>,
    pub(crate) partner_key: Option<String>,
    pub(crate) partner_first_name: Option<String>,
    pub(crate) partner_last_name: Option<String>,
    pub(crate) member_key: Option<String>,
    pub(crate) member_email: Option<String>,
    pub(crate) member_name: Option<String>,
}

const COLUMNS: &str = "product.key, product.id, product.product_book, product.customer, product.by_site_key, \
     product.partnership, product.by_partner_key, product.member, product.external_subscription_key, \
     product.status, product.amount, product.currency, product.click_xid, product.metadata, \
     product.archived, product.created_at, product.updated_at, product_book.key, product_book.name, \
     customer.key, customer.customer_key, partnership.key, partnership.partner_key, \
     partnership.first_name, partnership.last_name, member.key, member.email, member.name, \
     product.source, product.confirmed_at, product.occurred_at, product.credit_given, product.claimed_name";
const FROM: &str = "product JOIN product_book ON product_book.id = product.product_book \
     JOIN customer ON customer.id = product.customer \
     LEFT JOIN partnership ON partnership.id = product.partnership \
     LEFT JOIN member ON member.id = product.member";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "product", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<ProductRow, StoreError> {
    Ok(ProductRow {
        key: row.get(0)?,
        id: row.get(1)?,
        product_book: row.get(2)?,
        customer: row.get(3)?,
        by_site_key: row.get(4)?,
        partnership: row.get(5)?,
        by_partner_key: row.get(6)?,
        member: row.get(7)?,
        external_subscription_key: row.get(8)?,
        status: row.get(9)?,
        amount: row.get(10)?,
        currency: row.get(11)?,
        click_xid: row.get(12)?,
        metadata: json::object(row, 13)?,
        archived: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        names: ProductNames {
            book_key: row.get(17)?,
            book_name: row.get(18)?,
            customer_key: row.get(19)?,
            customer_site_key: row.get(20)?,
            partnership_key: row.get(21)?,
            partner_key: row.get(22)?,
            partner_first_name: row.get(23)?,
            partner_last_name: row.get(24)?,
            member_key: row.get(25)?,
            member_email: row.get(26)?,
            member_name: row.get(27)?,
        },
        source: json::source(row, 28)?,
        confirmed_at: row.get(29)?,
        occurred_at: row.get(30)?,
        credit_given: row.get(31)?,
        claimed_name: row.get(32)?,
    })
}

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
    unit.execute(
        "INSERT INTO product (id, program, test, key, product_book, customer, by_site_key, partnership, \
         by_partner_key, member, external_subscription_key, status, amount, currency, click_xid, metadata, \
         archived, created_at, updated_at, source, confirmed_at, occurred_at, credit_given, claimed_name) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22, $23, $24)",
        &[
            row.id.into(),
            program.into(),
            test.into(),
            (&row.key).into(),
            row.product_book.into(),
            row.customer.into(),
            row.by_site_key.into(),
            row.partnership.into(),
            row.by_partner_key.into(),
            row.member.into(),
            row.external_subscription_key.as_ref().into(),
            (&row.status).into(),
            row.amount.into(),
            row.currency.as_ref().into(),
            row.click_xid.as_ref().into(),
            json::from_object(row.metadata.as_ref()).as_ref().into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.source.name().into(),
            row.confirmed_at.into(),
            row.occurred_at.into(),
            row.credit_given.into(),
            row.claimed_name.as_ref().into(),
        ],
    )?;
    Ok(())
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &ProductRow) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE product SET external_subscription_key = $1, status = $2, amount = $3, currency = $4, \
         archived = $5, updated_at = $6, product_book = $7, customer = $8, partnership = $9, source = $10, \
         confirmed_at = $11, occurred_at = $12, claimed_name = $13 WHERE id = $14",
        &[
            row.external_subscription_key.as_ref().into(),
            (&row.status).into(),
            row.amount.into(),
            row.currency.as_ref().into(),
            row.archived.into(),
            row.updated_at.into(),
            row.product_book.into(),
            row.customer.into(),
            row.partnership.into(),
            row.source.name().into(),
            row.confirmed_at.into(),
            row.occurred_at.into(),
            row.claimed_name.as_ref().into(),
            row.id.into(),
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
    unit.query_one(&sql, &[program.into(), test.into(), key.into()], from_row)
}

/// A product by its number.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<ProductRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE product.id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
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
    unit.query(&sql, &[program.into(), test.into(), subscription.into()], from_row)
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
    unit.query_one(&sql, &[customer.into(), subscription.into()], from_row)
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
    unit.query(&sql, &[customer.into()], from_row)
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
    unit.query(&sql, &[program.into(), test.into(), name.into()], from_row)
}

/// A page of products.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    customer: Option<i64>,
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<ProductRow>>, StoreError> {
    let scope = || {
        let mut scope = vec![
            Condition::int("product.program =", program),
            Condition::int("product.test =", i64::from(test)),
        ];
        scope.extend(customer.map(|id| Condition::int("product.customer =", id)));
        scope
    };
    read_page(unit, &LISTING, scope, filters, page, from_row)
}
