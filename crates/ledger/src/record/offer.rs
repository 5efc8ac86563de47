//! Offers: what a partner may earn, by the eligibility of the program's triggers.

use headwater_protocol::v2::{Eligibility, List, PartnerOffer, Partnership};
use headwater_store::Unit;

use super::{Ctx, Refusal};
use crate::store::trigger::{self, TriggerRow};

/// Writes into each partnership what it may earn. The triggers are read once for all of them.
pub(crate) fn include(unit: &mut Unit<'_>, ctx: &Ctx, page: &mut List<Partnership>) -> Result<(), Refusal> {
    let triggers = trigger::list_active(unit, ctx.program)?;
    let triggers: Vec<_> = triggers.into_iter().map(|row| (eligibility(&row), row)).collect();
    for partner in &mut page.items {
        let open = triggers.iter().filter(|(wanted, _)| is_eligible(wanted, partner));
        let offers = open.map(|(_, row)| PartnerOffer {
            key: row.key.clone(),
            description: row.offer_description.clone(),
        });
        partner.offers = Some(offers.collect());
    }
    Ok(())
}

fn eligibility(row: &TriggerRow) -> Eligibility {
    serde_json::from_str(&row.eligibility).unwrap_or_default()
}

/// Whether an offer is for a partner: as `attribution` decides when an event is evaluated.
fn is_eligible(wanted: &Eligibility, partner: &Partnership) -> bool {
    let in_group = partner
        .group
        .as_ref()
        .is_some_and(|group| wanted.groups.iter().any(|name| *name == group.key || *name == group.slug));
    (wanted.groups.is_empty() || in_group)
        && (wanted.tags.is_empty() || wanted.tags.iter().any(|tag| partner.tags.contains(tag)))
}
