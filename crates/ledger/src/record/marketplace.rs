//! The programs that a partner is in, with the offers that they may earn by (api.md section 7): what offers say, and
//! nothing of the triggers behind them.

use headwater_protocol::Millis;
use headwater_protocol::v2::{List, MarketplaceProgram};
use headwater_store::Unit;

use super::offer::Offers;
use super::partnership::group_summary;
use super::{Ctx, Refusal, partnership, program};

/// The partner's own program.
pub(crate) fn list(unit: &mut Unit<'_>, ctx: &Ctx, viewer: i64) -> Result<List<MarketplaceProgram>, Refusal> {
    let partner = partnership::find_by_id(unit, viewer)?
        .ok_or_else(|| Refusal::not_found("partnership", "of this token"))?;
    let program = program::find(unit, ctx.program)?;
    let group = partner.group_facts.map(group_summary);
    let item = MarketplaceProgram {
        key: program.company_key,
        name: program.name,
        partnership_key: partner.key,
        partner_key: partner.partner_key,
        status: partner.approved_status,
        offers: Offers::of_program(unit, ctx)?.open_to(group.as_ref(), &partner.tags),
        group,
        joined_at: Millis(partner.created_at),
    };
    let ending_cursor = Some(item.key.clone());
    Ok(List { items: vec![item], has_more: false, ending_cursor, total: Some(1) })
}
