//! Deals: sales that a partner or the company has registered.

use headwater_attribution::{DealFacts, RecordFacts};
use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{
    CreateDeal, Deal, FormKind, SaleSource, SalesCycle, TriggerEvent, UpdateDeal, WebhookEvent,
};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;

use super::resource::Resource;
use super::sale::{self, Brought, SaleDetails, SaleKind};
use super::{Ctx, Refusal, answers};
use crate::store::list::Listing;
use crate::store::sale::{self as rows, SaleRow};

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

impl SaleKind for Deals {
    const CYCLE: SalesCycle = SalesCycle::Deal;
    const PREFIX: Prefix = Prefix::Deal;
    const FORM: FormKind = FormKind::Deal;
    const NAMES: [&'static str; 4] =
        ["account_name", "contact_email", "contact_first_name", "contact_last_name"];
    const CREATED: WebhookEvent = WebhookEvent::DealCreated;
    const UPDATED: WebhookEvent = WebhookEvent::DealUpdated;
    const DELETED: WebhookEvent = WebhookEvent::DealDeleted;
    const TRIGGER: TriggerEvent = TriggerEvent::DealUpdated;

    fn facts(row: &SaleRow) -> RecordFacts {
        RecordFacts::Deal(DealFacts {
            stage: Some(row.stage.clone()),
            amount: row.amount,
            currency: row.currency.parse().ok(),
            fields: sale::facts_of(row),
            created_at: Millis(row.created_at),
        })
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
    let account = new.account_name.or(new.name).ok_or_else(|| FieldError::required("account_name"))?;
    let said = SaleDetails {
        account: Some(account),
        email: new.contact_email,
        first_name: new.contact_first_name,
        last_name: new.contact_last_name,
        amount: new.amount,
        currency: new.currency,
        close_date: new.close_date,
        external_key: new.external_key,
        fields: Some(answers::read(new.fields)?),
        meta: new.meta,
        stage: new.stage,
        approved: None,
        archived: None,
    };
    sale::record::<Deals>(unit, ctx, viewer, (new.key, &brought), said)
}

/// Changes a deal.
pub(crate) fn update(unit: &mut Unit<'_>, ctx: &Ctx, key: &str, change: UpdateDeal) -> Result<Deal, Refusal> {
    let said = SaleDetails {
        account: change.account_name.or(change.name),
        email: change.contact_email,
        first_name: change.contact_first_name,
        last_name: change.contact_last_name,
        amount: change.amount,
        currency: change.currency,
        close_date: change.close_date,
        external_key: change.external_key,
        fields: change.fields.map(|fields| answers::read(Some(fields))).transpose()?,
        meta: change.meta,
        stage: change.stage,
        approved: change.approved,
        archived: change.archived,
    };
    sale::update::<Deals>(unit, ctx, key, said)
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
