//! Rows of `customer`.

use headwater_protocol::Source;
use headwater_store::{Record, StoreError, Unit, row};
use serde_json::{Map, Value};

use super::list::{FilterBy, ListFilter, Listing, NamedRecord};
use super::partnership::PartnershipRow;
use super::{json, totals};

row! {
    /// A customer, with the keys of the partner who referred it.
    #[derive(Debug, Clone)]
    pub(crate) struct CustomerRow {
        pub(crate) id: i64 = "customer.id",
        pub(crate) key: String = "customer.key",
        /// The site's own id.
        pub(crate) customer_key: Option<String> = "customer.customer_key",
        pub(crate) email: String = "customer.email",
        pub(crate) name: Option<String> = "customer.name",
        pub(crate) provider_key: Option<String> = "customer.provider_key",
        pub(crate) external_key: Option<String> = "customer.external_key",
        /// The referring partnership's number.
        pub(crate) partnership: Option<i64> = "customer.partnership",
        /// The credited team member's number.
        pub(crate) member: Option<i64> = "customer.member",
        pub(crate) source_key: Option<String> = "customer.source_key",
        pub(crate) source_type: String = "customer.source_type",
        pub(crate) sub_ids: Vec<String> = "customer.sub_ids" => json::texts,
        pub(crate) meta: Option<Map<String, Value>> = "customer.meta" => json::object,
        /// Custom fields.
        pub(crate) fields: Option<Map<String, Value>> = "customer.fields" => json::object,
        pub(crate) test: bool = "customer.test",
        pub(crate) archived: bool = "customer.archived",
        pub(crate) created_at: i64 = "customer.created_at",
        pub(crate) updated_at: i64 = "customer.updated_at",
        /// The most trusted source so far that named the customer.
        pub(crate) source: Source = "customer.source" => json::source,
        /// When a source other than a page first named the customer.
        pub(crate) confirmed_at: Option<i64> = "customer.confirmed_at",
        /// The source of the credit; `None` while nobody is credited.
        pub(crate) credit_source: Option<Source> = "customer.credit_source" => json::maybe_source,
        /// Whether pages named two partners, and no trusted source has named one.
        pub(crate) contested: bool = "customer.contested",
        /// Whether the address is only a page's claim.
        pub(crate) email_claimed: bool = "customer.email_claimed",
        /// Read only: what the referring partner's links carry.
        pub(crate) partner_key: Option<String> = "partnership.partner_key",
        /// Read only: `part_…`.
        pub(crate) partnership_key: Option<String> = "partnership.key",
        /// Read only: the program's name in cookies.
        pub(crate) company_key: String = "program.company_key",
        /// Read only.
        pub(crate) company_name: String = "program.name",
        /// Read only: whether there is a payment that was not wholly refunded.
        pub(crate) has_paid: bool = "CAST(CASE WHEN EXISTS (SELECT 1 FROM customer_total \
             WHERE customer_total.customer = customer.id AND customer_total.payments > 0) THEN 1 ELSE 0 END AS bigint)",
    }
}

const COLUMNS: &str = CustomerRow::COLUMNS;
const FROM: &str = "customer JOIN program ON program.id = customer.program \
     LEFT JOIN partnership ON partnership.id = customer.partnership";

/// How these are listed.
pub(crate) const LISTING: Listing = Listing {
    from: FROM,
    table: "customer",
    orders: &[],
    archivable: true,
    modes: true,
    partner: Some("customer.partnership ="),
    filters: &[
        ListFilter::vendor("email", "The customer's address.", FilterBy::Text("customer.email =")),
        ListFilter::vendor(
            "customer_key",
            "The customer: our key or the site's own.",
            FilterBy::Record(NamedRecord::Customer, "customer.id ="),
        ),
        ListFilter::vendor(
            "partner_key",
            "The partner who referred the customer.",
            FilterBy::Record(NamedRecord::Partnership, "customer.partnership ="),
        ),
        ListFilter::vendor(
            "partnership_key",
            "The same.",
            FilterBy::Record(NamedRecord::Partnership, "customer.partnership ="),
        ),
        ListFilter::vendor(
            "group",
            "The referring partners' group: its key or slug.",
            FilterBy::Record(NamedRecord::Group, "partnership.grp ="),
        ),
        ListFilter::vendor("test", "Whether test keys made it.", FilterBy::Bool("customer.test =")),
        ListFilter::vendor(
            "provider_key",
            "The billing provider's id of the customer.",
            FilterBy::Text("customer.provider_key ="),
        ),
        ListFilter::vendor(
            "has_sub_id",
            "Only customers whose click carried a sub-id.",
            FilterBy::Flag("customer.sub_ids <> '[]'"),
        ),
    ],
};

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
    let added = unit.insert_on_conflict(
        "customer",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("key", (&row.key).into()),
            ("customer_key", row.customer_key.as_ref().into()),
            ("email", (&row.email).into()),
            ("name", row.name.as_ref().into()),
            ("provider_key", row.provider_key.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("partnership", row.partnership.into()),
            ("member", row.member.into()),
            ("source_key", row.source_key.as_ref().into()),
            ("source_type", (&row.source_type).into()),
            ("sub_ids", (&json::from_texts(&row.sub_ids)).into()),
            ("meta", json::from_object(row.meta.as_ref()).as_ref().into()),
            ("fields", json::from_object(row.fields.as_ref()).as_ref().into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
            ("source", row.source.name().into()),
            ("confirmed_at", row.confirmed_at.into()),
            ("credit_source", row.credit_source.map(Source::name).into()),
            ("contested", row.contested.into()),
            ("email_claimed", row.email_claimed.into()),
        ],
        "DO NOTHING",
    )?;
    if added == 1 {
        totals::add_customer(unit, row.counts_for())?;
    }
    Ok(added == 1)
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &CustomerRow) -> Result<(), StoreError> {
    totals::subtract_customer(unit, row.id)?;
    unit.update(
        "customer",
        row.id,
        [
            ("customer_key", row.customer_key.as_ref().into()),
            ("email", (&row.email).into()),
            ("name", row.name.as_ref().into()),
            ("provider_key", row.provider_key.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("source_key", row.source_key.as_ref().into()),
            ("sub_ids", (&json::from_texts(&row.sub_ids)).into()),
            ("meta", json::from_object(row.meta.as_ref()).as_ref().into()),
            ("fields", json::from_object(row.fields.as_ref()).as_ref().into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
            ("partnership", row.partnership.into()),
            ("member", row.member.into()),
            ("source", row.source.name().into()),
            ("confirmed_at", row.confirmed_at.into()),
            ("credit_source", row.credit_source.map(Source::name).into()),
            ("contested", row.contested.into()),
            ("email_claimed", row.email_claimed.into()),
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
    unit.query(&sql, &[program.into(), test.into(), text.into()], CustomerRow::from_row)
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
    unit.query(&sql, &[program.into(), test.into(), email.into(), claimed.into()], CustomerRow::from_row)
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
         JOIN program ON program.id = customer.program \
         LEFT JOIN partnership ON partnership.id = customer.partnership \
         WHERE provider_id.program = $1 AND provider_id.test = $2 AND provider_id.provider_key = $3 \
         AND provider_id.claimed = $4 LIMIT 2"
    );
    unit.query(
        &sql,
        &[program.into(), test.into(), provider_key.into(), claimed.into()],
        CustomerRow::from_row,
    )
}

/// A customer by its number, archived or not.
pub(crate) fn find_by_id(unit: &mut Unit<'_>, id: i64) -> Result<Option<CustomerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE customer.id = $1");
    unit.query_one(&sql, &[id.into()], CustomerRow::from_row)
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
