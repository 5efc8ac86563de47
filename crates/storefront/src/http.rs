//! The site's routes: its pages, and the small JSON backend of its app.

mod api;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::billing::Billing;
use crate::load::Clients;
use crate::site::Site;

pub use pages::PageFiles;

/// Bytes of a request's body: four products and two names fit many times.
const BODY_MAX: usize = 16 * 1024;

/// What the handlers work with.
#[derive(Clone)]
pub struct Shop {
    /// The app's stored state.
    pub site: Arc<Site>,
    /// The billing provider.
    pub billing: Billing,
    /// The company's and the partner's clients of Headwater.
    pub loaded: Arc<Clients>,
    /// The pages.
    pub pages: Arc<PageFiles>,
}

/// Serves the site until `stop` ends.
pub async fn serve(
    listener: tokio::net::TcpListener,
    shop: Shop,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(shop)).with_graceful_shutdown(stop).await
}

/// All routes of the site.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/api/signup", post(api::post_signup))
        .route("/api/checkout", post(api::post_checkout))
        .route("/api/pay", post(api::post_pay))
        .route("/api/renew", post(api::post_renew))
        .route("/api/refund", post(api::post_refund))
        .route("/api/refund-half", post(api::post_refund_half))
        .route("/api/dispute", post(api::post_dispute))
        .route("/api/win", post(api::post_win))
        .route("/api/cancel", post(api::post_cancel))
        .route("/api/journey", get(api::get_journey))
        .route("/api/partner-view", get(api::get_partner_view))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(get(pages::get_page))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(shop)
}
