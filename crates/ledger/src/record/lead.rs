//! Leads: people who may buy.

use headwater_attribution::{LeadFacts, RecordFacts};
use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{
    ConvertSale, CreateLead, Customer, FormKind, Lead, SaleSource, SalesCycle, TriggerEvent, UpdateLead,
    WebhookEvent,
};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;

use super::resource::{Resource, get, require};
use super::sale::{self, Brought};
use super::{Ctx, Refusal, RefusalKind, answers, evaluate, form_template, stage};
use crate::store::list::Listing;
use crate::store::sale::{self as rows, SaleRow};

/// What the API calls the company's name, the address, the first and the last name.
const NAMES: [&str; 4] = ["company", "email", "first_name", "last_name"];

/// Leads.
pub(crate) struct Leads;

impl Resource for Leads {
    const NAME: &'static str = "lead";
    const LISTING: &'static Listing = &rows::LEADS;
    type Row = SaleRow;
    type Wire = Lead;

    fn render(_: &Ctx, viewer: Option<i64>, row: SaleRow) -> Result<Lead, Refusal> {
        Ok(render(row, viewer))
    }
}

/// Makes a lead: the vendor's, or that of the partner who asks.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    new: CreateLead,
) -> Result<Lead, Refusal> {
    let brought = Brought {
        source: new.source,
        partner_key: new.partner_key.as_deref(),
        group_key: new.group_key.as_deref(),
    };
    let blank = sale::blank(unit, ctx, viewer, SalesCycle::Lead, &brought)?;
    let mut row = SaleRow {
        key: super::own_key(ctx, Prefix::Lead, new.key)?,
        stage: stage::check(unit, ctx, SalesCycle::Lead, blank.group, new.status.as_deref())?,
        account: new.company,
        email: new.email,
        amount: new.amount,
        currency: new.currency.unwrap_or(Currency::USD).code().to_owned(),
        external_key: new.external_key,
        fields: answers::read(new.fields)?,
        meta: new.meta,
        approved: new.approved.filter(|_| viewer.is_none()).unwrap_or(blank.approved),
        ..blank
    };
    let (first, last) = split(new.name);
    row.first_name = new.first_name.or_else(|| named_in(&row, "first_name")).or(first);
    row.last_name = new.last_name.or_else(|| named_in(&row, "last_name")).or(last);
    row.email = row.email.take().or_else(|| address_in(&row));
    if row.email.is_none() {
        return Err(FieldError::required("email").into());
    }
    sale::check(&row, NAMES)?;
    if viewer.is_some() {
        form_template::check_required(unit, ctx, FormKind::Lead, row.group, &row.fields)?;
    }
    if !rows::insert(unit, ctx.program, SalesCycle::Lead, &row)? {
        let message = format!("a lead with key '{}' exists", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "lead_exists", message).field("key"));
    }
    sale::announce::<Leads>(unit, ctx, WebhookEvent::LeadCreated, &row.key)?;
    get::<Leads>(unit, ctx, viewer, &row.key)
}

/// A full name as first name and rest: joined by a space they are the name again.
fn split(name: Option<String>) -> (Option<String>, Option<String>) {
    let Some(name) = name else { return (None, None) };
    match name.split_once(' ') {
        Some((first, last)) => (Some(first.to_owned()), Some(last.to_owned())),
        None => (Some(name), None),
    }
}

/// A text that `meta` or an answer to the form holds under this name.
fn named_in(row: &SaleRow, name: &str) -> Option<String> {
    let answer = row.fields.iter().find(|answer| answer.api_name == name).map(|answer| &answer.value);
    let found = answer.or_else(|| row.meta.as_ref().and_then(|meta| meta.get(name)));
    found.and_then(|value| value.as_str()).map(str::to_owned)
}

/// The person's address, where a client names it in the form's answers or as the lead's external key.
fn address_in(row: &SaleRow) -> Option<String> {
    named_in(row, "email").or_else(|| row.external_key.clone().filter(|key| key.contains('@')))
}

