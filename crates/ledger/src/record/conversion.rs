//! Conversions: a click's visitor became a customer (api.md section 4).

use headwater_attribution::claim::credited;
use headwater_protocol::FieldError;
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{
    CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, EMAIL_MAX, NAME_MAX, SUB_ID_MAX, SUB_IDS_MAX,
};
use headwater_protocol::v2::{Conversion, ConversionResult};
use headwater_store::Unit;

use super::{Ctx, Refusal, claim, customer, lookup, partnership, program};
use crate::store::click;
use crate::store::customer::CustomerRow;

/// Makes the customer of a conversion, credited to the click's partner, or to the partner key that came along when
/// the click is unknown. A repeated customer makes nothing, nor does a conversion that no partner can be credited
/// with, unless the program takes organic signups. Both are answered with 200, not refused, because senders cannot
/// act on a refusal.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    conversion: Conversion,
) -> Result<ConversionResult, Refusal> {
    check(&conversion)?;
    let result = |outcome: &str, key: Option<String>| {
        Ok(ConversionResult { outcome: outcome.to_owned(), customer_key: key })
    };
    let click = click::find_by_xid(unit, ctx.program, &conversion.xid)?;
    let of_key = match &conversion.partner_key {
        Some(key) => partnership::find(unit, ctx, key)?.filter(|row| !row.archived),
        None => None,
    };
    let clicked = click.as_ref().map(|click| click.partnership);
    let partner = credited(None, clicked, of_key.as_ref().map(|row| row.id));
    if let Some(mut existing) = lookup::by_site_key(unit, ctx, &conversion.customer_key)? {
        // A source that has already named the customer cannot change its credit through a conversion; only a page's
        // claim or a more trusted source is weighed.
        if let Some(partner) = partner.filter(|_| ctx.source.is_claim() || existing.source < ctx.source) {
            claim::credit(unit, ctx, &mut existing, partner)?;
        }
        claim::confirm(unit, ctx, &mut existing)?;
        return result("repeated", Some(existing.key));
    }
    if partner.is_none() && !program::find(unit, ctx.program)?.claims.organic {
        return result("unknown_xid", None);
    }
    // A page may still know the customer by the id that the site has given up.
    if let Some(known) = customer::claim_former(unit, ctx, &conversion.customer_key)? {
        return result("repeated", Some(known.key));
    }
    let referrer = match partner {
        None => None,
        // A click comes with its partner's key, which was looked up already.
        Some(id) if of_key.as_ref().is_some_and(|row| row.id == id) => of_key,
        Some(id) => partnership::find_by_id(unit, id)?,
    };
    let email = conversion.email.filter(|email| !email.is_empty());
    let (xid, clicked) = click.map_or((None, Vec::new()), |click| (Some(click.xid), click.sub_ids));
    let sub_ids = if conversion.sub_ids.is_empty() { clicked } else { conversion.sub_ids };
    let source_type = if xid.is_some() { "click" } else { "api" };
    let mut row = CustomerRow {
        key: ctx.mint(Prefix::Customer),
        email: email.or_else(|| address(&conversion.customer_key)).unwrap_or_default(),
        customer_key: Some(conversion.customer_key),
        name: conversion.name,
        provider_key: conversion.provider_key.filter(|key| !key.is_empty()),
        source_key: xid,
        source_type: source_type.to_owned(),
        sub_ids,
        meta: conversion.meta,
        ..customer::blank(ctx)
    };
    customer::insert(unit, ctx, &mut row, referrer)?;
    result("created", Some(row.key))
}

/// The address of a customer whose id is one: many sites use the address as the id.
fn address(customer_key: &str) -> Option<String> {
    customer_key.contains('@').then(|| customer_key.to_owned())
}

fn check(conversion: &Conversion) -> Result<(), FieldError> {
    check_length("xid", &conversion.xid, 1, CUSTOMER_KEY_MAX)?;
    check_length("customer_key", &conversion.customer_key, CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    check_optional("email", conversion.email.as_deref(), 0, EMAIL_MAX)?;
    check_optional("name", conversion.name.as_deref(), 0, NAME_MAX)?;
    check_optional("provider_key", conversion.provider_key.as_deref(), 0, CUSTOMER_KEY_MAX)?;
    if conversion.sub_ids.len() > SUB_IDS_MAX {
        let message =
            format!("sub_ids must have at most {SUB_IDS_MAX} entries, got {}", conversion.sub_ids.len());
        return Err(FieldError::new("out_of_range", "sub_ids", message));
    }
    let mut each = conversion.sub_ids.iter().enumerate();
    each.try_for_each(|(at, text)| check_length(&format!("sub_ids[{at}]"), text, 0, SUB_ID_MAX))
}
