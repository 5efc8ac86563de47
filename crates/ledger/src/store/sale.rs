//! Rows of `sale`: deals and leads. They differ in what the API shows of them, not in what is stored.

use headwater_protocol::v2::{FormValue, SalesCycle};
use headwater_store::{StoreError, Unit, row};
use serde_json::{Map, Value};

use super::json;
use super::list::{FilterBy, ListFilter, Listing, NamedRecord};

row! {
    /// A deal or a lead.
    #[derive(Debug, Clone)]
    pub(crate) struct SaleRow {
        pub(crate) id: i64 = "sale.id",
        pub(crate) key: String = "sale.key",
        pub(crate) test: bool = "sale.test",
        /// The partner's number.
        pub(crate) partnership: Option<i64> = "sale.partnership",
        /// The group's number.
        pub(crate) group: Option<i64> = "sale.grp",
        /// The number of the team member it is assigned to.
        pub(crate) member: Option<i64> = "sale.member",
        /// The number of the customer that it became.
        pub(crate) customer: Option<i64> = "sale.customer",
        /// Who brought it: `partner` or `vendor`.
        pub(crate) source: String = "sale.source",
        pub(crate) stage: String = "sale.stage",
        /// The company that may buy.
        pub(crate) account: Option<String> = "sale.account",
        pub(crate) email: Option<String> = "sale.email",
        pub(crate) first_name: Option<String> = "sale.first_name",
        pub(crate) last_name: Option<String> = "sale.last_name",
        /// Minor units.
        pub(crate) amount: Option<i64> = "sale.amount",
        pub(crate) currency: String = "sale.currency",
        pub(crate) close_date: Option<String> = "sale.close_date",
        pub(crate) external_key: Option<String> = "sale.external_key",
        pub(crate) fields: Vec<FormValue> = "sale.fields" => json::read,
        pub(crate) meta: Option<Map<String, Value>> = "sale.meta" => json::object,
        pub(crate) approved: bool = "sale.approved",
        pub(crate) archived: bool = "sale.archived",
        pub(crate) created_at: i64 = "sale.created_at",
        pub(crate) updated_at: i64 = "sale.updated_at",
        /// Read only.
        pub(crate) names: SaleNames,
    }
}

row! {
    /// Keys of what a deal or lead refers to; read only.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct SaleNames {
        pub(crate) partnership_key: Option<String> = "partnership.key",
        pub(crate) partner_key: Option<String> = "partnership.partner_key",
        pub(crate) group_key: Option<String> = "grp.key",
        pub(crate) member_key: Option<String> = "member.key",
        pub(crate) customer_key: Option<String> = "customer.key",
        /// The number of the partner to whom that customer is credited.
        pub(crate) customer_of: Option<i64> = "customer.partnership",
    }
}

/// The table. Each index covers a list: scope, filter and order.
pub(super) const TABLE: &str = "
CREATE TABLE sale (
    id bigint PRIMARY KEY,
    program bigint NOT NULL REFERENCES program (id),
    test bigint NOT NULL,
    cycle text NOT NULL,
    key text NOT NULL,
    partnership bigint REFERENCES partnership (id),
    grp bigint REFERENCES grp (id),
    member bigint REFERENCES member (id),
    customer bigint REFERENCES customer (id),
    source text NOT NULL,
    stage text NOT NULL,
    account text,
    email text,
    first_name text,
    last_name text,
    amount bigint,
    currency text NOT NULL,
    close_date text,
    external_key text,
    fields text NOT NULL,
    meta text,
    approved bigint NOT NULL,
    archived bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (program, test, key)
);
CREATE INDEX sale_by_time ON sale (program, test, cycle, created_at, id);
CREATE INDEX sale_by_partnership ON sale (partnership, program, test, cycle, created_at, id);
CREATE INDEX sale_by_group ON sale (grp, program, test, cycle, created_at, id);
CREATE INDEX sale_by_stage ON sale (program, test, cycle, stage, created_at, id);
CREATE INDEX sale_by_external_key ON sale (program, test, cycle, external_key, created_at, id)
    WHERE external_key IS NOT NULL;
CREATE INDEX sale_by_customer ON sale (customer) WHERE customer IS NOT NULL;
";

/// Rows of one cycle and what they refer to. A database merges the inner query into the outer one, so that its condition
/// takes part in the choice of an index; the name of the table stays the same for both cycles.
macro_rules! from {
    ($cycle:literal) => {
        concat!(
            "(SELECT * FROM sale WHERE cycle = '",
            $cycle,
            "') AS sale LEFT JOIN partnership ON partnership.id = sale.partnership \
             LEFT JOIN grp ON grp.id = sale.grp LEFT JOIN member ON member.id = sale.member \
             LEFT JOIN customer ON customer.id = sale.customer"
        )
    };
}

