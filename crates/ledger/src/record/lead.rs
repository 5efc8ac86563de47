//! Leads: people who may buy.

use headwater_attribution::{LeadFacts, RecordFacts};
use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{
    CreateLead, FormKind, FormValue, Lead, SaleSource, SalesCycle, TriggerEvent, UpdateLead, WebhookEvent,
};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::resource::Resource;
use super::sale::{self, Brought, SaleDetails, SaleKind};
use super::{Ctx, Refusal, answers};
use crate::store::list::Listing;
use crate::store::sale::{self as rows, SaleRow};

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

impl SaleKind for Leads {
    const CYCLE: SalesCycle = SalesCycle::Lead;
    const PREFIX: Prefix = Prefix::Lead;
    const FORM: FormKind = FormKind::Lead;
    const NAMES: [&'static str; 4] = ["company", "email", "first_name", "last_name"];
    const CREATED: WebhookEvent = WebhookEvent::LeadCreated;
    const UPDATED: WebhookEvent = WebhookEvent::LeadUpdated;
    const DELETED: WebhookEvent = WebhookEvent::LeadDeleted;
    const TRIGGER: TriggerEvent = TriggerEvent::LeadUpdated;

    fn facts(row: &SaleRow) -> RecordFacts {
        RecordFacts::Lead(LeadFacts {
            status: Some(row.stage.clone()),
            amount: row.amount,
            fields: sale::facts_of(row),
            created_at: Millis(row.created_at),
        })
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
    let fields = answers::read(new.fields)?;
    let named = |name: &str| named_in(&fields, new.meta.as_ref(), name);
    // Some clients name the address in the form's answers, or as the lead's external key.
    let address = || new.external_key.clone().filter(|key| key.contains('@'));
    let email = new.email.or_else(|| named("email")).or_else(address);
    let email = email.ok_or_else(|| FieldError::required("email"))?;
    let (first, last) = split(new.name);
    let said = SaleDetails {
        account: new.company,
        email: Some(email),
        first_name: new.first_name.or_else(|| named("first_name")).or(first),
        last_name: new.last_name.or_else(|| named("last_name")).or(last),
        amount: new.amount,
        currency: new.currency,
        close_date: None,
        external_key: new.external_key,
        fields: Some(fields),
        meta: new.meta,
        stage: new.status,
        approved: new.approved,
        archived: None,
    };
    sale::record::<Leads>(unit, ctx, viewer, (new.key, &brought), said)
}

/// A full name as first name and rest: joined by a space they are the name again.
fn split(name: Option<String>) -> (Option<String>, Option<String>) {
    let Some(name) = name else { return (None, None) };
    let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
    (Some(first.to_owned()), Some(last.to_owned()))
}

/// A text that an answer to the form or `meta` holds under this name.
fn named_in(answers: &[FormValue], meta: Option<&Map<String, Value>>, name: &str) -> Option<String> {
    let answer = answers.iter().find(|answer| answer.api_name == name).map(|answer| &answer.value);
    let found = answer.or_else(|| meta.and_then(|meta| meta.get(name)));
    found.and_then(Value::as_str).map(str::to_owned)
}

/// Changes a lead.
pub(crate) fn update(unit: &mut Unit<'_>, ctx: &Ctx, key: &str, change: UpdateLead) -> Result<Lead, Refusal> {
    let (first, last) = split(change.name);
    let said = SaleDetails {
        account: change.company,
        email: change.email,
        first_name: change.first_name.or(first),
        last_name: change.last_name.or(last),
        amount: change.amount,
        currency: change.currency,
        close_date: None,
        external_key: change.external_key,
        fields: change.fields.map(|fields| answers::read(Some(fields))).transpose()?,
        meta: change.meta,
        stage: change.status,
        approved: change.approved,
        archived: change.archived,
    };
    sale::update::<Leads>(unit, ctx, key, said)
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
