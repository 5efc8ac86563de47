//! `/product_book`, and its alias `/product-book`, which some clients use.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::{CreateProductBook, UpdateProductBook};

use super::auth::Vendor;
use super::body::{JsonBody, Key, Params};
use super::envelope::{answer, found};
use super::error::ApiFailure;
use super::write;
use crate::Ledger;
use crate::record::product_book;

pub(crate) fn routes() -> Router<Ledger> {
    let entry = || get(get_product_book).patch(update_product_book).delete(archive_product_book);
    let mut routes = Router::new();
    for name in ["product_book", "product-book"] {
        routes = routes
            .route(&format!("/api/v2/{name}"), get(list_product_books).post(post_product_book))
            .route(&format!("/api/v2/{name}/{{key}}"), entry());
    }
    routes
}

async fn list_product_books(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, ApiFailure> {
    let (ctx, page) = (vendor.ctx(&ledger), params.page(&[])?);
    let external_key = params.get("external_key").map(str::to_owned);
    Ok(found(ledger.read(move |unit| product_book::list(unit, &ctx, external_key, &page)).await?))
}

async fn get_product_book(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let ctx = vendor.ctx(&ledger);
    Ok(found(ledger.read(move |unit| product_book::get(unit, &ctx, &key)).await?))
}

async fn post_product_book(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let new: CreateProductBook = posted.parse()?;
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        // Status and message are those of seed 000.
        Ok(answer(200, "Product Book Created", product_book::record(unit, ctx, new.clone())?))
    };
    write::post(&ledger, vendor.shared(&ledger)?, posted, work).await
}

async fn update_product_book(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: JsonBody,
) -> Result<Response, ApiFailure> {
    let change: UpdateProductBook = posted.parse()?;
    change_product_book(&ledger, vendor, key, change, "Product Book Updated").await
}

async fn archive_product_book(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, ApiFailure> {
    let change = UpdateProductBook { archived: Some(true), ..UpdateProductBook::default() };
    change_product_book(&ledger, vendor, key, change, "Product Book Archived").await
}

async fn change_product_book(
    ledger: &Ledger,
    vendor: Vendor,
    key: String,
    change: UpdateProductBook,
    message: &'static str,
) -> Result<Response, ApiFailure> {
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        Ok(answer(200, message, product_book::update(unit, ctx, &key, change.clone())?))
    };
    write::change(ledger, vendor.shared(ledger)?, work).await
}
