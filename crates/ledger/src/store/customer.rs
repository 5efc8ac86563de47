//! Rows of `customer`.

use headwater_protocol::Source;
use headwater_store::{Row, StoreError, Unit};
use serde_json::{Map, Value};

use super::list::{Condition, Listing, PageRequest, Slice, page as read_page};
use super::partnership::PartnershipRow;
use super::{json, totals};

/// A customer, with the keys of the partner who referred it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub(crate) struct CustomerRow {
    pub(crate) id: i64,
    pub(crate) key: String,
    /// The site's own id.
    pub(crate) customer_key: Option<String>,
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) provider_key: Option<String>,
    pub(crate) external_key: Option<String>,
    /// The referring partnership's number.
    pub(crate) partnership: Option<i64>,
    /// The credited team member's number.
    pub(crate) member: Option<i64>,
    pub(crate) source_key: Option<String>,
    pub(crate) source_type: String,
    pub(crate) sub_ids: Vec<String>,
    pub(crate) meta: Option<Map<String, Value>>,
    pub(crate) test: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// The most trusted source so far that named the customer.
    pub(crate) source: Source,
    /// When a source other than a page first named the customer.
    pub(crate) confirmed_at: Option<i64>,
    /// The source of the credit; `None` while nobody is credited.
    pub(crate) credit_source: Option<Source>,
    /// Whether pages named two partners, and no trusted source has named one.
    pub(crate) contested: bool,
    /// Whether the address is only a page's claim.
    pub(crate) email_claimed: bool,
    /// Read only: what the referring partner's links carry.
    pub(crate) partner_key: Option<String>,
    /// Read only: `part_…`.
    pub(crate) partnership_key: Option<String>,
}

const COLUMNS: &str = "customer.key, customer.id, customer.customer_key, customer.email, customer.name, \
     customer.provider_key, customer.external_key, customer.partnership, customer.member, \
     customer.source_key, customer.source_type, customer.sub_ids, customer.meta, customer.test, \
     customer.archived, customer.created_at, customer.updated_at, partnership.partner_key, partnership.key, \
     customer.source, customer.confirmed_at, customer.credit_source, customer.contested, customer.email_claimed";
const FROM: &str = "customer LEFT JOIN partnership ON partnership.id = customer.partnership";

const LISTING: Listing =
    Listing { columns: COLUMNS, from: FROM, table: "customer", orders: &[], archivable: true };

fn from_row(row: &Row<'_>) -> Result<CustomerRow, StoreError> {
    Ok(CustomerRow {
        key: row.get(0)?,
        id: row.get(1)?,
        customer_key: row.get(2)?,
        email: row.get(3)?,
        name: row.get(4)?,
        provider_key: row.get(5)?,
        external_key: row.get(6)?,
        partnership: row.get(7)?,
        member: row.get(8)?,
        source_key: row.get(9)?,
        source_type: row.get(10)?,
        sub_ids: json::texts(row, 11)?,
        meta: json::object(row, 12)?,
        test: row.get(13)?,
        archived: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        partner_key: row.get(17)?,
        partnership_key: row.get(18)?,
        source: json::source(row, 19)?,
        confirmed_at: row.get(20)?,
        credit_source: json::maybe_source(row, 21)?,
        contested: row.get(22)?,
        email_claimed: row.get(23)?,
    })
}

impl CustomerRow {
    /// The partnership whose total counts this customer: only production customers that are not archived count.
    fn counts_for(&self) -> Option<i64> {
        self.partnership.filter(|_| !self.test && !self.archived)
    }

    /// Credits the customer to a partnership.
    pub(crate) fn credit_to(&mut self, referrer: &PartnershipRow) {
        self.partnership = Some(referrer.id);
        self.partner_key = Some(referrer.partner_key.clone());
        self.partnership_key = Some(referrer.key.clone());
    }
}

