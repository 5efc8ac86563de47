//! `/triggers`: for the vendor only. Partners see a trigger's offer description on their rewards.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::{CreateTrigger, UpdateTrigger};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::trigger;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/triggers", get(list_triggers).post(post_trigger))
        .route("/api/v2/triggers/{key}", get(get_trigger).patch(update_trigger).delete(archive_trigger))
}

async fn list_triggers(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&["position"])?);
    Ok(found(ledger.read(move |unit| trigger::list(unit, &ctx, &page)).await?))
}

async fn get_trigger(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| trigger::get(unit, &ctx, &key)).await?))
}

async fn post_trigger(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateTrigger = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Trigger created", trigger::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}

async fn update_trigger(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateTrigger = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Trigger updated", trigger::update(unit, ctx, &key, change.clone())?))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

async fn archive_trigger(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Trigger archived", trigger::archive(unit, ctx, &key)?))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}
