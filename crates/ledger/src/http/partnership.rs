//! `/partnerships`, and `/partners` in the shape of seed 003.

use axum::extract::State;
use headwater_protocol::v2::{List, MovePartnerships, Partnership, Team};
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::list::{self, ListQuery};
use super::parameter::{Asked, IncludeOffers};
use super::routes::Routes;
use super::write::{self, Writes, act, create, update, without_body};
use crate::Ledger;
use crate::record::partnership::{self, Partners, Partnerships};
use crate::record::{Refusal, filter, offer, team};

pub(crate) fn routes() -> Routes {
    let (all, one) = ("/api/v2/partnerships", "/api/v2/partnerships/{key}");
    Routes::of("partnerships")
        .get(all, "List partnerships", list_partnerships)
        .get(one, "Get a partnership", list::get::<Partnerships, VendorOrPartner>)
        .post(all, "Create a partnership", create(Writes::Shared, "Partnership created", partnership::record))
        .patch(all, "Move many partners to a group", move_many)
        .patch(
            one,
            "Change a partnership",
            update(Writes::Shared, "Partnership updated", partnership::update),
        )
        .delete(
            one,
            "Archive a partnership",
            without_body(Writes::Shared, "Partnership archived", partnership::archive),
        )
        .patch(
            "/api/v2/partnerships/{key}/tags",
            "Tag a partner",
            update(Writes::Shared, "Partnership updated", partnership::tag),
        )
        .post(
            "/api/v2/partnerships/{key}/member",
            "Add a person to the team of a partner",
            act(Writes::Shared, "Member created", team::add_member),
        )
        .post(
            "/api/v2/partnerships/{key}/token",
            // Each call makes a new one: it takes no `Idempotency-Key`, because a stored answer would keep the token.
            "Create a token of the partner's own view",
            without_body(Writes::Shared, "Token created; it is shown this once", partnership::record_token),
        )
        .get("/api/v2/partner-team/{key}", "Get a partner's team", get_team)
        .merge(Routes::of("partners").reads::<Partners>("/api/v2/partners"))
}

async fn list_partnerships(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    offers: Asked<IncludeOffers>,
    query: ListQuery<Partnerships>,
) -> ApiResult<List<Partnership>> {
    let (ctx, viewer, offers) = (reader.ctx(&ledger), reader.partnership(), offers.flag()?);
    let request = query.read(viewer)?;
    let read = move |unit: &mut Unit<'_>| {
        let mut page = filter::list::<Partnerships>(unit, &ctx, viewer, &request)?;
        if offers {
            offer::include(unit, &ctx, viewer, &mut page)?;
        }
        Ok::<_, Refusal>(page)
    };
    Ok(Answer::found(ledger.read(read).await?))
}

async fn move_many(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<MovePartnerships>,
) -> ApiResult<List<Partnership>> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let moved = partnership::move_many(unit, ctx, &posted.value)?;
        Ok(Answer::new(200, "Partnerships updated", moved))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

async fn get_team(State(ledger): State<Ledger>, vendor: Vendor, Key(key): Key) -> ApiResult<Team> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.read(move |unit| team::get(unit, &ctx, &key)).await?))
}
