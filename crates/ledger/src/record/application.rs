//! Applications to become a partner, and what is decided about them.

use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{
    COMPANY_NAME_MAX, DESCRIPTION_MAX, EMAIL_MAX, EMAIL_MIN, LIST_MAX, NAME_MAX,
};
use headwater_protocol::v2::{
    Application, ApplicationStatus, CreateApplication, CreatePartnership, DecideApplication,
    DecideApplications, FormAnswer, FormAnswers, List,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::resource::{Resource, get, require};
use super::{Ctx, Refusal, RefusalKind, answers, partnership};
use crate::store::application::{self, ApplicationRow};
use crate::store::group;
use crate::store::list::Listing;

/// Applications.
pub(crate) struct Applications;

impl Resource for Applications {
    const NAME: &'static str = "application";
    const LISTING: &'static Listing = &application::LISTING;
    type Row = ApplicationRow;
    type Wire = Application;

    fn render(_: &Ctx, _: Option<i64>, row: ApplicationRow) -> Result<Application, Refusal> {
        Ok(Application {
            key: row.key,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            company: row.company,
            group_key: row.group_key,
            fields: row.fields,
            meta: row.meta,
            status: row.status,
            reason: row.reason,
            partnership_key: row.partnership_key,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

/// Makes an application, which waits for a decision.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateApplication) -> Result<Application, Refusal> {
    let in_meta = |name: &str| new.meta.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let email = new.email.or_else(|| in_meta("email")).ok_or_else(|| FieldError::required("email"))?;
    let first_name = new.first_name.or_else(|| in_meta("first_name"));
    let last_name = new.last_name.or_else(|| in_meta("last_name"));
    check_length("email", &email, EMAIL_MIN, EMAIL_MAX)?;
    check_optional("first_name", first_name.as_deref(), 0, NAME_MAX)?;
    check_optional("last_name", last_name.as_deref(), 0, NAME_MAX)?;
    check_optional("company", new.company.as_deref(), 0, COMPANY_NAME_MAX)?;
    answers::check_meta(new.meta.as_ref())?;
    let key = super::own_key(ctx, Prefix::Application, new.key)?;
    let group = match &new.group_key {
        Some(name) => Some(partnership::find_group(unit, ctx, name)?),
        None => group::find_default(unit, ctx.program)?,
    };
    if group.as_ref().is_some_and(|group| !group.features.application_enabled) {
        let message = "the group takes no applications";
        return Err(Refusal::new(RefusalKind::Forbidden, "applications_disabled", message)
            .field("group_key")
            .hint("PATCH /api/v2/groups/{key} {\"features\": {\"application_enabled\": true}}"));
    }
    refuse_known(unit, ctx, &email)?;
    let row = ApplicationRow {
        id: ctx.next_id(),
        key,
        email,
        first_name,
        last_name,
        company: new.company,
        group: group.map(|group| group.id),
        fields: answers::read(new.fields)?,
        meta: new.meta,
        status: ApplicationStatus::Pending,
        reason: None,
        partnership: None,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        group_key: None,
        partnership_key: None,
    };
    if !application::insert(unit, ctx.program, &row)? {
        return Err(exists("key", &row.key));
    }
    get::<Applications>(unit, ctx, None, &row.key)
}

fn exists(field: &str, other: &str) -> Refusal {
    let message = format!("an application with this {field} exists: {other}");
    Refusal::new(RefusalKind::Conflict, "application_exists", message).field(field)
}

/// Refuses the address of a partner, and of an application that waits.
fn refuse_known(unit: &mut Unit<'_>, ctx: &Ctx, email: &str) -> Result<(), Refusal> {
    if let Some(partner) = partnership::find_by_address(unit, ctx, email)? {
        let message = format!("a partnership with this email exists: {}", partner.key);
        return Err(Refusal::new(RefusalKind::Conflict, "partnership_exists", message).field("email"));
    }
    match application::find_by_email(unit, ctx.program, email)? {
        Some(other) if other.status == ApplicationStatus::Pending => Err(exists("email", &other.key)),
        _ => Ok(()),
    }
}

/// Decides about an application: one that is approved becomes a partnership. The same decision again changes nothing;
/// what was declined may be approved later.
pub(crate) fn decide(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    decision: DecideApplication,
) -> Result<Application, Refusal> {
    let mut row = require::<Applications>(unit, ctx, None, key)?;
    check_optional("reason", decision.reason.as_deref(), 1, DESCRIPTION_MAX)?;
    match (row.status, decision.status) {
        (_, ApplicationStatus::Pending) => {
            let message = "status must be approved or declined";
            return Err(FieldError::new("invalid_value", "status", message).into());
        }
        (known, wanted) if known == wanted => return Applications::render(ctx, None, row),
        (ApplicationStatus::Approved, _) => {
            let message = format!("{key} is approved: its partner exists");
            return Err(Refusal::new(RefusalKind::Conflict, "application_approved", message)
                .field("status")
                .hint("DELETE /api/v2/partnerships/{key} archives the partner"));
        }
        (_, ApplicationStatus::Declined) if decision.reason.is_none() => {
            return Err(Refusal::from(FieldError::required("reason")).hint("say why it is declined"));
        }
        _ => {}
    }
    if decision.status == ApplicationStatus::Approved {
        row.partnership = Some(admit(unit, ctx, &row)?);
    }
    row.status = decision.status;
    row.reason = decision.reason;
    row.updated_at = ctx.now.0;
    application::update(unit, &row)?;
    get::<Applications>(unit, ctx, None, key)
}

/// Makes the partnership of an application; returns its number.
fn admit(unit: &mut Unit<'_>, ctx: &Ctx, row: &ApplicationRow) -> Result<i64, Refusal> {
    let answer = |answer: &headwater_protocol::v2::FormValue| FormAnswer {
        api_name: Some(answer.api_name.clone()),
        value: answer.value.clone(),
        ..FormAnswer::default()
    };
    let new = CreatePartnership {
        email: row.email.clone(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        group_key: row.group_key.clone(),
        fields: Some(FormAnswers::Listed(row.fields.iter().map(answer).collect())),
        ..CreatePartnership::default()
    };
    let made = partnership::record(unit, ctx, new)?;
    Ok(partnership::require_named(unit, ctx, &made.key)?.id)
}

/// One decision about many applications: all are decided, or none.
pub(crate) fn decide_many(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    decision: &DecideApplications,
) -> Result<List<Application>, Refusal> {
    super::check_many("keys", decision.keys.len(), LIST_MAX)?;
    let mut items = Vec::with_capacity(decision.keys.len());
    for key in &decision.keys {
        let one = DecideApplication { status: decision.status, reason: decision.reason.clone() };
        items.push(decide(unit, ctx, key, one)?);
    }
    Ok(super::list::whole(items, |item| &item.key))
}
