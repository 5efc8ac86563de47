//! Customers as they are shown: to the vendor, and to the partner who referred them (api.md section 7).

use headwater_protocol::Millis;
use headwater_protocol::v2::{CompanyName, CustomField, Customer};
use headwater_store::Unit;
use serde_json::Value;

use super::super::partnership::named as partnerships;
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

    /// A partner's customers are counted where they are credited.
    fn kept_total(unit: &mut Unit<'_>, _: &Ctx, viewer: Option<i64>) -> Result<Option<i64>, Refusal> {
        let partner = viewer.map(|id| partnerships::find_by_id(unit, id)).transpose()?.flatten();
        Ok(partner.map(|row| row.customers))
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

pub(crate) fn render(row: CustomerRow) -> Customer {
    let fields: Vec<_> = row.fields.into_iter().flatten().map(|(name, value)| field(name, value)).collect();
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
        field_data: fields.clone(),
        fields,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        archived: row.archived,
        company: None,
        sub_ids: None,
        shared_id: None,
        country_iso: None,
        has_paid: None,
    }
}

fn field(api_name: String, value: Value) -> CustomField {
    let kind = match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        _ => "text",
    };
    CustomField {
        name: api_name.clone(),
        api_name,
        value,
        r#type: kind.to_owned(),
        read_only: false,
        required: false,
        options: Vec::new(),
    }
}

/// A partner sees the customer's key and name. Its address and its ids in other systems are for the vendor only. Every
/// member is listed, so that a new one does not compile until somebody has decided whether partners see it.
fn render_for_partner(row: CustomerRow) -> Customer {
    Customer {
        key: row.key.clone(),
        customer_key: None,
        external_key: None,
        email: String::new(),
        name: row.name,
        provider_key: None,
        partner_key: row.partner_key,
        partnership_key: row.partnership_key,
        source_key: row.source_key,
        source_type: row.source_type,
        source: row.source.name().to_owned(),
        confirmed_at: row.confirmed_at.map(Millis),
        test: row.test,
        meta: None,
        mdata: None,
        field_data: Vec::new(),
        fields: Vec::new(),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        archived: row.archived,
        company: Some(CompanyName { key: row.company_key, name: row.company_name }),
        sub_ids: Some(row.sub_ids),
        shared_id: Some(row.key),
        country_iso: Some(Value::Null),
        has_paid: Some(row.has_paid),
    }
}
