//! Finds a customer by any of its names, confirmed names first (trust.md section 1.2). A name that a page has claimed
//! counts only while no customer has it confirmed and no other customer claims it.

use headwater_protocol::Source;
use headwater_protocol::key::Prefix;
use headwater_store::Unit;

use super::refusal::short;
use super::{Ctx, Refusal, RefusalKind, program};
use crate::store::customer::{self, CustomerName, CustomerRow};

/// A customer; `claimed` is the name it was found by, if that is a page's claim.
pub(crate) struct Found {
    pub(crate) row: CustomerRow,
    pub(crate) claimed: Option<String>,
}

impl Found {
    fn sure(row: CustomerRow) -> Self {
        Self { row, claimed: None }
    }
}

/// A name of a customer, as a body gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named<'a> {
    /// `customer_key`
    Key(&'a str),
    /// `customer_external_key` or `provider_key`
    External(&'a str),
    /// `customer_email`
    Email(&'a str),
}

impl<'a> Named<'a> {
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Key(text) | Self::External(text) | Self::Email(text) => text,
        }
    }
}

/// The customer that a name means, which depends on the request's source. For all but the vendor, a billing
/// provider's id is looked up as nothing else, and the site's own id is never taken for a provider's.
pub(crate) fn named(unit: &mut Unit<'_>, ctx: &Ctx, name: Named<'_>) -> Result<Option<Found>, Refusal> {
    let vendor = ctx.source == Source::Vendor;
    match name {
        Named::Key(text) if vendor => Ok(by_key(unit, ctx, text)?.map(Found::sure)),
        Named::Key(text) => Ok(by_site_key(unit, ctx, text)?.map(Found::sure)),
        Named::External(text) if vendor => by_external(unit, ctx, text),
        Named::External(text) => by_provider(unit, ctx, text),
        Named::Email(_) if !vendor && !program::find(unit, ctx.program)?.claims.email_matching => Ok(None),
        Named::Email(text) => Ok(by_email(unit, ctx, text)?.map(Found::sure)),
    }
}

/// A customer as a vendor's `customer_key` names it: our `cus_…` key first, then the site's own id.
pub(crate) fn by_key(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<Option<CustomerRow>, Refusal> {
    match by_our_key(unit, ctx, text)? {
        Some(row) => Ok(Some(row)),
        None => by_site_key(unit, ctx, text),
    }
}

/// The customer of one of our `cus_…` keys. Other texts are not looked up.
fn by_our_key(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<Option<CustomerRow>, Refusal> {
    if !text.starts_with(Prefix::Customer.text()) {
        return Ok(None);
    }
    only(customer::find_by(unit, ctx.scope(), CustomerName::Key, text)?, text)
}

/// The customer with this id of the site; no other name counts.
pub(crate) fn by_site_key(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    text: &str,
) -> Result<Option<CustomerRow>, Refusal> {
    only(customer::find_by(unit, ctx.scope(), CustomerName::CustomerKey, text)?, text)
}

/// The customer with this id of a billing provider: confirmed first, then claimed.
pub(crate) fn by_provider(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<Option<Found>, Refusal> {
    if let Some(row) = only(customer::find_by_provider(unit, ctx.scope(), text, false)?, text)? {
        return Ok(Some(Found::sure(row)));
    }
    let claiming = only(customer::find_by_provider(unit, ctx.scope(), text, true)?, text)?;
    Ok(claiming.map(|row| Found { row, claimed: Some(text.to_owned()) }))
}

/// The one customer with this address, confirmed first, then claimed; refused when several share it.
pub(crate) fn by_email(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<Option<CustomerRow>, Refusal> {
    match only(customer::find_by_email(unit, ctx.scope(), text, false)?, text)? {
        Some(row) => Ok(Some(row)),
        None => only(customer::find_by_email(unit, ctx.scope(), text, true)?, text),
    }
}

/// A customer as a vendor's `customer_external_key` names it: by the external key, then a confirmed id of a provider,
/// then the site's own id. Where a claimed provider's id and an unconfirmed customer's own id compete, the name is
/// ambiguous.
fn by_external(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<Option<Found>, Refusal> {
    if let Some(row) = only(customer::find_by(unit, ctx.scope(), CustomerName::ExternalKey, text)?, text)? {
        return Ok(Some(Found::sure(row)));
    }
    let by_provider = by_provider(unit, ctx, text)?;
    let by_site_key = by_site_key(unit, ctx, text)?;
    match (by_provider, by_site_key) {
        (Some(found), None) => Ok(Some(found)),
        (Some(found), Some(_)) if found.claimed.is_none() => Ok(Some(found)),
        (None, Some(row)) => Ok(Some(Found::sure(row))),
        (Some(_), Some(row)) if row.confirmed_at.is_some() => Ok(Some(Found::sure(row))),
        (Some(found), Some(row)) if found.row.id == row.id => Ok(Some(Found::sure(row))),
        (Some(_), Some(_)) => Err(ambiguous(text)),
        (None, None) => Ok(None),
    }
}

/// A customer as a path names it: by any name, an address last and only when it is unique. Sources other than the
/// vendor may use the site's own id only.
pub(crate) fn require(unit: &mut Unit<'_>, ctx: &Ctx, text: &str) -> Result<CustomerRow, Refusal> {
    if ctx.source != Source::Vendor {
        return by_site_key(unit, ctx, text)?.ok_or_else(|| Refusal::not_found("customer", text));
    }
    if let Some(row) = by_our_key(unit, ctx, text)? {
        return Ok(row);
    }
    if let Some(found) = by_external(unit, ctx, text)? {
        return Ok(found.row);
    }
    by_email(unit, ctx, text)?.ok_or_else(|| Refusal::not_found("customer", text))
}

/// The only customer found, if any; refused when there are several.
fn only(mut found: Vec<CustomerRow>, text: &str) -> Result<Option<CustomerRow>, Refusal> {
    if found.len() > 1 { Err(ambiguous(text)) } else { Ok(found.pop()) }
}

fn ambiguous(text: &str) -> Refusal {
    let message = format!("several customers are called '{}'", short(text));
    Refusal::new(RefusalKind::Conflict, "customer_ambiguous", message)
        .hint("name one by its cus_ key or its customer_key")
}
