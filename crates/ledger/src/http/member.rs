//! `/members`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateMember;
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::member;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/members", get(list_members).post(post_member))
        .route("/api/v2/members/{key}", get(get_member))
}

async fn list_members(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    let list = move |unit: &mut Unit<'_>| member::list(unit, &ctx, params.get("partnership_key"), &page);
    Ok(found(ledger.read(list).await?))
}

async fn get_member(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| member::get(unit, &ctx, &key)).await?))
}

async fn post_member(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateMember = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Member created", member::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}
