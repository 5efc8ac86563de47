//! `/transactions`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use headwater_protocol::v2::{CreateRefund, CreateTransaction};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, answer_with, found, respond};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::transaction::{self, TransactionFilters};

pub(crate) fn routes() -> Router<Ledger> {
    Router::new()
        .route("/api/v2/transactions", get(list_transactions).post(post_transaction))
        .route("/api/v2/transactions/{key}", get(get_transaction).delete(delete_transaction))
        .route("/api/v2/transactions/{key}/refund", post(post_refund))
        .route("/api/v2/transactions/{key}/explain", get(get_explanation))
}

async fn list_transactions(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&["amount"])?);
    let filters = TransactionFilters {
        customer_key: params.get("customer_key").map(str::to_owned),
        unmatched: params.flag("unmatched")?,
    };
    let (list, warnings) = ledger.read(move |unit| transaction::list(unit, &ctx, filters, &page)).await?;
    Ok(respond(answer_with(200, "OK", list, warnings)))
}

async fn get_transaction(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| transaction::get(unit, &ctx, &key)).await?))
}

async fn get_explanation(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| transaction::explain(unit, &ctx, &key)).await?))
}

async fn post_transaction(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateTransaction = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let (made, warnings) = transaction::record(unit, ctx, &new)?;
        Ok(answer_with(200, "Transaction created", made, warnings))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

async fn post_refund(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let refund: CreateRefund = posted.parse()?;
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Transaction refunded", transaction::refund(unit, ctx, &key, &refund)?))
    };
    write::post(&ledger, vendor.ctx(&ledger), posted, work).await
}

async fn delete_transaction(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        Ok(answer(200, "Transaction refunded", transaction::refund_whole(unit, ctx, &key)?))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}
