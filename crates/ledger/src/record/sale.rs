//! Deals and leads are made, changed and converted alike. They differ in what the API calls their members, in which
//! events they are, and in the facts that rules see: that is what [`SaleKind`] describes.

mod brought;
mod details;

use headwater_attribution::RecordFacts;
use headwater_protocol::FieldError;
use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::NAME_MAX;
use headwater_protocol::v2::{
    ConvertSale, CreateCustomer, Customer, FormKind, SalesCycle, TriggerEvent, WebhookEvent,
};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::evaluate::{self, Occurrence};
use super::outgoing::{self, OutgoingEvent};
use super::refusal::short;
use super::resource::{Resource, require};
use super::{Ctx, Refusal, RefusalKind, customer, form_template, lookup, member, partnership, stage};
use crate::store::customer as customers;
use crate::store::sale::{self as rows, SaleRow};

pub(crate) use brought::Brought;
pub(crate) use details::SaleDetails;

/// What deals and leads differ in.
pub(crate) trait SaleKind: Resource<Row = SaleRow> {
    /// Whose stages they go through.
    const CYCLE: SalesCycle;
    /// What their keys begin with.
    const PREFIX: Prefix;
    /// The form that partners answer.
    const FORM: FormKind;
    /// What the API calls the company's name, the address, the first and the last name.
    const NAMES: [&'static str; 4];
    /// One was made.
    const CREATED: WebhookEvent;
    /// One has changed.
    const UPDATED: WebhookEvent;
    /// One was archived.
    const DELETED: WebhookEvent;
    /// What triggers listen for.
    const TRIGGER: TriggerEvent;

    /// What rules may ask for.
    fn facts(row: &SaleRow) -> RecordFacts;
}

/// Makes a deal or lead: the vendor's, or that of the partner who asks. Its key is new unless one is given.
pub(crate) fn record<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    (key, brought): (Option<String>, &Brought<'_>),
    said: SaleDetails,
) -> Result<K::Wire, Refusal> {
    let mut row = brought::blank(unit, ctx, viewer, K::CYCLE, brought)?;
    row.key = super::own_key(ctx, K::PREFIX, key)?;
    row.stage = stage::check(unit, ctx, K::CYCLE, row.group, said.stage.as_deref())?;
    // A partner does not accept their own.
    let approved = said.approved.filter(|_| viewer.is_none());
    details::overwrite(&mut row, SaleDetails { approved, ..said });
    details::check(&row, K::NAMES)?;
    if viewer.is_some() {
        form_template::check_required(unit, ctx, K::FORM, row.group, &row.fields)?;
    }
    if !rows::insert(unit, ctx.program, K::CYCLE, &row)? {
        let message = format!("a {} with key '{}' exists", K::NAME, row.key);
        return Err(Refusal::new(RefusalKind::Conflict, &format!("{}_exists", K::NAME), message).field("key"));
    }
    let row = announced::<K>(unit, ctx, K::CREATED, &row.key)?;
    K::render(ctx, viewer, row)
}

/// Changes a deal or lead.
pub(crate) fn update<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    said: SaleDetails,
) -> Result<K::Wire, Refusal> {
    let mut row = require::<K>(unit, ctx, None, key)?;
    if let Some(name) = &said.stage {
        row.stage = stage::check(unit, ctx, K::CYCLE, row.group, Some(name))?;
    }
    let was_archived = row.archived;
    details::overwrite(&mut row, said);
    details::check(&row, K::NAMES)?;
    let event = if row.archived && !was_archived { K::DELETED } else { K::UPDATED };
    write::<K>(unit, ctx, row, event)
}

/// Archives a deal or lead.
pub(crate) fn archive<K: SaleKind>(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<K::Wire, Refusal> {
    update::<K>(unit, ctx, key, SaleDetails { archived: Some(true), ..SaleDetails::default() })
}

/// Makes a customer of a deal or lead, credited to its partner and team member. Its stage stays as it is.
pub(crate) fn convert<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    order: ConvertSale,
) -> Result<Customer, Refusal> {
    let mut row = require::<K>(unit, ctx, None, key)?;
    let made = become_customer(unit, ctx, &mut row, order)?;
    write::<K>(unit, ctx, row, K::UPDATED)?;
    Ok(made)
}

