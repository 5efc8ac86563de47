//! The ids that a site has given up for its customers. They are remembered for a while, so that a payment by one is
//! refused with the new id in place of being nobody's.

use headwater_protocol::Millis;
use headwater_protocol::limits::FORMER_KEY_DAYS;
use headwater_store::Unit;

use super::lookup::{self, Named};
use crate::record::refusal::short;
use crate::record::{Ctx, Refusal, RefusalKind, claim};
use crate::store::customer::{self, CustomerRow};
use crate::store::former_key;

/// Gives a customer another of the site's own ids. The caller writes the row.
pub(super) fn rename(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut CustomerRow,
    name: &str,
) -> Result<(), Refusal> {
    if row.customer_key.as_deref() == Some(name) {
        return Ok(());
    }
    if let Some(other) = lookup::by_site_key(unit, ctx, name)? {
        let message = format!("a customer with customer_key '{}' exists: {}", short(name), other.key);
        return Err(Refusal::new(RefusalKind::Conflict, "customer_exists", message).field("customer_key"));
    }
    former_key::delete(unit, ctx.scope(), name)?;
    let old = row.customer_key.replace(name.to_owned());
    if let Some(old) = &old {
        let until = ctx.now.plus(FORMER_KEY_DAYS * Millis::DAY);
        former_key::insert(unit, ctx.scope(), (old, row.id), until.0)?;
    }
    claim::remember(unit, ctx, &row.key, "customer_key", (old, row.customer_key.clone()))
}

/// The customer for whom an id was given up, if that is remembered.
fn find_former(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Option<CustomerRow>, Refusal> {
    let known = former_key::find(unit, ctx.scope(), name, ctx.now.0)?;
    Ok(known.map(|id| customer::find_by_id(unit, id)).transpose()?.flatten())
}

/// The refusal of a payment by an id that was given up, with the new one.
pub(crate) fn renamed(unit: &mut Unit<'_>, ctx: &Ctx, name: Named<'_>) -> Result<Option<Refusal>, Refusal> {
    Ok(find_former(unit, ctx, name.text())?.map(|row| refuse_former(name.text(), row)))
}

/// The refusal of an id that was given up for a customer.
pub(super) fn refuse_former(name: &str, row: CustomerRow) -> Refusal {
    let message = format!("the site calls the customer '{}' by another id now", short(name));
    let hint = format!("use {}", row.customer_key.unwrap_or(row.key));
    Refusal::new(RefusalKind::NotFound, "customer_renamed", message).hint(hint)
}

/// Lets a new customer have an id that was given up for another; returns that customer where the id is refused. A page may
/// not have it, because payments that are still made by the old id would be the new customer's.
pub(crate) fn claim_former(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    let Some(known) = find_former(unit, ctx, name)? else { return Ok(None) };
    if ctx.source.is_claim() {
        return Ok(Some(known));
    }
    former_key::delete(unit, ctx.scope(), name)?;
    Ok(None)
}