/// Changes a lead.
pub(crate) fn update(unit: &mut Unit<'_>, ctx: &Ctx, key: &str, change: UpdateLead) -> Result<Lead, Refusal> {
    let mut row = require::<Leads>(unit, ctx, None, key)?;
    if let Some(name) = &change.status {
        row.stage = stage::check(unit, ctx, SalesCycle::Lead, row.group, Some(name))?;
    }
    if change.fields.is_some() {
        row.fields = answers::read(change.fields)?;
    }
    if change.name.is_some() {
        (row.first_name, row.last_name) = split(change.name);
    }
    row.first_name = change.first_name.or(row.first_name);
    row.last_name = change.last_name.or(row.last_name);
    row.account = change.company.or(row.account);
    row.email = change.email.or(row.email);
    row.amount = change.amount.or(row.amount);
    row.currency = change.currency.map_or(row.currency, |currency| currency.code().to_owned());
    row.external_key = change.external_key.or(row.external_key);
    row.meta = change.meta.or(row.meta);
    row.approved = change.approved.unwrap_or(row.approved);
    let event = match change.archived {
        Some(true) if !row.archived => WebhookEvent::LeadDeleted,
        _ => WebhookEvent::LeadUpdated,
    };
    row.archived = change.archived.unwrap_or(row.archived);
    sale::check(&row, NAMES)?;
    write(unit, ctx, row, event)
}

/// Archives a lead.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Lead, Refusal> {
    update(unit, ctx, key, UpdateLead { archived: Some(true), ..UpdateLead::default() })
}

/// Makes a customer of a lead, credited to its partner. The lead's status stays as it is.
pub(crate) fn convert(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    order: ConvertSale,
) -> Result<Customer, Refusal> {
    let mut row = require::<Leads>(unit, ctx, None, key)?;
    let made = sale::convert(unit, ctx, &mut row, order)?;
    write(unit, ctx, row, WebhookEvent::LeadUpdated)?;
    Ok(made)
}

/// Stores a lead that has changed, and evaluates and queues what listens for that.
fn write(unit: &mut Unit<'_>, ctx: &Ctx, mut row: SaleRow, event: WebhookEvent) -> Result<Lead, Refusal> {
    row.updated_at = ctx.now.0;
    rows::update(unit, &row)?;
    sale::announce::<Leads>(unit, ctx, event, &row.key)?;
    let row = require::<Leads>(unit, ctx, None, &row.key)?;
    changed(unit, ctx, &row)?;
    Ok(render(row, None))
}

/// Evaluates the triggers that listen for changed leads. Each pays once for a lead and a stage.
fn changed(unit: &mut Unit<'_>, ctx: &Ctx, row: &SaleRow) -> Result<(), Refusal> {
    evaluate::event(unit, ctx, TriggerEvent::LeadUpdated, |unit| {
        let facts = LeadFacts {
            status: Some(row.stage.clone()),
            amount: row.amount,
            fields: sale::facts_of(row),
            created_at: Millis(row.created_at),
        };
        sale::occurrence(unit, row, "lead", RecordFacts::Lead(facts))
    })
}

fn render(row: SaleRow, viewer: Option<i64>) -> Lead {
    let name = sale::full_name(&row);
    let names = row.names;
    Lead {
        key: row.key,
        amount: row.amount,
        currency: row.currency.parse().unwrap_or(Currency::USD),
        approved: row.approved,
        archived: row.archived,
        company: row.account,
        // A customer who was credited to another partner since is that partner's alone.
        customer_key: names.customer_key.filter(|_| viewer.is_none() || names.customer_of == viewer),
        email: row.email,
        external_key: row.external_key,
        fields: row.fields,
        name,
        first_name: row.first_name,
        last_name: row.last_name,
        group_key: names.group_key,
        member_key: names.member_key,
        meta: row.meta,
        partner_key: names.partner_key,
        partnership_key: names.partnership_key,
        source: if row.source == "vendor" { SaleSource::Vendor } else { SaleSource::Partner },
        status: row.stage,
        test: row.test,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}
