//! Customers: one for each of the site's own ids, found by any of their names.

mod change;
mod details;
mod erase;
mod former;
pub(super) mod view;

use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{EMAIL_MAX, EMAIL_MIN};
use headwater_protocol::v2::{Attribution, Change, CreateCustomer, Customer, List, UpdateCustomer, Warning};
use headwater_protocol::{FieldError, Source, limits};
use headwater_store::Unit;

use super::evaluate;
use super::refusal::short;
use super::{Ctx, Refusal, RefusalKind, claim, lookup, member, partnership, program, save};
use crate::store::customer::CustomerRow;
use crate::store::partnership::PartnershipRow;

pub(crate) use change::update;
pub(crate) use details::blank;
pub(crate) use erase::erase;
pub(crate) use former::{claim_former, renamed};
use lookup::require;
pub(crate) use view::Customers;
use view::render;

/// What a customer has come by whom nobody says anything else of.
const API: &str = "api";

/// A customer that was made or, with upsert, found and changed.
pub(crate) struct RecordedCustomer {
    pub(crate) customer: Customer,
    /// Whether it is new.
    pub(crate) created: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// Makes a customer. Its identity is the site's own id, or the address when there is none. For a customer that
/// exists, a page's claim changes nothing, a more trusted source confirms and corrects it, and a vendor that has made
/// it before is refused, unless `upsert` asks for a change.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateCustomer,
    upsert: bool,
) -> Result<RecordedCustomer, Refusal> {
    record_from(unit, ctx, new, (upsert, API))
}

/// The same, with what a new customer has come by.
pub(crate) fn record_from(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateCustomer,
    (upsert, source_type): (bool, &str),
) -> Result<RecordedCustomer, Refusal> {
    check(ctx, new)?;
    let said = details::of_new(new);
    details::check(&said)?;
    let site_key = new.customer_key.as_ref().unwrap_or(&new.email);
    let referrer = referrer(unit, ctx, new.partner_key.as_deref())?;
    if let Some(existing) = lookup::by_site_key(unit, ctx, site_key)? {
        return again(unit, ctx, existing, (new, said), referrer.as_ref(), upsert);
    }
    if let Some(known) = claim_former(unit, ctx, site_key)? {
        return Err(former::refuse_former(site_key, known).field("customer_key"));
    }
    let key = super::own_key(ctx, Prefix::Customer, new.key.clone())?;
    let mut warnings = Vec::new();
    let member = match &new.member_key {
        Some(key) => credit_member(unit, ctx, key, referrer.as_ref(), &mut warnings)?,
        None => None,
    };
    let mut row = CustomerRow {
        key,
        customer_key: Some(site_key.clone()),
        provider_key: new.provider_key.clone(),
        member,
        source_type: source_type.to_owned(),
        ..blank(ctx)
    };
    details::overwrite(&mut row, said, ctx.source)?;
    insert(unit, ctx, &mut row, referrer)?;
    Ok(RecordedCustomer { customer: render(row), created: true, warnings })
}

