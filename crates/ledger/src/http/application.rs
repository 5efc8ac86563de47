//! `/applications`.

use axum::extract::State;
use headwater_protocol::v2::{Application, DecideApplications, List};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::Posted;
use super::envelope::{Answer, ApiResult};
use super::routes::Routes;
use super::write::{self, Writes, create, update};
use crate::Ledger;
use crate::record::application::{self, Applications};

pub(crate) fn routes() -> Routes {
    let all = "/api/v2/applications";
    Routes::of("applications")
        .reads::<Applications>(all)
        .post(
            all,
            "Create an application",
            create(Writes::Shared, "Application created", application::record),
        )
        .patch(
            "/api/v2/applications/{key}",
            "Decide about an application",
            update(Writes::Shared, "Application updated", application::decide),
        )
        .patch(all, "Decide about many applications", decide_many)
}

async fn decide_many(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<DecideApplications>,
) -> ApiResult<List<Application>> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let decided = application::decide_many(unit, ctx, &posted.value)?;
        Ok(Answer::new(200, "Applications updated", decided))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}
