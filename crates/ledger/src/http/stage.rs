//! `/sales-cycles/{deal | lead}/stages` and `/stages`.

use axum::extract::State;
use headwater_protocol::v2::{List, Stage};
use headwater_store::Unit;

use super::auth::{VendorOrPartner, Viewer as _};
use super::body::Key;
use super::envelope::{Answer, ApiResult};
use super::list::ListQuery;
use super::routes::Routes;
use super::write::{Writes, act, update, without_body};
use crate::Ledger;
use crate::record::stage::{self, Stages};

pub(crate) fn routes() -> Routes {
    let (cycle, one) = ("/api/v2/sales-cycles/{key}/stages", "/api/v2/stages/{key}");
    Routes::of("stages")
        .reads::<Stages>("/api/v2/stages")
        .get(cycle, "List the stages of deals or leads", list_of_cycle)
        .post(cycle, "Create a stage", act(Writes::Shared, "Stage created", stage::record))
        .patch(
            one,
            "Change a stage",
            update(Writes::Shared, "Stage updated", |unit, ctx, key, change| {
                stage::update(unit, ctx, key, &change)
            }),
        )
        .delete(one, "Archive a stage", without_body(Writes::Shared, "Stage archived", stage::archive))
}

async fn list_of_cycle(
    State(ledger): State<Ledger>,
    caller: VendorOrPartner,
    Key(cycle): Key,
    query: ListQuery<Stages>,
) -> ApiResult<List<Stage>> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let mut request = query.read(viewer)?;
    if query.params.get("order_by").is_none() {
        (request.page.order, request.page.ascending) = ("position", true);
    }
    let read = move |unit: &mut Unit<'_>| stage::list_of_cycle(unit, &ctx, viewer, &cycle, request.clone());
    Ok(Answer::found(ledger.read(read).await?))
}
