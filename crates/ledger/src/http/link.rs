//! `/links` and `/clicks`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateLink;
use headwater_store::Unit;

use super::auth::{Vendor, VendorOrPartner};
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::{click, link};

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/links", get(list_links).post(post_link))
        .route("/api/v2/links/partnership/{key}", get(list_partnership_links))
        .route("/api/v2/clicks", get(list_clicks))
}

async fn list_links(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (reader.ctx(&ledger), params.page(&[])?);
    Ok(found(ledger.read(move |unit| link::list_of(unit, &ctx, reader.partnership(), &page)).await?))
}

async fn list_partnership_links(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    Ok(found(ledger.read(move |unit| link::list(unit, &ctx, Some(&key), &page)).await?))
}

async fn post_link(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateLink = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Link created", link::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}

async fn list_clicks(
    State(ledger): State<Ledger>,
    reader: VendorOrPartner,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (reader.ctx(&ledger), params.page(&[])?);
    let has_sub_id = params.flag("has_sub_id")?;
    let list = move |unit: &mut Unit<'_>| click::list(unit, &ctx, reader.partnership(), has_sub_id, &page);
    Ok(found(ledger.read(list).await?))
}
