//! Finding a customer by the names it has: ours, the site's, the billing provider's, its address.

use headwater_store::Unit;

use super::{one, scope};
use crate::record::refusal::short;
use crate::record::{Ctx, Kind, Refusal};
use crate::store::customer::{self, CustomerRow, Name};

/// A customer as a body's `customer_key` names it: our `cus_…` key first, then the site's own id.
pub(crate) fn find(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Option<CustomerRow>, Refusal> {
    first_of(unit, ctx, &[Name::Key, Name::CustomerKey], name)
}

/// A customer as `customer_external_key` names it: the external key, the site's own id, then the billing
/// provider's id.
pub(crate) fn find_external(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    first_of(unit, ctx, &[Name::ExternalKey, Name::CustomerKey, Name::ProviderKey], name)
}

/// The one customer of an address; refused when several share it.
pub(crate) fn find_email(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    email: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    first_of(unit, ctx, &[Name::Email], email)
}

/// The customer that the first fitting name names. A name of several customers names none of them.
pub(super) fn first_of(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    names: &[Name],
    text: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    for name in names {
        let found = customer::find_by(unit, scope(ctx), *name, text)?;
        if found.len() > 1 {
            let message = format!("several customers are called '{}'", short(text));
            return Err(Refusal::new(Kind::Conflict, "customer_ambiguous", message)
                .hint("name one by its cus_ key or its customer_key"));
        }
        if let Some(row) = one(found) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// A customer as a path names it: every name, an address last and only when it is unique.
pub(super) fn require(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<CustomerRow, Refusal> {
    let names = [Name::Key, Name::CustomerKey, Name::ProviderKey, Name::ExternalKey, Name::Email];
    first_of(unit, ctx, &names, name)?.ok_or_else(|| Refusal::not_found("customer", name))
}

/// The customer of the site's own id and nothing else.
pub(crate) fn find_site_key(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    site_key: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    first_of(unit, ctx, &[Name::CustomerKey], site_key)
}
