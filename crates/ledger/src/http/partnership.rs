//! `/partnerships`, and `/partners` in the shape of seed 003.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use headwater_protocol::v2::{CreatePartnership, UpdatePartnership};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::partnership;

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/partnerships", get(list_partnerships).post(post_partnership))
        .route(
            "/api/v2/partnerships/{key}",
            get(get_partnership).patch(update_partnership).delete(delete_partnership),
        )
        .route("/api/v2/partnerships/{key}/token", post(post_token))
        .route("/api/v2/partners", get(list_partners))
        .route("/api/v2/partners/{key}", get(get_partner))
}

async fn list_partnerships(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    Ok(found(ledger.read(move |unit| partnership::list(unit, &ctx, &page)).await?))
}

async fn get_partnership(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| partnership::get(unit, &ctx, &key)).await?))
}

async fn post_partnership(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreatePartnership = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Partnership created", partnership::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}

async fn update_partnership(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdatePartnership = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Partnership updated", partnership::update(unit, ctx, &key, change.clone())?))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

async fn delete_partnership(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Partnership archived", partnership::archive(unit, ctx, &key)?))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

/// Each call makes a new token. `Idempotency-Key` is ignored here, because a stored answer would keep the token.
async fn post_token(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Token created; it is shown this once", partnership::record_token(unit, ctx, &key)?))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

async fn list_partners(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    Ok(found(ledger.read(move |unit| partnership::list_partners(unit, &ctx, &page)).await?))
}

async fn get_partner(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| partnership::get_partner(unit, &ctx, &key)).await?))
}
