//! `/links` and `/clicks`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateLink;
use headwater_store::Unit;

use super::auth::{Reader, Vendor};
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::{click, link};

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/links", get(list_links).post(post_link))
        .route("/api/v2/links/partnership/{key}", get(list_partnership_links))
        .route("/api/v2/clicks", get(list_clicks))
}

async fn list_links(State(books): State<Books>, reader: Reader, params: Params) -> Result<Response, Failure> {
    let (ctx, page) = (reader.ctx(&books), params.page(&[])?);
    Ok(found(books.read(move |unit| link::list_of(unit, &ctx, reader.partnership(), &page)).await?))
}

async fn list_partnership_links(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&[])?);
    Ok(found(books.read(move |unit| link::list(unit, &ctx, Some(&key), &page)).await?))
}

async fn post_link(State(books): State<Books>, vendor: Vendor, posted: Posted) -> Result<Response, Failure> {
    let new: CreateLink = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(201, "Link created", link::record(unit, ctx, new.clone())?))
    };
    write::post(&books, vendor.shared(&books)?, posted, work).await
}

async fn list_clicks(
    State(books): State<Books>,
    reader: Reader,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (reader.ctx(&books), params.page(&[])?);
    let has_sub_id = params.flag("has_sub_id")?;
    let list = move |unit: &mut Unit<'_>| click::list(unit, &ctx, reader.partnership(), has_sub_id, &page);
    Ok(found(books.read(list).await?))
}
