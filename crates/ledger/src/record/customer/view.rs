//! Customers as they are shown: to the vendor, and to the partner who referred them (api.md section 7).

use headwater_protocol::Millis;
use headwater_protocol::v2::Customer;
use headwater_store::Unit;

use super::super::resource::Resource;
use super::super::{Ctx, Refusal, lookup};
use crate::store::customer::{self, CustomerName, CustomerRow};
use crate::store::list::Listing;

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

/// Customers, to the vendor and to the partner who referred them.
pub(crate) struct Customers;

impl Resource for Customers {
    const NAME: &'static str = "customer";
    const LISTING: &'static Listing = &customer::LISTING;
    type Row = CustomerRow;
    type Wire = Customer;

    fn render(_: &Ctx, viewer: Option<i64>, row: CustomerRow) -> Result<Customer, Refusal> {
        Ok(if viewer.is_some() { render_for_partner(row) } else { render(row) })
    }

    fn find(
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        viewer: Option<i64>,
        name: &str,
    ) -> Result<Option<CustomerRow>, Refusal> {
        match viewer {
            None => lookup::require(unit, ctx, name).map(Some),
            Some(partnership) => find_referred(unit, ctx, partnership, name).map(Some),
        }
    }
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
