//! `/members`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::CreateMember;
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::member;

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/members", get(list_members).post(post_member))
        .route("/api/v2/members/{key}", get(get_member))
}

async fn list_members(
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&[])?);
    let list = move |unit: &mut Unit<'_>| member::list(unit, &ctx, params.get("partnership_key"), &page);
    Ok(found(books.read(list).await?))
}

async fn get_member(State(books): State<Books>, vendor: Vendor, Key(key): Key) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| member::get(unit, &ctx, &key)).await?))
}

async fn post_member(
    State(books): State<Books>,
    vendor: Vendor,
    posted: Posted,
) -> Result<Response, Failure> {
    let new: CreateMember = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(201, "Member created", member::record(unit, ctx, new.clone())?))
    };
    write::post(&books, vendor.shared(&books)?, posted, work).await
}
