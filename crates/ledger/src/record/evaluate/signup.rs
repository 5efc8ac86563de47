//! Signups: what the triggers that listen for new customers pay, and what becomes of that when another partner is credited.

use headwater_attribution::Facts;
use headwater_attribution::claim::Claims;
use headwater_protocol::Millis;
use headwater_protocol::v2::TriggerEvent;
use headwater_store::Unit;

use super::correct::{Correction, Standing};
use super::earn::{Evaluation, EventRef};
use super::gather::{Known, Policy, claims_of, facts, history, policy};
use super::moves::move_partner;
use super::{active, compiled, credited};
use crate::record::trigger::{self, ListeningTrigger};
use crate::record::{Ctx, Refusal};
use crate::store::customer::CustomerRow;
use crate::store::partnership::PartnershipRow;

/// Evaluates the triggers that listen for a new customer, in the unit of work that recorded it. `partner` is the
/// credited one, when the caller has read it.
pub(crate) fn customer_created(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    owner: &CustomerRow,
    partner: Option<PartnershipRow>,
) -> Result<(), Refusal> {
    let partner = match partner {
        Some(partner) => active(partner),
        None => credited(unit, owner.partnership)?,
    };
    let Some(partner) = partner else { return Ok(()) };
    let triggers = trigger::ready(unit, ctx, TriggerEvent::CustomerCreated)?;
    if triggers.is_empty() {
        return Ok(());
    }
    let event = signup_of(owner);
    let (facts, claims, policy) = of_signup(unit, ctx, owner, (&partner, &triggers))?;
    let decided =
        Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at: ctx.now };
    let outcome = decided.pay(unit, ctx, &triggers)?;
    move_partner(unit, ctx, &event, partner, outcome)
}

/// Evaluates a signup anew, after its customer was credited to another partner.
pub(crate) fn customer_credited(unit: &mut Unit<'_>, ctx: &Ctx, owner: &CustomerRow) -> Result<(), Refusal> {
    let event = signup_of(owner);
    let standing = Standing::of(unit, ctx, &event)?;
    let Some(partner) = standing.partner(unit, owner.partnership)? else {
        return standing.take_back_all(unit, ctx);
    };
    let triggers = standing.triggers(unit, ctx, (TriggerEvent::CustomerCreated, Correction::Credit))?;
    let (facts, claims, policy) = of_signup(unit, ctx, owner, (&partner, &triggers))?;
    let at = standing.from;
    let decided = Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at };
    let earns = active(partner).is_some();
    decided.correct(unit, ctx, standing, (&triggers, Correction::Credit, earns))
}

/// The facts of a signup, with the claims among them and what the program does about claims.
fn of_signup(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    owner: &CustomerRow,
    (partner, triggers): (&PartnershipRow, &[ListeningTrigger]),
) -> Result<(Facts, Claims, Policy), Refusal> {
    let history = history(unit, compiled(triggers), owner.id, "USD")?;
    let known = Known { customer: Some(owner), history, ..Known::default() };
    let claims = claims_of(owner);
    Ok((facts(ctx, TriggerEvent::CustomerCreated, partner, known)?, claims, policy(unit, ctx, claims)?))
}

fn signup_of(owner: &CustomerRow) -> EventRef {
    EventRef {
        key: format!("customer:{}", owner.id),
        customer: Some(owner.id),
        txn: None,
        at: Millis(owner.created_at),
    }
}