const PARTNER: ListFilter = ListFilter::vendor(
    "partner_key",
    "Whose they are: a partner key, our key or an address.",
    FilterBy::Record(NamedRecord::Partnership, "sale.partnership ="),
);
const PARTNERSHIP: ListFilter = ListFilter { name: "partnership_key", about: "The same.", ..PARTNER };
const GROUP: ListFilter = ListFilter::vendor(
    "group_key",
    "The group of the partners: its key or slug.",
    FilterBy::Record(NamedRecord::Group, "sale.grp ="),
);
const EXTERNAL: ListFilter =
    ListFilter::new("external_key", "Another system's id.", FilterBy::Text("sale.external_key ="));
const STAGE: ListFilter = ListFilter::new("stage", "Where they stand.", FilterBy::Text("sale.stage ="));
const STATUS: ListFilter = ListFilter { name: "status", ..STAGE };

/// How deals are listed.
pub(crate) const DEALS: Listing = Listing {
    from: from!("deal"),
    table: "sale",
    orders: &[],
    archivable: true,
    modes: true,
    partner: Some("sale.partnership ="),
    filters: &[PARTNER, PARTNERSHIP, GROUP, STAGE, EXTERNAL],
};

/// How leads are listed.
pub(crate) const LEADS: Listing =
    Listing { from: from!("lead"), filters: &[PARTNER, PARTNERSHIP, GROUP, STATUS, EXTERNAL], ..DEALS };

/// Adds a deal or lead. Adds nothing and returns `false` when its key is taken.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    program: i64,
    cycle: SalesCycle,
    row: &SaleRow,
) -> Result<bool, StoreError> {
    let added = unit.insert_on_conflict(
        "sale",
        [
            ("id", row.id.into()),
            ("program", program.into()),
            ("test", row.test.into()),
            ("cycle", cycle.name().into()),
            ("key", (&row.key).into()),
            ("partnership", row.partnership.into()),
            ("grp", row.group.into()),
            ("member", row.member.into()),
            ("customer", row.customer.into()),
            ("source", (&row.source).into()),
            ("stage", (&row.stage).into()),
            ("account", row.account.as_ref().into()),
            ("email", row.email.as_ref().into()),
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("amount", row.amount.into()),
            ("currency", (&row.currency).into()),
            ("close_date", row.close_date.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("meta", json::from_object(row.meta.as_ref()).as_ref().into()),
            ("approved", row.approved.into()),
            ("archived", row.archived.into()),
            ("created_at", row.created_at.into()),
            ("updated_at", row.updated_at.into()),
        ],
        "(program, test, key) DO NOTHING",
    )?;
    Ok(added == 1)
}

/// Writes the columns that may change.
pub(crate) fn update(unit: &mut Unit<'_>, row: &SaleRow) -> Result<(), StoreError> {
    unit.update(
        "sale",
        row.id,
        [
            ("partnership", row.partnership.into()),
            ("member", row.member.into()),
            ("customer", row.customer.into()),
            ("stage", (&row.stage).into()),
            ("account", row.account.as_ref().into()),
            ("email", row.email.as_ref().into()),
            ("first_name", row.first_name.as_ref().into()),
            ("last_name", row.last_name.as_ref().into()),
            ("amount", row.amount.into()),
            ("currency", (&row.currency).into()),
            ("close_date", row.close_date.as_ref().into()),
            ("external_key", row.external_key.as_ref().into()),
            ("fields", (&json::write(&row.fields)).into()),
            ("meta", json::from_object(row.meta.as_ref()).as_ref().into()),
            ("approved", row.approved.into()),
            ("archived", row.archived.into()),
            ("updated_at", row.updated_at.into()),
        ],
    )?;
    Ok(())
}

/// Erases what may identify the customer that deals and leads became.
pub(crate) fn forget(unit: &mut Unit<'_>, customer: i64) -> Result<(), StoreError> {
    unit.execute(
        "UPDATE sale SET account = NULL, email = NULL, first_name = NULL, last_name = NULL, external_key = NULL, \
         fields = '[]', meta = NULL WHERE customer = $1",
        &[customer.into()],
    )?;
    Ok(())
}

/// The keys of the deals and leads that became a customer.
pub(crate) fn keys_of_customer(unit: &mut Unit<'_>, customer: i64) -> Result<Vec<String>, StoreError> {
    unit.query("SELECT key FROM sale WHERE customer = $1", &[customer.into()], |row| row.get(0))
}
