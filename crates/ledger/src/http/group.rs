//! `/groups`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateGroup;

use super::auth::Vendor;
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::group;

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/groups", get(list_groups).post(post_group))
        .route("/api/v2/groups/{key}", get(get_group))
}

async fn list_groups(
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&[])?);
    Ok(found(books.read(move |unit| group::list(unit, &ctx, &page)).await?))
}

async fn get_group(State(books): State<Books>, vendor: Vendor, Key(key): Key) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| group::get(unit, &ctx, &key)).await?))
}

async fn post_group(State(books): State<Books>, vendor: Vendor, posted: Posted) -> Result<Response, Failure> {
    let new: CreateGroup = posted.parse()?;
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        Ok(answer(201, "Group created", group::record(unit, ctx, new.clone())?))
    };
    write::post(&books, vendor.shared(&books)?, posted, work).await
}
