//! Moves partners to the groups that triggers decide on, sends them messages, and evaluates what listens for partners who
//! join.

use headwater_protocol::v2::{TriggerEvent, WebhookEvent};
use headwater_store::Unit;

use super::earn::{EarnOutcome, EventRef};
use super::{Occurrence, event, missing, pay_event};
use crate::record::partnership::view::render;
use crate::record::{Ctx, Refusal, message, outgoing, trigger};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::{firing, group};

/// Sends the messages and makes the moves that triggers have decided on, in their order, each once for an event. Each move
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
    queue_moves(unit, ctx, (cause, partner.id, outcome), &mut open)?;
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
        let listening = (TriggerEvent::PartnershipCreated, &*triggers);
        if let Some((event, _, outcome)) = pay_event(unit, ctx, listening, |unit| joins(unit, id))? {
            queue_moves(unit, ctx, (&event, id, outcome), &mut open)?;
        }
        let moved = partnership::find_by_id(unit, id)?;
        partner = moved.ok_or_else(|| missing("partner to move"))?;
        outgoing::queue(unit, ctx, WebhookEvent::PartnershipUpdated, &render(partner.clone()))?;
    }
    Ok(())
}

/// A trigger's move to a group, for the event with this key.
type OpenMove = (String, (i64, String));

/// Sends the messages of an outcome, and puts its moves where the next one is taken from.
fn queue_moves(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (cause, partner, outcome): (&EventRef, i64, EarnOutcome),
    open: &mut Vec<OpenMove>,
) -> Result<(), Refusal> {
    for (trigger, text) in outcome.messages {
        if firing::insert(unit, trigger, &cause.key, ctx.now.0)? {
            message::send(unit, ctx, (trigger, partner), text)?;
        }
    }
    open.extend(outcome.moves.into_iter().rev().map(|moved| (cause.key.clone(), moved)));
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
