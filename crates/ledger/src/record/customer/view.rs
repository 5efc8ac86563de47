//! Customers as they are shown: to the vendor, and to the partner who referred them (api.md section 7).

use headwater_protocol::Millis;
use headwater_protocol::v2::{Customer, List};
use headwater_store::Unit;

use super::super::{Ctx, Refusal, list as page_of, lookup};
use crate::store::customer::{self, CustomerName, CustomerRow};
use crate::store::list::{Condition, PageRequest};
use crate::store::partnership;

/// A customer by any of its names.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Customer, Refusal> {
    lookup::require(unit, ctx, name).map(render)
}

/// A customer that the partner referred. Any other is answered with 404, so that it stays unknown.
pub(crate) fn find_referred(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partnership: i64,
    key: &str,
) -> Result<CustomerRow, Refusal> {
    let found = customer::find_by(unit, ctx.scope(), CustomerName::Key, key)?.pop();
    let found = found.filter(|row| row.partnership == Some(partnership));
    found.ok_or_else(|| Refusal::not_found("customer", key))
}

/// A customer in the view of the partner who referred it.
pub(crate) fn get_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partnership: i64,
    key: &str,
) -> Result<Customer, Refusal> {
    find_referred(unit, ctx, partnership, key).map(render_for_partner)
}

/// What narrows a list of customers.
#[derive(Debug, Default)]
pub(crate) struct CustomerFilters {
    pub(crate) email: Option<String>,
    pub(crate) customer_key: Option<String>,
    pub(crate) partner_key: Option<String>,
    pub(crate) provider_key: Option<String>,
    pub(crate) has_sub_id: bool,
}

/// A page of customers.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    filters: CustomerFilters,
    page: &PageRequest,
) -> Result<List<Customer>, Refusal> {
    let mut conditions = Vec::new();
    if let Some(name) = filters.customer_key {
        conditions.push(match lookup::by_key(unit, ctx, &name)? {
            Some(row) => Condition::text("customer.key =", row.key),
            None => Condition::text("customer.customer_key =", name),
        });
    }
    let texts = [
        ("customer.email =", filters.email),
        ("customer.provider_key =", filters.provider_key),
        ("customer.sub_ids <>", filters.has_sub_id.then(|| "[]".to_owned())),
    ];
    conditions.extend(texts.into_iter().filter_map(|(left, right)| Some(Condition::text(left, right?))));
    // An unknown name matches nothing: no row has the number 0.
    let referrer = match filters.partner_key {
        None => None,
        Some(key) => {
            let found =
                partnership::find_by(unit, ctx.program, partnership::PartnershipName::PartnerKey, &key)?;
            Some(found.map_or(0, |row| row.id))
        }
    };
    let slice = customer::list(unit, ctx.scope(), referrer, conditions, page)?;
    page_of::render(page, slice, render)
}

/// A page of the customers a partner referred, as that partner may see them.
pub(crate) fn list_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partnership: i64,
    page: &PageRequest,
) -> Result<List<Customer>, Refusal> {
    let slice = customer::list(unit, ctx.scope(), Some(partnership), Vec::new(), page)?;
    page_of::render(page, slice, render_for_partner)
}

pub(super) fn render(row: CustomerRow) -> Customer {
    Customer {
        key: row.key,
        customer_key: row.customer_key,
        external_key: row.external_key,
        email: row.email,
        name: row.name,
        provider_key: row.provider_key,
        partner_key: row.partner_key,
        partnership_key: row.partnership_key,
        source_key: row.source_key,
        source_type: row.source_type,
        source: row.source.name().to_owned(),
        confirmed_at: row.confirmed_at.map(Millis),
        test: row.test,
        meta: row.meta.clone(),
        mdata: row.meta,
        field_data: None,
        fields: Vec::new(),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        archived: row.archived,
    }
}

/// A partner sees the customer's key and name. Its address and its ids in other systems are for the vendor only.
fn render_for_partner(row: CustomerRow) -> Customer {
    let shown = CustomerRow {
        customer_key: None,
        external_key: None,
        provider_key: None,
        email: String::new(),
        meta: None,
        ..row
    };
    render(shown)
}
