//! The programs that a partner is in, with the offers that they may earn by (api.md section 7): what offers say, and
//! nothing of the triggers behind them.

use headwater_protocol::Millis;
use headwater_protocol::v2::{Eligibility, List, MarketplaceProgram, RewardOffer};
use headwater_store::Unit;

use super::partnership::group_summary;
use super::reward::offer_key;
use super::{Ctx, Refusal, partnership, program};
use crate::store::partnership::PartnershipRow;
use crate::store::trigger::{self, TriggerRow};

/// The partner's own program.
pub(crate) fn list(unit: &mut Unit<'_>, ctx: &Ctx, viewer: i64) -> Result<List<MarketplaceProgram>, Refusal> {
    let partner = partnership::find_by_id(unit, viewer)?
        .ok_or_else(|| Refusal::not_found("partnership", "of this token"))?;
    let program = program::find(unit, ctx.program)?;
    let offers = trigger::list_active(unit, ctx.program)?;
    let offers = offers.into_iter().filter(|row| is_offered(row, &partner)).map(offer).collect();
    let item = MarketplaceProgram {
        key: program.company_key,
        name: program.name,
        partnership_key: partner.key,
        partner_key: partner.partner_key,
        status: partner.approved_status,
        group: partner.group_facts.map(group_summary),
        offers,
        joined_at: Millis(partner.created_at),
    };
    let ending_cursor = Some(item.key.clone());
    Ok(List { items: vec![item], has_more: false, ending_cursor, total: Some(1) })
}

/// Whether a trigger pays this partner, by group and tags. One whose stored text cannot be read is offered to nobody.
fn is_offered(row: &TriggerRow, partner: &PartnershipRow) -> bool {
    let Ok(wanted) = serde_json::from_str::<Eligibility>(&row.eligibility) else { return false };
    let group = partner.group_facts.as_ref();
    let in_group = |name: &String| group.is_some_and(|group| *name == group.key || *name == group.slug);
    (wanted.groups.is_empty() || wanted.groups.iter().any(in_group))
        && (wanted.tags.is_empty() || wanted.tags.iter().any(|tag| partner.tags.contains(tag)))
}

fn offer(row: TriggerRow) -> RewardOffer {
    RewardOffer { key: offer_key(&row.key), description: row.offer_description }
}
