//! The top layer: axum, envelopes, errors. The only layer that knows HTTP.

mod action;
mod application;
mod auth;
mod body;
mod bounds;
mod conversion;
mod customer;
mod deal;
mod deal_file;
mod envelope;
mod error;
mod form_template;
mod group;
mod import;
mod invoice;
mod json;
mod lead;
mod link;
mod list;
mod manual;
mod marketplace;
mod member;
mod message;
mod openapi;
mod operation;
mod parameter;
mod partnership;
mod product;
mod product_book;
mod program;
mod redirect;
mod reward;
mod routes;
mod stage;
mod tier;
mod transaction;
mod trigger;
mod unread;
mod v1;
mod webhook;
mod write;

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::Ledger;
use routes::Routes;

/// Every operation of the API.
fn api() -> Routes {
    action::routes()
        .merge(application::routes())
        .merge(conversion::routes())
        .merge(customer::routes())
        .merge(deal::routes())
        .merge(deal_file::routes())
        .merge(form_template::routes())
        .merge(group::routes())
        .merge(import::routes())
        .merge(lead::routes())
        .merge(invoice::routes())
        .merge(link::routes())
        .merge(marketplace::routes())
        .merge(member::routes())
        .merge(message::routes())
        .merge(partnership::routes())
        .merge(program::routes())
        .merge(product::routes())
        .merge(product_book::routes())
        .merge(reward::routes())
        .merge(stage::routes())
        .merge(tier::routes())
        .merge(transaction::routes())
        .merge(trigger::routes())
        .merge(webhook::routes())
}

/// The OpenAPI document. It is the same for every ledger, and written when it is asked for first.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    openapi::document(api().operations()).to_json().expect("a document has text keys and no floats")
});

/// The same as a page to read.
static MANUAL: LazyLock<String> = LazyLock::new(|| {
    manual::page(&serde_json::from_str(&DOCUMENT).expect("the document was written as JSON"))
});

/// Every route of the ledger.
pub(crate) fn router(ledger: Ledger) -> Router {
    api()
        .into_router()
        .route("/api/docs", get(|| async { Html(MANUAL.as_str()) }))
        .route("/api/v2/openapi.json", get(|| async { json::response(StatusCode::OK, DOCUMENT.clone()) }))
        .route_layer(middleware::from_fn(unread::warn))
        .merge(v1::router())
        .fallback(redirect::follow_link)
        .method_not_allowed_fallback(error::unknown_method)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(cors())
        .with_state(ledger)
}

/// Allows every origin: access depends on the `Authorization` header alone, never on a cookie, so another site gains
/// nothing by sending a visitor's browser here.
fn cors() -> CorsLayer {
    use axum::http::{HeaderName, Method, header};
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
        ])
}
