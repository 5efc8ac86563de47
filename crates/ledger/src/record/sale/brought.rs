//! Who brings a deal or lead: the company, or a partner, whose groups decide whether they may.

use headwater_protocol::v2::{SaleSource, SalesCycle};
use headwater_protocol::{Currency, FieldError};
use headwater_store::Unit;

use crate::record::refusal::short;
use crate::record::{Ctx, Refusal, RefusalKind, partnership};
use crate::store::partnership::PartnershipRow;
use crate::store::sale::{SaleNames, SaleRow};

/// Who a body says brings a deal or lead.
pub(crate) struct Brought<'a> {
    pub(crate) source: Option<SaleSource>,
    pub(crate) partner_key: Option<&'a str>,
    pub(crate) group_key: Option<&'a str>,
}

/// An empty deal or lead of whoever brings it. A partner brings only their own, which the company accepts later.
pub(crate) fn blank(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    cycle: SalesCycle,
    brought: &Brought<'_>,
) -> Result<SaleRow, Refusal> {
    let source = if viewer.is_some() { SaleSource::Partner } else { brought.source.unwrap_or_default() };
    let partner = match (viewer, brought.partner_key) {
        (Some(id), given) => Some(own(unit, ctx, id, cycle, given)?),
        (None, Some(name)) => Some(require_partner(unit, ctx, name)?),
        (None, None) if source == SaleSource::Partner => {
            return Err(FieldError::required("partner_key").into());
        }
        (None, None) => None,
    };
    let group = match (source, brought.group_key) {
        (SaleSource::Vendor, None) => return Err(FieldError::required("group_key").into()),
        (SaleSource::Vendor, Some(name)) => Some(partnership::find_group(unit, ctx, name)?.id),
        (SaleSource::Partner, _) => partner.as_ref().and_then(|row| row.group),
    };
    Ok(SaleRow {
        id: ctx.next_id(),
        key: String::new(),
        test: ctx.test,
        partnership: partner.map(|row| row.id),
        group,
        member: None,
        customer: None,
        source: source.name().to_owned(),
        stage: String::new(),
        account: None,
        email: None,
        first_name: None,
        last_name: None,
        amount: None,
        currency: Currency::USD.code().to_owned(),
        close_date: None,
        external_key: None,
        fields: Vec::new(),
        meta: None,
        approved: viewer.is_none(),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        names: SaleNames::default(),
    })
}

/// The partner who asks. Another partner's name is refused, whether it is one or not.
fn own(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    id: i64,
    cycle: SalesCycle,
    given: Option<&str>,
) -> Result<PartnershipRow, Refusal> {
    let row = partnership::find_by_id(unit, id)?.filter(|row| !row.archived);
    let row = row.ok_or_else(|| Refusal::not_found("partnership", "yours"))?;
    let named = match given {
        Some(name) => partnership::find(unit, ctx, name)?.map(|row| row.id),
        None => Some(id),
    };
    let may = row.group_facts.as_ref().is_none_or(|group| match cycle {
        SalesCycle::Deal => group.features.deals_enabled,
        SalesCycle::Lead => group.features.leads_enabled,
    });
    if !may {
        let what = cycle.name();
        let message = format!("your group may not register {what}s");
        return Err(Refusal::new(RefusalKind::Forbidden, &format!("{what}s_disabled"), message));
    }
    if named == Some(id) {
        return Ok(row);
    }
    let message = "partner_key must be your own, or absent";
    Err(Refusal::new(RefusalKind::Forbidden, "not_your_own", message).field("partner_key"))
}

/// The active partner that a body names.
fn require_partner(unit: &mut Unit<'_>, ctx: &Ctx, name: &str) -> Result<PartnershipRow, Refusal> {
    let found = partnership::find(unit, ctx, name)?.filter(|row| !row.archived);
    found.ok_or_else(|| {
        let message = format!("partner_key names no active partner: '{}'", short(name));
        Refusal::invalid("unknown_partner", "partner_key", message)
            .hint("GET /api/v2/partnerships lists them; a deal or lead without a partner has source 'vendor'")
    })
}
