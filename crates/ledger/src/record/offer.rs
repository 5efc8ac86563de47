//! Offers: what a partner may earn, by the eligibility of the program's triggers. An offer has a key of its own, because
//! partners never see triggers (api.md section 7).

use headwater_protocol::v2::{Eligibility, GroupSummary, List, Partnership, RewardOffer};
use headwater_store::Unit;

use super::reward::offer_key;
use super::{Ctx, Refusal, partnership};
use crate::store::trigger;

/// The offers of a program, each with whom it is for.
pub(crate) struct Offers(Vec<(Eligibility, RewardOffer)>);

impl Offers {
    /// Those of the active triggers. One whose stored eligibility cannot be read is offered to nobody.
    pub(crate) fn of_program(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<Self, Refusal> {
        let offer = |row: trigger::TriggerRow| {
            let wanted = serde_json::from_str(&row.eligibility).ok()?;
            Some((wanted, RewardOffer { key: offer_key(&row.key), description: row.offer_description }))
        };
        Ok(Self(trigger::list_active(unit, ctx.program)?.into_iter().filter_map(offer).collect()))
    }

    /// Those for a partner of this group with these tags, as `attribution` decides when an event is evaluated.
    pub(crate) fn open_to(&self, group: Option<&GroupSummary>, tags: &[String]) -> Vec<RewardOffer> {
        let named = |name: &String| group.is_some_and(|group| *name == group.key || *name == group.slug);
        let open = self.0.iter().filter(|(wanted, _)| {
            (wanted.groups.is_empty() || wanted.groups.iter().any(named))
                && (wanted.tags.is_empty() || wanted.tags.iter().any(|tag| tags.contains(tag)))
        });
        open.map(|(_, offer)| offer.clone()).collect()
    }
}

/// Writes into each partnership what it may earn. The triggers are read once for all of them.
pub(crate) fn include(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    page: &mut List<Partnership>,
) -> Result<(), Refusal> {
    let offers = Offers::of_program(unit, ctx)?;
    // A partner's view shows no tags, so those by which offers are for the partner are read.
    let own = viewer.map(|id| partnership::find_by_id(unit, id)).transpose()?.flatten();
    for partner in &mut page.items {
        let tags = own.as_ref().map_or(&partner.tags, |row| &row.tags);
        partner.offers = Some(offers.open_to(partner.group.as_ref(), tags));
    }
    Ok(())
}