/// The partner who referred the customer. Without one, a page makes a customer only where the program takes organic
/// signups, because anybody can invent a partner key.
fn referrer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partner_key: Option<&str>,
) -> Result<Option<PartnershipRow>, Refusal> {
    let found = partner_key.map(|key| find_referrer(unit, ctx, key)).transpose();
    if ctx.source != Source::Page && ctx.source != Source::Signed {
        return found;
    }
    match found {
        Ok(Some(row)) => Ok(Some(row)),
        Ok(None) | Err(Refusal { kind: RefusalKind::Invalid, .. })
            if program::find(unit, ctx.program)?.claims.organic =>
        {
            Ok(None)
        }
        Ok(None) => {
            let message = "no partner can be credited, and the program takes no organic signups";
            Err(Refusal::invalid("unknown_partner", "partner_key", message)
                .hint("PATCH /api/v2/program {\"organic_signups\": true} takes them"))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Applies a report of a customer that exists, by the trust in its source.
fn again(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    mut row: CustomerRow,
    (new, said): (&CreateCustomer, UpdateCustomer),
    referrer: Option<&PartnershipRow>,
    upsert: bool,
) -> Result<RecordedCustomer, Refusal> {
    let known = row.source;
    let changes = match ctx.source {
        Source::Page => false,
        Source::Vendor => upsert || known != Source::Vendor,
        Source::Signed | Source::Billing => ctx.source > known,
    };
    // A vendor that repeats its own POST gets 409, which names the remedy, as clients of API v2 expect.
    if ctx.source == Source::Vendor && !changes {
        let name = row.customer_key.as_deref().unwrap_or_default();
        let message = format!("a customer with customer_key '{}' exists: {}", short(name), row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "customer_exists", message)
            .field("customer_key")
            .hint(format!("PATCH /api/v2/customers/{}, or POST with ?upsert=true", row.key)));
    }
    let mut warnings = Vec::new();
    if ctx.source == Source::Vendor
        && known == Source::Vendor
        && referrer.is_some_and(|referrer| Some(referrer.id) != row.partnership)
    {
        warnings.push(ignored("partner_key", "who referred a customer is settled when the customer is made"));
    } else if let Some(referrer) = referrer {
        claim::credit(unit, ctx, &mut row, referrer.id)?;
    }
    if !changes {
        warnings.push(ignored("customer_key", "the customer exists, and a claim does not change it"));
        return Ok(RecordedCustomer { customer: render(row), created: false, warnings });
    }
    if let Some(key) = &new.member_key {
        row.member = credit_member(unit, ctx, key, referrer, &mut warnings)?.or(row.member);
    }
    details::overwrite(&mut row, said, ctx.source)?;
    row.updated_at = ctx.now.0;
    save::customer(unit, ctx, &row)?;
    if let Some(provider_key) = &new.provider_key {
        claim::bind_provider(unit, ctx, &mut row, provider_key)?;
    }
    claim::confirm(unit, ctx, &mut row)?;
    Ok(RecordedCustomer { customer: render(row), created: false, warnings })
}

fn ignored(field: &str, hint: &str) -> Warning {
    Warning { code: format!("{field}_ignored"), field: field.to_owned(), hint: hint.to_owned() }
}

/// Adds a customer, credits `referrer`, and evaluates the triggers that listen for new customers, in the same unit of
/// work. Its provider's id is stored as a claim or as confirmed, by the request's source.
pub(crate) fn insert(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut CustomerRow,
    referrer: Option<PartnershipRow>,
) -> Result<(), Refusal> {
    if let Some(referrer) = &referrer {
        row.credit_to(referrer);
        row.credit_source = Some(ctx.source);
    }
    if !save::new_customer(unit, ctx, row)? {
        let message = format!("a customer with key '{}' exists", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "customer_exists", message).field("key"));
    }
    if let Some(provider_key) = row.provider_key.clone() {
        claim::bind_provider(unit, ctx, row, &provider_key)?;
    }
    evaluate::customer_created(unit, ctx, row, referrer)
}

/// Checks what is asked of new customers only. A page may leave out the address when it gives the site's own id, which
/// identifies the customer.
fn check(ctx: &Ctx, new: &CreateCustomer) -> Result<(), FieldError> {
    if ctx.source == Source::Vendor || new.customer_key.is_none() {
        check_length("email", &new.email, EMAIL_MIN, EMAIL_MAX)?;
    }
    match new.partner_key.as_deref() {
        Some("") => Err(empty_partner_key()),
        _ => Ok(()),
    }
}

/// Refuses `""` and `null`, which real clients send when their cookie was empty. Ignoring them would hide the lost
/// credit (api.md section 6).
fn empty_partner_key() -> FieldError {
    let message = "partner_key must not be empty or null; leave it out when nobody referred the customer";
    FieldError::new("invalid_value", "partner_key", message)
}

fn find_referrer(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<PartnershipRow, Refusal> {
    let found = partnership::find(unit, ctx, key)?.filter(|row| !row.archived);
    found.ok_or_else(|| {
        let message = format!("partner_key names no active partner: '{}'", short(key));
        Refusal::invalid("unknown_partner", "partner_key", message).hint(
            "GET /api/v2/partnerships lists them; leave partner_key out when nobody referred the customer",
        )
    })
}

/// The member's number, when the member is of the referring partner's team.
fn credit_member(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    referrer: Option<&PartnershipRow>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<i64>, Refusal> {
    let found = member::find_active(unit, ctx, key)?;
    let found = found.filter(|row| referrer.is_some_and(|referrer| referrer.id == row.partnership));
    if found.is_none() {
        warnings.push(member_ignored());
    }
    Ok(found.map(|row| row.id))
}

/// The warning about a member who cannot be credited.
pub(crate) fn member_ignored() -> Warning {
    let hint = "the member is not of the credited partner's team, or that partner is not active";
    Warning { code: "member_ignored".to_owned(), field: "member_key".to_owned(), hint: hint.to_owned() }
}

/// Credits a customer, with its products and payments, to another partner. The reason is kept in its history.
pub(crate) fn reattribute(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    name: &str,
    given: Attribution,
) -> Result<Customer, Refusal> {
    let mut row = require(unit, ctx, name)?;
    check_length("reason", &given.reason, 1, limits::DESCRIPTION_MAX)?;
    let referrer = find_referrer(unit, ctx, &given.partner_key)?;
    claim::credit(unit, ctx, &mut row, referrer.id)?;
    claim::confirm(unit, ctx, &mut row)?;
    claim::remember(unit, ctx, &row.key, "attribution_reason", (None, Some(given.reason)))?;
    Ok(render(row))
}

/// A customer's history: its changes since it was made with their sources, oldest first.
pub(crate) fn history(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<List<Change>, Refusal> {
    let row = require(unit, ctx, name)?;
    claim::history(unit, ctx, &row.key)
}
