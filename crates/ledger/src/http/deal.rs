//! `/deals`.

use axum::extract::State;
use headwater_protocol::v2::Deal;
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::Keys;
use super::envelope::{Answer, ApiResult};
use super::routes::Routes;
use super::write::{self, Writes, act, create_for, update, without_body};
use crate::Ledger;
use crate::record::deal::{self, Deals};
use crate::record::sale;

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/deals/{key}";
    Routes::of("deals")
        .reads::<Deals>("/api/v2/deals")
        .post("/api/v2/deals", "Create a deal", create_for(Writes::OwnMode, "Deal created", deal::record))
        .patch(one, "Change a deal", update(Writes::OwnMode, "Deal updated", deal::update))
        .delete(one, "Archive a deal", without_body(Writes::OwnMode, "Deal archived", sale::archive::<Deals>))
        .post(
            "/api/v2/deals/{key}/convert",
            "Make a customer of a deal",
            act(Writes::OwnMode, "Customer created", sale::convert::<Deals>),
        )
        .post(
            // Without the version, as clients send it (api.md section 8).
            "/api/deals/{key}/assignment/{partnership_key}/{stack_key}",
            "Assign a deal to a person of a partner's team",
            assign,
        )
}

async fn assign(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Keys([deal, partnership, member]): Keys<3>,
) -> ApiResult<Deal> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let assigned = sale::assign::<Deals>(unit, ctx, [&deal, &partnership, &member])?;
        Ok(Answer::new(200, "Deal assigned", assigned))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}
