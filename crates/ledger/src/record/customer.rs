//! Customers: made once for each of the site's own ids, found by every name they have.

mod lookup;

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, EMAIL_MAX, EMAIL_MIN, NAME_MAX};
use headwater_protocol::v2::{CreateCustomer, Customer, List, UpdateCustomer, Warning};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::refusal::short;
use super::{Ctx, Kind, Refusal, evaluate, list as page_of, member, partnership};
use crate::store::customer::{self, CustomerRow, Name};
use crate::store::list::{Condition, Page};
use crate::store::partnership::PartnershipRow;
use crate::store::{idempotency, product, transaction};

pub(crate) use lookup::{find, find_email, find_external, find_site_key};
use lookup::{first_of, require};

/// A customer that was made or, with upsert, found and changed.
pub(crate) struct Recorded {
    pub(crate) customer: Customer,
    /// Whether it is new.
    pub(crate) created: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// Whose records a request may name.
fn scope(ctx: &Ctx) -> (i64, bool) {
    (ctx.program, ctx.test)
}

/// Makes a customer. Its identity is the site's own id, or the address when there is none; one that exists is
/// refused, or changed when `upsert` says so.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: CreateCustomer,
    upsert: bool,
) -> Result<Recorded, Refusal> {
    check(&new)?;
    let site_key = new.customer_key.clone().unwrap_or_else(|| new.email.clone());
    let referrer = match &new.partner_key {
        Some(key) => Some(find_referrer(unit, ctx, key)?),
        None => None,
    };
    if let Some(existing) = one(customer::find_by(unit, scope(ctx), Name::CustomerKey, &site_key)?) {
        if upsert {
            return overwrite(unit, ctx, existing, new, referrer.as_ref());
        }
        let message = format!("a customer with customer_key '{}' exists: {}", short(&site_key), existing.key);
        return Err(Refusal::new(Kind::Conflict, "customer_exists", message)
            .field("customer_key")
            .hint(format!("PATCH /api/v2/customers/{}, or POST with ?upsert=true", existing.key)));
    }
    let key = super::own_key(ctx, Prefix::Customer, new.key)?;
    if customer::is_key_taken(unit, scope(ctx), &key)? {
        let message = format!("a customer with key '{key}' exists");
        return Err(Refusal::new(Kind::Conflict, "customer_exists", message).field("key"));
    }
    let mut warnings = Vec::new();
    let member = match &new.member_key {
        Some(key) => credit_member(unit, ctx, key, referrer.as_ref(), &mut warnings)?,
        None => None,
    };
    let row = CustomerRow {
        key,
        customer_key: Some(site_key),
        email: new.email,
        name: new.name,
        provider_key: new.provider_key,
        external_key: new.external_key,
        partnership: referrer.map(|row| row.id),
        member,
        meta: new.meta,
        ..blank(ctx)
    };
    let customer = insert(unit, ctx, &row)?;
    Ok(Recorded { customer, created: true, warnings })
}

/// A customer of the API with nothing filled in.
pub(crate) fn blank(ctx: &Ctx) -> CustomerRow {
    CustomerRow {
        id: ctx.next_id(),
        key: String::new(),
        customer_key: None,
        email: String::new(),
        name: None,
        provider_key: None,
        external_key: None,
        partnership: None,
        member: None,
        source_key: None,
        source_type: "api".to_owned(),
        sub_ids: Vec::new(),
        meta: None,
        test: ctx.test,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        partner_key: None,
        partnership_key: None,
    }
}

/// Adds a customer and lets the triggers that listen for new customers see it, in the same unit.
pub(crate) fn insert(unit: &mut Unit<'_>, ctx: &Ctx, row: &CustomerRow) -> Result<Customer, Refusal> {
    customer::insert(unit, ctx.program, row)?;
    evaluate::customer_created(unit, ctx, row.id)?;
    reread(unit, row.id)
}

fn one(found: Vec<CustomerRow>) -> Option<CustomerRow> {
    found.into_iter().next()
}

fn reread(unit: &mut Unit<'_>, id: i64) -> Result<Customer, Refusal> {
    let row = customer::find_by_id(unit, id)?;
    row.map(render)
        .ok_or_else(|| Refusal::new(Kind::Internal, "internal", "the customer just written is gone"))
}

fn check(new: &CreateCustomer) -> Result<(), FieldError> {
    check_length("email", &new.email, EMAIL_MIN, EMAIL_MAX)?;
    let own = [
        ("customer_key", &new.customer_key),
        ("provider_key", &new.provider_key),
        ("external_key", &new.external_key),
    ];
    for (field, text) in own {
        check_optional(field, text.as_deref(), CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX)?;
    }
    check_optional("name", new.name.as_deref(), 0, NAME_MAX)?;
    match new.partner_key.as_deref() {
        Some("") => Err(empty_partner_key()),
        _ => Ok(()),
    }
}

