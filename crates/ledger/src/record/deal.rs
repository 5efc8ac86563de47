//! Deals: sales that a partner or the company has registered.

use headwater_attribution::{DealFacts, RecordFacts};
use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{
    ConvertSale, CreateDeal, Customer, Deal, FormKind, SaleSource, SalesCycle, TriggerEvent, UpdateDeal,
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
const NAMES: [&str; 4] = ["account_name", "contact_email", "contact_first_name", "contact_last_name"];

/// Deals.
pub(crate) struct Deals;

impl Resource for Deals {
    const NAME: &'static str = "deal";
    const LISTING: &'static Listing = &rows::DEALS;
    type Row = SaleRow;
    type Wire = Deal;

    fn render(_: &Ctx, viewer: Option<i64>, row: SaleRow) -> Result<Deal, Refusal> {
        Ok(render(row, viewer))
    }
}

/// Makes a deal: the vendor's, or that of the partner who asks.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    new: CreateDeal,
) -> Result<Deal, Refusal> {
    let brought = Brought {
        source: new.source,
        partner_key: new.partner_key.as_deref(),
        group_key: new.group_key.as_deref(),
    };
    let blank = sale::blank(unit, ctx, viewer, SalesCycle::Deal, &brought)?;
    let row = SaleRow {
        key: super::own_key(ctx, Prefix::Deal, new.key)?,
        stage: stage::check(unit, ctx, SalesCycle::Deal, blank.group, new.stage.as_deref())?,
        account: new.account_name.or(new.name),
        email: new.contact_email,
        first_name: new.contact_first_name,
        last_name: new.contact_last_name,
        amount: new.amount,
        currency: new.currency.unwrap_or(Currency::USD).code().to_owned(),
        close_date: new.close_date,
        external_key: new.external_key,
        fields: answers::read(new.fields)?,
        meta: new.meta,
        ..blank
    };
    if row.account.is_none() {
        return Err(FieldError::required("account_name").into());
    }
    sale::check(&row, NAMES)?;
    if viewer.is_some() {
        form_template::check_required(unit, ctx, FormKind::Deal, row.group, &row.fields)?;
    }
    if !rows::insert(unit, ctx.program, SalesCycle::Deal, &row)? {
        let message = format!("a deal with key '{}' exists", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "deal_exists", message).field("key"));
    }
    sale::announce::<Deals>(unit, ctx, WebhookEvent::DealCreated, &row.key)?;
    get::<Deals>(unit, ctx, viewer, &row.key)
}

/// Changes a deal.
pub(crate) fn update(unit: &mut Unit<'_>, ctx: &Ctx, key: &str, change: UpdateDeal) -> Result<Deal, Refusal> {
    let mut row = require::<Deals>(unit, ctx, None, key)?;
    if let Some(name) = &change.stage {
        row.stage = stage::check(unit, ctx, SalesCycle::Deal, row.group, Some(name))?;
    }
    if change.fields.is_some() {
        row.fields = answers::read(change.fields)?;
    }
    row.account = change.account_name.or(change.name).or(row.account);
    row.email = change.contact_email.or(row.email);
    row.first_name = change.contact_first_name.or(row.first_name);
    row.last_name = change.contact_last_name.or(row.last_name);
    row.amount = change.amount.or(row.amount);
    row.currency = change.currency.map_or(row.currency, |currency| currency.code().to_owned());
    row.close_date = change.close_date.or(row.close_date);
    row.external_key = change.external_key.or(row.external_key);
    row.meta = change.meta.or(row.meta);
    row.approved = change.approved.unwrap_or(row.approved);
    let event = match change.archived {
        Some(true) if !row.archived => WebhookEvent::DealDeleted,
        _ => WebhookEvent::DealUpdated,
    };
    row.archived = change.archived.unwrap_or(row.archived);
    sale::check(&row, NAMES)?;
    write(unit, ctx, row, event)
}

/// Archives a deal.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Deal, Refusal> {
    update(unit, ctx, key, UpdateDeal { archived: Some(true), ..UpdateDeal::default() })
}

/// Makes a customer of a deal, credited to its partner. The deal's stage stays as it is.
pub(crate) fn convert(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    order: ConvertSale,
) -> Result<Customer, Refusal> {
    let mut row = require::<Deals>(unit, ctx, None, key)?;
    let made = sale::convert(unit, ctx, &mut row, order)?;
    write(unit, ctx, row, WebhookEvent::DealUpdated)?;
    Ok(made)
}

/// Assigns a deal to a person of a partner's team.
pub(crate) fn assign(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    [key, partnership_key, member_key]: [&str; 3],
) -> Result<Deal, Refusal> {
    let mut row = require::<Deals>(unit, ctx, None, key)?;
    sale::assign(unit, ctx, &mut row, (partnership_key, member_key))?;
    write(unit, ctx, row, WebhookEvent::DealUpdated)
}

/// Stores a deal that has changed, and evaluates and queues what listens for that.
fn write(unit: &mut Unit<'_>, ctx: &Ctx, mut row: SaleRow, event: WebhookEvent) -> Result<Deal, Refusal> {
    row.updated_at = ctx.now.0;
    rows::update(unit, &row)?;
    sale::announce::<Deals>(unit, ctx, event, &row.key)?;
    let row = require::<Deals>(unit, ctx, None, &row.key)?;
    changed(unit, ctx, &row)?;
    Ok(render(row, None))
}

/// Evaluates the triggers that listen for changed deals. Each pays once for a deal and a stage.
fn changed(unit: &mut Unit<'_>, ctx: &Ctx, row: &SaleRow) -> Result<(), Refusal> {
    evaluate::event(unit, ctx, TriggerEvent::DealUpdated, |unit| {
        let facts = DealFacts {
            stage: Some(row.stage.clone()),
            amount: row.amount,
            currency: row.currency.parse().ok(),
            fields: sale::facts_of(row),
            created_at: Millis(row.created_at),
        };
        sale::occurrence(unit, row, "deal", RecordFacts::Deal(facts))
    })
}

fn render(row: SaleRow, viewer: Option<i64>) -> Deal {
    let names = row.names;
    Deal {
        key: row.key,
        name: row.account.clone(),
        account_name: row.account,
        amount: row.amount,
        currency: row.currency.parse().unwrap_or(Currency::USD),
        approved: row.approved,
        archived: row.archived,
        close_date: row.close_date,
        contact_email: row.email,
        contact_first_name: row.first_name,
        contact_last_name: row.last_name,
        // A customer who was credited to another partner since is that partner's alone.
        customer_key: names.customer_key.filter(|_| viewer.is_none() || names.customer_of == viewer),
        external_key: row.external_key,
        fields: row.fields,
        group_key: names.group_key,
        member_key: names.member_key,
        meta: row.meta,
        partner_key: names.partner_key,
        partnership_key: names.partnership_key,
        source: if row.source == "vendor" { SaleSource::Vendor } else { SaleSource::Partner },
        stage: row.stage,
        test: row.test,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}
