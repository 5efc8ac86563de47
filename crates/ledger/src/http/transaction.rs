//! `/transactions`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use headwater_protocol::v2::{CreateRefund, CreateTransaction};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{Key, Params, Posted};
use super::envelope::{answer, answer_with, found, respond};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::transaction::{self, Filters};

pub(crate) fn routes() -> Router<Books> {
    Router::new()
        .route("/api/v2/transactions", get(list_transactions).post(post_transaction))
        .route("/api/v2/transactions/{key}", get(get_transaction).delete(delete_transaction))
        .route("/api/v2/transactions/{key}/refund", post(post_refund))
        .route("/api/v2/transactions/{key}/explain", get(get_explanation))
}

async fn list_transactions(
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&["amount"])?);
    let filters = Filters {
        customer_key: params.get("customer_key").map(str::to_owned),
        unmatched: params.flag("unmatched")?,
    };
    let (list, warnings) = books.read(move |unit| transaction::list(unit, &ctx, filters, &page)).await?;
    Ok(respond(answer_with(200, "OK", list, warnings)))
}

async fn get_transaction(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| transaction::get(unit, &ctx, &key)).await?))
}

async fn get_explanation(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| transaction::explain(unit, &ctx, &key)).await?))
}

async fn post_transaction(
    State(books): State<Books>,
    vendor: Vendor,
    posted: Posted,
) -> Result<Response, Failure> {
    let new: CreateTransaction = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let (made, warnings) = transaction::record(unit, ctx, &new)?;
        Ok(answer_with(201, "Transaction created", made, warnings))
    };
    write::post(&books, vendor.ctx(&books), posted, work).await
}

async fn post_refund(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let refund: CreateRefund = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Transaction refunded", transaction::refund(unit, ctx, &key, &refund)?))
    };
    write::post(&books, vendor.ctx(&books), posted, work).await
}

async fn delete_transaction(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Transaction refunded", transaction::refund_whole(unit, ctx, &key)?))
    };
    write::change(&books, vendor.ctx(&books), work).await
}