/// Real clients send `""` and `null` when their cookie was empty; they must hear of it (api.md section 6).
pub(crate) fn empty_partner_key() -> FieldError {
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
        warnings.push(Warning {
            code: "member_ignored".to_owned(),
            field: "member_key".to_owned(),
            hint: "the member is not of the referring partner's team, or that partner is not active"
                .to_owned(),
        });
    }
    Ok(found.map(|row| row.id))
}

/// Writes what an upsert gives over what is there; who referred the customer stays.
fn overwrite(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    mut row: CustomerRow,
    new: CreateCustomer,
    referrer: Option<&PartnershipRow>,
) -> Result<Recorded, Refusal> {
    let mut warnings = Vec::new();
    if referrer.is_some_and(|referrer| Some(referrer.id) != row.partnership) {
        warnings.push(Warning {
            code: "partner_key_ignored".to_owned(),
            field: "partner_key".to_owned(),
            hint: "who referred a customer is settled when the customer is made".to_owned(),
        });
    }
    row.email = new.email;
    row.name = new.name.or(row.name);
    row.provider_key = new.provider_key.or(row.provider_key);
    row.external_key = new.external_key.or(row.external_key);
    row.meta = new.meta.or(row.meta);
    row.updated_at = ctx.now.0;
    customer::update(unit, &row)?;
    Ok(Recorded { customer: reread(unit, row.id)?, created: false, warnings })
}

/// A customer by any of its names.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Customer, Refusal> {
    require(unit, ctx, name).map(render)
}

/// A customer the partner referred; another's customer does not exist there.
pub(crate) fn find_referred(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partnership: i64,
    key: &str,
) -> Result<CustomerRow, Refusal> {
    let found = first_of(unit, ctx, &[Name::Key], key)?.filter(|row| row.partnership == Some(partnership));
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

/// Changes a customer.
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
        return Err(FieldError::new("read_only", "partner_key", message).into());
    }
    row.email = change.email.unwrap_or(row.email);
    row.name = change.name.or(row.name);
    row.provider_key = change.provider_key.or(row.provider_key);
    row.external_key = change.external_key.or(row.external_key);
    row.meta = change.meta.or(row.meta);
    row.updated_at = ctx.now.0;
    customer::update(unit, &row)?;
    reread(unit, row.id)
}

/// Deletes a customer: personal data goes, from remembered answers too; what remains is a key that payments
/// and rewards can point to.
pub(crate) fn erase(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<Customer, Refusal> {
    let row = require(unit, ctx, name)?;
    idempotency::delete_mentioning(unit, ctx.program, &row.key)?;
    product::forget(unit, row.id)?;
    transaction::forget(unit, row.id)?;
    let erased = CustomerRow {
        customer_key: None,
        email: String::new(),
        name: None,
        provider_key: None,
        external_key: None,
        sub_ids: Vec::new(),
        meta: None,
        archived: true,
        updated_at: ctx.now.0,
        ..row
    };
    customer::update(unit, &erased)?;
    reread(unit, erased.id)
}

/// What narrows a list of customers.
#[derive(Debug, Default)]
pub(crate) struct Filters {
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
    filters: Filters,
    page: &Page,
) -> Result<List<Customer>, Refusal> {
    let mut conditions = Vec::new();
    if let Some(name) = filters.customer_key {
        conditions.push(match find(unit, ctx, &name)? {
            Some(row) => Condition::text("customer.key =", row.key),
            None => Condition::text("customer.customer_key =", name),
        });
    }
    let texts = [
        ("customer.email =", filters.email),
        ("partnership.partner_key =", filters.partner_key),
        ("customer.provider_key =", filters.provider_key),
        ("customer.sub_ids <>", filters.has_sub_id.then(|| "[]".to_owned())),
    ];
    conditions.extend(texts.into_iter().filter_map(|(left, right)| Some(Condition::text(left, right?))));
    let slice = customer::list(unit, scope(ctx), None, conditions, page)?;
    page_of::render(page, slice, render)
}

/// A page of the customers a partner referred, as that partner may see them.
pub(crate) fn list_for_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partnership: i64,
    page: &Page,
) -> Result<List<Customer>, Refusal> {
    let slice = customer::list(unit, scope(ctx), Some(partnership), Vec::new(), page)?;
    page_of::render(page, slice, render_for_partner)
}

fn render(row: CustomerRow) -> Customer {
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
        source: "vendor".to_owned(),
        confirmed_at: Some(Millis(row.created_at)),
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

/// A partner sees that the customer is theirs and what it is called; its address and its names in other
/// systems belong to the vendor.
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
