//! Changing a customer.

use headwater_protocol::v2::{Customer, UpdateCustomer};
use headwater_protocol::{FieldError, Source};
use headwater_store::Unit;

use super::lookup::require;
use super::view::render;
use super::{details, former};
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
    details::check(&change)?;
    if change.partner_key.is_some() && change.partner_key != row.partner_key {
        let message =
            "partner_key cannot change: who referred a customer is settled when the customer is made";
        return Err(Refusal::from(FieldError::new("read_only", "partner_key", message))
            .hint(format!("POST /api/v2/customers/{}/attribution, with a reason", row.key)));
    }
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
    let (provider_key, names_partner) = (change.provider_key.clone(), change.partner_key.is_some());
    details::overwrite(&mut row, change, ctx.source)?;
    row.updated_at = ctx.now.0;
    save::customer(unit, ctx, &row)?;
    if let Some(provider_key) = &provider_key {
        // The vendor's new id replaces its old one. A provider's report adds an id instead: a customer may have
        // several.
        let old = row.provider_key.clone().filter(|old| ctx.source == Source::Vendor && old != provider_key);
        claim::bind_provider(unit, ctx, &mut row, provider_key)?;
        if let Some(old) = old {
            provider_id::delete(unit, ctx.scope(), &old, row.id)?;
        }
    }
    if let Some(id) = row.partnership.filter(|_| names_partner) {
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
