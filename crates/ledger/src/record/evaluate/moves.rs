//! Moves partners to the groups that triggers decide on, and evaluates what listens for partners who join.

use headwater_protocol::v2::{TriggerEvent, WebhookEvent};
use headwater_store::Unit;

use super::earn::{EarnOutcome, EventRef};
use super::{Occurrence, event, missing, pay_event};
use crate::record::partnership::view::render;
use crate::record::{Ctx, Refusal, outgoing, trigger};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::{firing, group};

/// Moves the partner to the groups that triggers have decided on, in their order, each once for an event. Each move
/// is an event of its own, which may trigger others, first of all; a partner who returns to a group triggers nothing
/// again, so that this ends. A list holds the moves to come, because as many calls inside each other as there are
/// triggers would exceed the thread's stack.
pub(super) fn move_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    cause: &EventRef,
    mut partner: PartnershipRow,
    outcome: EarnOutcome,
) -> Result<(), Refusal> {
    let mut open = Vec::new();
    let next = |open: &mut Vec<_>, cause: &EventRef, outcome: EarnOutcome| {
        open.extend(outcome.moves.into_iter().rev().map(|moved| (cause.key.clone(), moved)));
    };
    next(&mut open, cause, outcome);
    while let Some((cause, (trigger, name))) = open.pop() {
        let Some(found) = group::find(unit, ctx.program, &name)?.filter(|group| !group.archived) else {
            continue;
        };
        if !firing::insert(unit, trigger, &cause, ctx.now.0)? || partner.group == Some(found.id) {
            continue;
        }
        partner.group = Some(found.id);
        partner.updated_at = ctx.now.0;
        partnership::update(unit, &partner)?;
        let triggers = trigger::ready(unit, ctx, TriggerEvent::PartnershipCreated)?;
        let id = partner.id;
        let heard = (TriggerEvent::PartnershipCreated, &*triggers);
        if let Some((event, _, outcome)) = pay_event(unit, ctx, heard, |unit| joins(unit, id))? {
            next(&mut open, &event, outcome);
        }
        let moved = partnership::find_by_id(unit, id)?;
        partner = moved.ok_or_else(|| missing("partner to move"))?;
        outgoing::queue(unit, ctx, WebhookEvent::PartnershipUpdated, &render(partner.clone()))?;
    }
    Ok(())
}

/// Evaluates the triggers that listen for partners who join the program or a group.
pub(crate) fn joined(unit: &mut Unit<'_>, ctx: &Ctx, partner: i64) -> Result<(), Refusal> {
    event(unit, ctx, TriggerEvent::PartnershipCreated, |unit| joins(unit, partner))
}

fn joins(unit: &mut Unit<'_>, partner: i64) -> Result<Option<Occurrence>, Refusal> {
    let partner = partnership::find_by_id(unit, partner)?.ok_or_else(|| missing("partner who joined"))?;
    let key = format!("partnership:{}:{}", partner.id, partner.group.unwrap_or_default());
    Ok(Some(Occurrence { key, partner, customer: None, product: None, record: None }))
}