/// Stores a deal or lead that has changed, and evaluates and queues what listens for that.
fn write<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    mut row: SaleRow,
    event: WebhookEvent,
) -> Result<K::Wire, Refusal> {
    row.updated_at = ctx.now.0;
    rows::update(unit, &row)?;
    let row = announced::<K>(unit, ctx, event, &row.key)?;
    evaluate::event(unit, ctx, K::TRIGGER, |unit| occurrence::<K>(unit, &row))?;
    K::render(ctx, None, row)
}

/// A deal or lead that was just written, after its event is queued as the vendor sees it. It is read again, because the
/// row that was written may show older names of what it refers to.
fn announced<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: WebhookEvent,
    key: &str,
) -> Result<SaleRow, Refusal> {
    let row = require::<K>(unit, ctx, None, key)?;
    if outgoing::listens(unit, ctx, event)? {
        let what = OutgoingEvent::new(event, row.customer);
        outgoing::queue(unit, ctx, what, &K::render(ctx, None, row.clone())?)?;
    }
    Ok(row)
}

/// Makes a customer of a deal or lead, credited to its partner and team member, and notes it in the row.
fn become_customer(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut SaleRow,
    order: ConvertSale,
) -> Result<Customer, Refusal> {
    if let Some(key) = &row.names.customer_key {
        let message = format!("{} has become the customer {key} before", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "already_converted", message)
            .hint(format!("GET /api/v2/customers/{key}")));
    }
    let email = order.email.or_else(|| row.email.clone()).ok_or_else(|| FieldError::required("email"))?;
    let name = full_name(row).or_else(|| row.account.clone());
    let new = CreateCustomer {
        email,
        customer_key: order.customer_key,
        partner_key: row.names.partner_key.clone(),
        // A customer's name is shorter than a company's.
        name: name.map(|name| name.chars().take(NAME_MAX).collect()),
        member_key: row.names.member_key.clone(),
        ..CreateCustomer::default()
    };
    let made = customer::record(unit, ctx, &new, false)?.customer;
    row.customer = lookup::by_key(unit, ctx, &made.key)?.map(|found| found.id);
    Ok(made)
}

/// First and last name, as far as they are known.
pub(crate) fn full_name(row: &SaleRow) -> Option<String> {
    let parts = [row.first_name.as_deref(), row.last_name.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Assigns a deal or lead to a person of a partner's team.
pub(crate) fn assign<K: SaleKind>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    [key, partnership_key, member_key]: [&str; 3],
) -> Result<K::Wire, Refusal> {
    let mut row = require::<K>(unit, ctx, None, key)?;
    let partner = partnership::require_named(unit, ctx, partnership_key)?;
    check_length("stack_key", member_key, 1, NAME_MAX)?;
    let person = member::find_active(unit, ctx, member_key)?.filter(|found| found.partnership == partner.id);
    let person = person.ok_or_else(|| {
        let message = format!("stack_key names no person of that partner's team: '{}'", short(member_key));
        Refusal::new(RefusalKind::NotFound, "member_not_found", message).field("stack_key")
    })?;
    row.partnership = Some(partner.id);
    row.member = Some(person.id);
    write::<K>(unit, ctx, row, K::UPDATED)
}

/// What a form's answers are to rules.
pub(crate) fn facts_of(row: &SaleRow) -> Map<String, Value> {
    row.fields.iter().map(|answer| (answer.api_name.clone(), answer.value.clone())).collect()
}

/// A change of a deal or lead as triggers see it, which pay once for it and a stage; `None` when nobody earns with it: it is
/// archived, or the company has not accepted it yet.
fn occurrence<K: SaleKind>(unit: &mut Unit<'_>, row: &SaleRow) -> Result<Option<Occurrence>, Refusal> {
    if row.archived || !row.approved {
        return Ok(None);
    }
    let Some(partner) = evaluate::credited(unit, row.partnership)? else { return Ok(None) };
    let customer = row.customer.map(|id| customers::find_by_id(unit, id)).transpose()?.flatten();
    // Without a customer nothing says that it is a test record, which must not earn real money.
    if row.test && customer.is_none() {
        return Ok(None);
    }
    let key = format!("{}:{}:{}", K::NAME, row.id, row.stage);
    Ok(Some(Occurrence { key, partner, customer, product: None, record: Some(K::facts(row)) }))
}