/// Adds a customer. Adds nothing and returns `false` when its key or the site's own id is taken.
pub(crate) fn insert(unit: &mut Unit<'_>, program: i64, row: &CustomerRow) -> Result<bool, StoreError> {
    let added = unit.execute(
        "INSERT INTO customer (id, program, test, key, customer_key, email, name, provider_key, external_key, \
         partnership, member, source_key, source_type, sub_ids, meta, archived, created_at, updated_at, \
         source, confirmed_at, credit_source, contested, email_claimed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22, $23) ON CONFLICT DO NOTHING",
        &[
            row.id.into(),
            program.into(),
            row.test.into(),
            (&row.key).into(),
            row.customer_key.as_ref().into(),
            (&row.email).into(),
            row.name.as_ref().into(),
            row.provider_key.as_ref().into(),
            row.external_key.as_ref().into(),
            row.partnership.into(),
            row.member.into(),
            row.source_key.as_ref().into(),
            (&row.source_type).into(),
            (&json::from_texts(&row.sub_ids)).into(),
            json::from_object(row.meta.as_ref()).as_ref().into(),
            row.archived.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.source.name().into(),
            row.confirmed_at.into(),
            row.credit_source.map(Source::name).into(),
            row.contested.into(),
            row.email_claimed.into(),
        ],
    )?;
    if added == 1 {
        totals::add_customer(unit, row.counts_for())?;
    }
    Ok(added == 1)
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &CustomerRow) -> Result<(), StoreError> {
    totals::subtract_customer(unit, row.id)?;
    unit.execute(
        "UPDATE customer SET customer_key = $1, email = $2, name = $3, provider_key = $4, external_key = $5, \
         sub_ids = $6, meta = $7, archived = $8, updated_at = $9, partnership = $10, member = $11, source = $12, \
         confirmed_at = $13, credit_source = $14, contested = $15, email_claimed = $16 WHERE id = $17",
        &[
            row.customer_key.as_ref().into(),
            (&row.email).into(),
            row.name.as_ref().into(),
            row.provider_key.as_ref().into(),
            row.external_key.as_ref().into(),
            (&json::from_texts(&row.sub_ids)).into(),
            json::from_object(row.meta.as_ref()).as_ref().into(),
            row.archived.into(),
            row.updated_at.into(),
            row.partnership.into(),
            row.member.into(),
            row.source.name().into(),
            row.confirmed_at.into(),
            row.credit_source.map(Source::name).into(),
            row.contested.into(),
            row.email_claimed.into(),
            row.id.into(),
        ],
    )?;
    totals::add_customer(unit, row.counts_for())
}

/// A column by which customers are looked up. Only the vendor sets these names, except for the site's own id, which
/// is unique.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CustomerName {
    /// `cus_…`; one customer.
    Key,
    /// The site's own id; one customer.
    CustomerKey,
    /// Another system's id.
    ExternalKey,
}

/// Customers by one of their names, two at most: enough to tell whether the name is unique.
pub(crate) fn find_by(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    name: CustomerName,
    text: &str,
) -> Result<Vec<CustomerRow>, StoreError> {
    let column = match name {
        CustomerName::Key => "key",
        CustomerName::CustomerKey => "customer_key",
        CustomerName::ExternalKey => "external_key",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE customer.program = $1 AND customer.test = $2 \
         AND customer.{column} = $3 AND customer.archived = 0 LIMIT 2"
    );
    unit.query(&sql, &[program.into(), test.into(), text.into()], from_row)
}

/// Customers of an address, claimed by pages or confirmed; two at most.
pub(crate) fn find_by_email(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    email: &str,
    claimed: bool,
) -> Result<Vec<CustomerRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE customer.program = $1 AND customer.test = $2 \
         AND customer.email = $3 AND customer.email_claimed = $4 AND customer.archived = 0 LIMIT 2"
    );
    unit.query(&sql, &[program.into(), test.into(), email.into(), claimed.into()], from_row)
}

/// Customers of a billing provider's id, claimed by pages or confirmed; two at most.
pub(crate) fn find_by_provider(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    provider_key: &str,
    claimed: bool,
) -> Result<Vec<CustomerRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provider_id JOIN customer ON customer.id = provider_id.customer \
         LEFT JOIN partnership ON partnership.id = customer.partnership \
         WHERE provider_id.program = $1 AND provider_id.test = $2 AND provider_id.provider_key = $3 \
         AND provider_id.claimed = $4 LIMIT 2"
    );
    unit.query(&sql, &[program.into(), test.into(), provider_key.into(), claimed.into()], from_row)
}

/// A customer by its number, archived or not.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<CustomerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE customer.id = $1");
    unit.query_one(&sql, &[id.into()], from_row)
}

/// The number of a customer by its `cus_…` key, archived or not.
pub(crate) fn find_number(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    key: &str,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM customer WHERE program = $1 AND test = $2 AND key = $3";
    unit.query_one(sql, &[program.into(), test.into(), key.into()], |row| row.get(0))
}

/// A page of customers, of one partnership when one is given.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    (program, test): (i64, bool),
    partnership: Option<i64>,
    filters: Vec<Condition>,
    page: &PageRequest,
) -> Result<Option<Slice<CustomerRow>>, StoreError> {
    let scope = || {
        let mut scope = vec![
            Condition::int("customer.program =", program),
            Condition::int("customer.test =", i64::from(test)),
        ];
        scope.extend(partnership.map(|id| Condition::int("customer.partnership =", id)));
        scope
    };
    read_page(unit, &LISTING, scope, filters, page, from_row)
}
