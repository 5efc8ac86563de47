//! `/marketplace/programs`, for partners only.

use axum::extract::State;
use headwater_protocol::v2::{List, MarketplaceProgram};
use headwater_store::Unit;

use super::auth::PartnerView;
use super::envelope::{Answer, ApiResult};
use super::list::PageOfOne;
use super::routes::Routes;
use crate::Ledger;
use crate::record::marketplace;

pub(crate) fn routes() -> Routes {
    let path = "/api/v2/marketplace/programs";
    Routes::of("marketplace").get(path, "List the partner's programs", list_programs)
}

async fn list_programs(
    State(ledger): State<Ledger>,
    partner: PartnerView,
    page: PageOfOne,
) -> ApiResult<List<MarketplaceProgram>> {
    let ctx = ledger.ctx(partner.program, false);
    let list = move |unit: &mut Unit<'_>| marketplace::list(unit, &ctx, partner.partnership);
    Ok(Answer::found(page.of(ledger.read(list).await?)?))
}
