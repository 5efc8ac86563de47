//! `/triggers`: for the vendor only. Partners see a trigger's offer description on their rewards.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::{CreateTrigger, UpdateTrigger};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::trigger;

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/triggers", get(list_triggers).post(post_trigger))
        .route("/api/v2/triggers/{key}", get(get_trigger).patch(update_trigger).delete(archive_trigger))
}

async fn list_triggers(
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&["position"])?);
    Ok(found(books.read(move |unit| trigger::list(unit, &ctx, &page)).await?))
}

async fn get_trigger(State(books): State<Books>, vendor: Vendor, Key(key): Key) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| trigger::get(unit, &ctx, &key)).await?))
}

async fn post_trigger(
    State(books): State<Books>,
    vendor: Vendor,
    posted: Posted,
) -> Result<Response, Failure> {
    let new: CreateTrigger = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(201, "Trigger created", trigger::record(unit, ctx, new.clone())?))
    };
    write::post(&books, vendor.shared(&books)?, posted, work).await
}

async fn update_trigger(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let change: UpdateTrigger = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Trigger updated", trigger::update(unit, ctx, &key, change.clone())?))
    };
    write::change(&books, vendor.shared(&books)?, work).await
}

async fn archive_trigger(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Trigger archived", trigger::archive(unit, ctx, &key)?))
    };
    write::change(&books, vendor.shared(&books)?, work).await
}
