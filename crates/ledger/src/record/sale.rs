//! What deals and leads have in common: whose they are, their bounds, and becoming a customer.

use headwater_attribution::RecordFacts;
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::limits::{
    AMOUNT_MAX, COMPANY_NAME_MAX, CUSTOMER_KEY_MAX, EMAIL_MAX, EMAIL_MIN, NAME_MAX,
};
use headwater_protocol::v2::{ConvertSale, CreateCustomer, Customer, SaleSource, SalesCycle, WebhookEvent};
use headwater_protocol::{Currency, FieldError};
use headwater_store::Unit;
use serde_json::{Map, Value};

use super::evaluate::{self, Occurrence};
use super::outgoing::{self, OutgoingEvent};
use super::refusal::short;
use super::resource::{Resource, require};
use super::{Ctx, Refusal, RefusalKind, customer, lookup, member, partnership};
use crate::store::customer as customers;
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

/// Checks what a row holds, after a body was written into it. `names` are those that the API uses for the company's
/// name, the address, the first and the last name.
pub(crate) fn check(row: &SaleRow, names: [&str; 4]) -> Result<(), FieldError> {
    let [account, email, first, last] = names;
    check_optional(account, row.account.as_deref(), 1, COMPANY_NAME_MAX)?;
    check_optional(email, row.email.as_deref(), EMAIL_MIN, EMAIL_MAX)?;
    check_optional(first, row.first_name.as_deref(), 0, NAME_MAX)?;
    check_optional(last, row.last_name.as_deref(), 0, NAME_MAX)?;
    check_optional("external_key", row.external_key.as_deref(), 1, CUSTOMER_KEY_MAX)?;
    super::answers::check_meta(row.meta.as_ref())?;
    if let Some(date) = &row.close_date
        && !is_date(date)
    {
        let message = format!("close_date must be a day like 2027-01-31, got '{}'", short(date));
        return Err(FieldError::new("invalid_value", "close_date", message));
    }
    if row.amount.is_some_and(|amount| !(0..=AMOUNT_MAX).contains(&amount)) {
        let message = format!("amount must be an integer from 0 to {AMOUNT_MAX} (minor units)");
        return Err(FieldError::new("out_of_range", "amount", message));
    }
    Ok(())
}

/// Whether a text is a day of the calendar as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    if lengths != [4, 2, 2] || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return false;
    }
    let number = |at: usize| parts[at].parse::<u32>().unwrap_or_default();
    let (year, month, day) = (number(0), number(1), number(2));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Makes a customer of a deal or lead, credited to its partner and team member, and notes it in the row.
pub(crate) fn convert(
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

/// Queues an event of a deal or a lead, as the vendor sees it.
pub(crate) fn announce<R: Resource<Row = SaleRow>>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: WebhookEvent,
    key: &str,
) -> Result<(), Refusal> {
    if !outgoing::listens(unit, ctx, event)? {
        return Ok(());
    }
    let row = require::<R>(unit, ctx, None, key)?;
    let what = OutgoingEvent::new(event, row.customer);
    outgoing::queue(unit, ctx, what, &R::render(ctx, None, row)?)
}

/// Assigns a deal or lead to a person of a partner's team.
pub(crate) fn assign(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &mut SaleRow,
    (partnership_key, member_key): (&str, &str),
) -> Result<(), Refusal> {
    let partner = partnership::require_named(unit, ctx, partnership_key)?;
    check_length("stack_key", member_key, 1, NAME_MAX)?;
    let person = member::find_active(unit, ctx, member_key)?.filter(|found| found.partnership == partner.id);
    let person = person.ok_or_else(|| {
        let message = format!("stack_key names no person of that partner's team: '{}'", short(member_key));
        Refusal::new(RefusalKind::NotFound, "member_not_found", message).field("stack_key")
    })?;
    row.partnership = Some(partner.id);
    row.member = Some(person.id);
    Ok(())
}

/// What a form's answers are to rules.
pub(crate) fn facts_of(row: &SaleRow) -> Map<String, Value> {
    row.fields.iter().map(|answer| (answer.api_name.clone(), answer.value.clone())).collect()
}

/// A change of a deal or lead as triggers see it; `None` when nobody earns with it.
pub(crate) fn occurrence(
    unit: &mut Unit<'_>,
    row: &SaleRow,
    what: &str,
    record: RecordFacts,
) -> Result<Option<Occurrence>, Refusal> {
    let Some(partner) = evaluate::credited(unit, row.partnership)? else { return Ok(None) };
    let customer = row.customer.map(|id| customers::find_by_id(unit, id)).transpose()?.flatten();
    // Without a customer nothing says that it is a test record, which must not earn real money.
    if row.test && customer.is_none() {
        return Ok(None);
    }
    let key = format!("{what}:{}:{}", row.id, row.stage);
    Ok(Some(Occurrence { key, partner, customer, product: None, record: Some(record) }))
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        for day in ["2026-01-31", "2024-02-29", "2000-02-29", "0001-12-01"] {
            assert!(is_date(day), "{day}");
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-01",
            "26-01-01",
            "2026-01-00",
            "2026/01/01",
            "+026-01-01",
            "2026-01-01T00:00:00Z",
            "",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
