//! Changing a customer.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, DESCRIPTION_MAX, EMAIL_MAX, EMAIL_MIN, FIELDS_MAX, NAME_MAX,
};
use headwater_protocol::v2::{Customer, UpdateCustomer};
use headwater_protocol::{FieldError, Source};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::lookup::require;
use super::view::render;
use super::{former, overwrite};
use crate::record::{Ctx, Refusal, claim, member, save};
use crate::store::customer::CustomerRow;
use crate::store::provider_id;

/// Changes a customer. A page may only add a provider's id.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    change: UpdateCustomer,
) -> Result<Customer, Refusal> {
    let mut row = require(unit, ctx, name)?;
    check_optional("email", change.email.as_deref(), EMAIL_MIN, EMAIL_MAX)?;
    check_optional("name", change.name.as_deref(), 0, NAME_MAX)?;
    check_optional("provider_key", change.provider_key.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    check_optional("external_key", change.external_key.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    if change.partner_key.is_some() && change.partner_key != row.partner_key {
        let message =
            "partner_key cannot change: who referred a customer is settled when the customer is made";
        return Err(Refusal::from(FieldError::new("read_only", "partner_key", message))
            .hint(format!("POST /api/v2/customers/{}/attribution, with a reason", row.key)));
    }
    check_optional("customer_key", change.customer_key.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    check_fields(change.fields.as_ref())?;
    if ctx.source.is_claim() {
        // A page may only fill in what no source has said: the provider's id of the customer.
        if let Some(provider_key) = &change.provider_key {
            claim::bind_provider(unit, ctx, &mut row, provider_key)?;
        }
        return Ok(render(row));
    }
    let member = change.member_key.as_deref().map(|key| require_member(unit, ctx, &row, key)).transpose()?;
    row.member = member.or(row.member);
    if let Some(name) = &change.customer_key {
        former::rename(unit, ctx, &mut row, name)?;
    }
    set_fields(&mut row, change.fields)?;
    overwrite(&mut row, change.email.unwrap_or_default(), ctx.source);
    row.name = change.name.or(row.name);
    row.external_key = change.external_key.or(row.external_key);
    row.meta = change.meta.or(row.meta);
    row.updated_at = ctx.now.0;
    save::customer(unit, ctx, &row)?;
    if let Some(provider_key) = &change.provider_key {
        // The vendor's new id replaces its old one. A provider's report adds an id instead: a customer may have
        // several.
        let old = row.provider_key.clone().filter(|old| ctx.source == Source::Vendor && old != provider_key);
        claim::bind_provider(unit, ctx, &mut row, provider_key)?;
        if let Some(old) = old {
            provider_id::delete(unit, ctx.scope(), &old, row.id)?;
        }
    }
    if let Some(id) = row.partnership.filter(|_| change.partner_key.is_some()) {
        claim::credit(unit, ctx, &mut row, id)?;
    }
    claim::confirm(unit, ctx, &mut row)?;
    Ok(render(row))
}

/// The number of a member of the referring partner's team.
fn require_member(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow, key: &str) -> Result<i64, Refusal> {
    let found =
        member::find_active(unit, ctx, key)?.filter(|found| Some(found.partnership) == row.partnership);
    found.map(|found| found.id).ok_or_else(|| {
        let message = "member_key names nobody of the referring partner's team";
        Refusal::invalid("unknown_member", "member_key", message).hint("GET /api/v2/members lists them")
    })
}

fn check_fields(fields: Option<&Map<String, Value>>) -> Result<(), FieldError> {
    for (name, value) in fields.into_iter().flatten() {
        check_length("fields", name, 1, NAME_MAX)?;
        let field = format!("fields.{name}");
        match value {
            Value::String(text) => check_length(&field, text, 0, DESCRIPTION_MAX)?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(_) | Value::Object(_) => {
                let message = format!("{field} must be text, a number, true, false or null");
                return Err(FieldError::new("wrong_type", &field, message));
            }
        }
    }
    Ok(())
}

/// Sets the fields that are named; null removes one.
fn set_fields(row: &mut CustomerRow, given: Option<Map<String, Value>>) -> Result<(), FieldError> {
    let Some(given) = given else { return Ok(()) };
    let mut fields = row.fields.take().unwrap_or_default();
    for (name, value) in given {
        if value.is_null() {
            fields.remove(&name)
        } else {
            fields.insert(name, value)
        };
    }
    if fields.len() > FIELDS_MAX {
        let message = format!("a customer has at most {FIELDS_MAX} fields");
        return Err(FieldError::new("out_of_range", "fields", message));
    }
    row.fields = Some(fields).filter(|fields| !fields.is_empty());
    Ok(())
}
