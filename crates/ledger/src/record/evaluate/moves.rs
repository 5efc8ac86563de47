//! Moves partners to the groups that triggers decide on, and evaluates what listens for partners who join.

use headwater_protocol::v2::{TriggerEvent, WebhookEvent};
use headwater_store::Unit;

use super::earn::{EarnOutcome, EventRef};
use super::{Occurrence, event, missing};
use crate::record::partnership::view::render;
use crate::record::{Ctx, Refusal, outgoing};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::{firing, group};

/// Moves the partner to the groups that triggers have decided on, in their order, each once for an event. Each move
/// is an event of its own, which may trigger others; a partner who returns to a group triggers nothing again, so that
/// this ends.
pub(super) fn move_partner(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    cause: &EventRef,
    mut partner: PartnershipRow,
    outcome: EarnOutcome,
) -> Result<(), Refusal> {
    for (trigger, name) in outcome.moves {
        let Some(found) = group::find(unit, ctx.program, &name)?.filter(|group| !group.archived) else {
            continue;
        };
        if !firing::insert(unit, trigger, &cause.key, ctx.now.0)? || partner.group == Some(found.id) {
            continue;
        }
        partner.group = Some(found.id);
        partner.updated_at = ctx.now.0;
        partnership::update(unit, &partner)?;
        joined(unit, ctx, partner.id)?;
        let moved = partnership::find_by_id(unit, partner.id)?;
        partner = moved.ok_or_else(|| missing("partner to move"))?;
        outgoing::queue(unit, ctx, WebhookEvent::PartnershipUpdated, &render(partner.clone()))?;
    }
    Ok(())
}

/// Evaluates the triggers that listen for partners who join the program or a group.
pub(crate) fn joined(unit: &mut Unit<'_>, ctx: &Ctx, partner: i64) -> Result<(), Refusal> {
    event(unit, ctx, TriggerEvent::PartnershipCreated, |unit| {
        let partner = partnership::find_by_id(unit, partner)?.ok_or_else(|| missing("partner who joined"))?;
        let key = format!("partnership:{}:{}", partner.id, partner.group.unwrap_or_default());
        Ok(Some(Occurrence { key, partner, customer: None, product: None, record: None }))
    })
}
