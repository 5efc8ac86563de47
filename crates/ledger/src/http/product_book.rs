//! `/product_book`, and its alias `/product-book`, which some clients use.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use headwater_protocol::v2::{CreateProductBook, UpdateProductBook};

use super::auth::Vendor;
use super::body::{Key, Params, Posted};
use super::envelope::{answer, found};
use super::error::Failure;
use super::write;
use crate::Books;
use crate::record::product_book;

pub(crate) fn routes() -> Router<Books> {
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
    State(books): State<Books>,
    vendor: Vendor,
    params: Params,
) -> Result<Response, Failure> {
    let (ctx, page) = (vendor.ctx(&books), params.page(&[])?);
    let external_key = params.get("external_key").map(str::to_owned);
    Ok(found(books.read(move |unit| product_book::list(unit, &ctx, external_key, &page)).await?))
}

async fn get_product_book(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let ctx = vendor.ctx(&books);
    Ok(found(books.read(move |unit| product_book::get(unit, &ctx, &key)).await?))
}

async fn post_product_book(
    State(books): State<Books>,
    vendor: Vendor,
    posted: Posted,
) -> Result<Response, Failure> {
    let new: CreateProductBook = posted.parse()?;
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        // Status and message are those of seed 000.
        Ok(answer(200, "Product Book Created", product_book::record(unit, ctx, new.clone())?))
    };
    write::post(&books, vendor.shared(&books)?, posted, work).await
}

async fn update_product_book(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted,
) -> Result<Response, Failure> {
    let change: UpdateProductBook = posted.parse()?;
    change_product_book(&books, vendor, key, change, "Product Book Updated").await
}

async fn archive_product_book(
    State(books): State<Books>,
    vendor: Vendor,
    Key(key): Key,
) -> Result<Response, Failure> {
    let change = UpdateProductBook { archived: Some(true), ..UpdateProductBook::default() };
    change_product_book(&books, vendor, key, change, "Product Book Archived").await
}

async fn change_product_book(
    books: &Books,
    vendor: Vendor,
    key: String,
    change: UpdateProductBook,
    message: &'static str,
) -> Result<Response, Failure> {
    let work = move |unit: &mut headwater_store::Unit<'_>, ctx: &_| {
        Ok(answer(200, message, product_book::update(unit, ctx, &key, change.clone())?))
    };
    write::change(books, vendor.shared(books)?, work).await
}
