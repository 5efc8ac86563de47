//! `/groups`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateGroup;

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::group;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/groups", get(list_groups).post(post_group))
        .route("/api/v2/groups/{key}", get(get_group))
}

async fn list_groups(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    Ok(found(ledger.read(move |unit| group::list(unit, &ctx, &page)).await?))
}

async fn get_group(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| group::get(unit, &ctx, &key)).await?))
}

async fn post_group(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateGroup = posted.parse()?;
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        Ok(answer(200, "Group created", group::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}
