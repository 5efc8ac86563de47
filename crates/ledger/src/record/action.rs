//! Actions: what a customer or a partner did that is no payment. Triggers may pay for them.

use headwater_attribution::{ActionFacts, RecordFacts};
use headwater_protocol::field::{check_length, check_optional};
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{ACTION_VALUE_MAX, CUSTOMER_KEY_MAX};
use headwater_protocol::v2::{
    Action, ActionCustomer, CompanyName, CreateAction, TargetType, TriggerEvent, WebhookEvent,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::evaluate::{self, Occurrence};
use super::outgoing::{self, OutgoingEvent};
use super::refusal::short;
use super::resource::{self, Resource, require};
use super::{Ctx, Refusal, RefusalKind, lookup, partnership, reward};
use crate::store::action::{self, ActionRow};
use crate::store::customer;
use crate::store::list::Listing;

/// What customers and partners did.
pub(crate) struct Actions;

impl Resource for Actions {
    const NAME: &'static str = "action";
    const LISTING: &'static Listing = &action::LISTING;
    const COUNTED: bool = true;
    type Row = ActionRow;
    type Wire = Action;

    fn render(_: &Ctx, _: Option<i64>, row: ActionRow) -> Result<Action, Refusal> {
        Ok(Action {
            key: row.key,
            archived: row.archived,
            company: CompanyName { key: row.company_key, name: row.company_name },
            customer: row.actor.map(|actor| ActionCustomer { key: actor.key, sub_ids: actor.sub_ids }),
            partnership_key: row.partnership_key,
            r#type: row.kind,
            value: row.value,
            external_key: row.external_key,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }

    fn kept_total(unit: &mut Unit<'_>, ctx: &Ctx, viewer: Option<i64>) -> Result<Option<i64>, Refusal> {
        Ok(Some(action::total(unit, ctx.scope(), viewer)?))
    }
}

/// Who acted: the customer, and the partnership.
struct Actor {
    customer: Option<i64>,
    partnership: Option<i64>,
}

/// Records an action, in the official form or in that of seed 004.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: &CreateAction) -> Result<Action, Refusal> {
    let (target, named) = target(new)?;
    let kind = new.r#type.as_ref().or(new.key.as_ref()).ok_or_else(|| FieldError::required("type"))?;
    check_length("type", kind, 1, CUSTOMER_KEY_MAX)?;
    let value = new.value.ok_or_else(|| FieldError::required("value"))?;
    if !(1..=ACTION_VALUE_MAX).contains(&value) {
        let message = format!("value must be an integer from 1 to {ACTION_VALUE_MAX}");
        return Err(Refusal::invalid("out_of_range", "value", message));
    }
    check_optional("external_key", new.external_key.as_deref(), 1, CUSTOMER_KEY_MAX)?;
    let actor = find_actor(unit, ctx, target, named)?;
    let row = ActionRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Action),
        test: ctx.test,
        kind: kind.clone(),
        value,
        customer: actor.customer,
        partnership: actor.partnership,
        external_key: new.external_key.clone(),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        company_key: String::new(),
        company_name: String::new(),
        partnership_key: None,
        actor: None,
    };
    if !action::insert(unit, ctx.program, &row)? {
        return Err(refuse_existing(unit, ctx, &row)?);
    }
    evaluate(unit, ctx, &row)?;
    let made = resource::get::<Actions>(unit, ctx, None, &row.key)?;
    outgoing::queue(unit, ctx, OutgoingEvent::new(WebhookEvent::ActionCreated, row.customer), &made)?;
    Ok(made)
}

/// Evaluates the triggers that listen for actions.
fn evaluate(unit: &mut Unit<'_>, ctx: &Ctx, row: &ActionRow) -> Result<(), Refusal> {
    evaluate::event(unit, ctx, TriggerEvent::ActionRecorded, |unit| {
        let Some(partner) = evaluate::credited(unit, row.partnership)? else { return Ok(None) };
        let customer = row.customer.map(|id| customer::find_by_id(unit, id)).transpose()?.flatten();
        // Without a customer nothing says that it is a test record, which must not earn real money.
        if row.test && customer.is_none() {
            return Ok(None);
        }
        let facts =
            ActionFacts { kind: row.kind.clone(), value: row.value, created_at: Millis(row.created_at) };
        let (key, record) = (format!("action:{}", row.id), Some(RecordFacts::Action(facts)));
        Ok(Some(Occurrence { key, partner, customer, product: None, record }))
    })
}

/// Which kind of actor the request names, and how.
fn target(new: &CreateAction) -> Result<(TargetType, (&'static str, &str)), Refusal> {
    match (new.target_type, &new.target_key, &new.customer_key) {
        (None, None, Some(key)) => Ok((TargetType::Customer, ("customer_key", key))),
        (None, ..) => Err(FieldError::required("target_type").into()),
        (Some(_), None, _) => Err(FieldError::required("target_key").into()),
        (Some(of), Some(key), _) => Ok((of, ("target_key", key))),
    }
}

fn find_actor(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    target: TargetType,
    (field, name): (&str, &str),
) -> Result<Actor, Refusal> {
    match target {
        TargetType::Customer => {
            let found = lookup::by_key(unit, ctx, name)?;
            let row = found.ok_or_else(|| Refusal::not_found("customer", name).field(field))?;
            Ok(Actor { customer: Some(row.id), partnership: row.partnership })
        }
        TargetType::Partnership => {
            let found = partnership::find(unit, ctx, name)?;
            let row = found.ok_or_else(|| Refusal::not_found("partnership", name).field(field))?;
            Ok(Actor { customer: None, partnership: Some(row.id) })
        }
    }
}

/// The refusal of an action whose external key exists. One with other content gets a code of its own, because it was
/// not recorded; a repetition was.
fn refuse_existing(unit: &mut Unit<'_>, ctx: &Ctx, asked: &ActionRow) -> Result<Refusal, Refusal> {
    let name = asked.external_key.as_deref().unwrap_or_default();
    let said = |row: &ActionRow| (row.kind.clone(), row.value, row.customer, row.partnership);
    let known = action::find_by_external_key(unit, ctx.scope(), name)?;
    let (code, message) = match known {
        Some(known) if said(&known) == said(asked) => (
            "action_exists",
            format!("an action with external_key '{}' exists: {}; nothing was done", short(name), known.key),
        ),
        known => (
            "action_conflict",
            format!(
                "an action with external_key '{}' exists with another type, value or target: {}",
                short(name),
                known.map(|row| row.key).unwrap_or_default()
            ),
        ),
    };
    Ok(Refusal::new(RefusalKind::Conflict, code, message).field("external_key"))
}

/// Archives an action and takes back what it earned, as a refund does.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Action, Refusal> {
    let row = require::<Actions>(unit, ctx, None, key)?;
    if !row.archived {
        action::archive(unit, ctx.program, &row, ctx.now.0)?;
        reward::reverse_action(unit, ctx, row.id)?;
    }
    resource::get::<Actions>(unit, ctx, None, key)
}
