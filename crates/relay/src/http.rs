//! The relay's HTTP interface: takes events and billing webhooks, serves the script, lists entries.

mod address;
mod body;
mod entries;
mod error;
mod events;
mod scripts;
mod sender;
mod webhooks;

use axum::Router;
use axum::routing::{get, post};
use http::{Method, header};
use tower_http::cors::{Any, CorsLayer};

use crate::Relay;

/// All routes of the relay.
pub fn router(relay: Relay) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        // Every origin gets the same answer, so no cache has to tell them apart.
        .vary([])
        .expose_headers([header::RETRY_AFTER])
        .max_age(std::time::Duration::from_hours(24));
    Router::new()
        .route("/v1/events", post(events::post_events))
        .route("/v1/webhooks/{provider}/{public_key}", post(webhooks::post_webhook))
        .route("/v1/entries", get(entries::list_entries))
        .route("/v1/entries/{id}/replay", post(entries::post_replay))
        .route("/v1/", get(scripts::get_latest))
        .route("/headwater.js", get(scripts::get_latest))
        .route("/partnerstack.min.js", get(scripts::get_latest))
        .route("/growsumo.min.js", get(scripts::get_latest))
        .route("/pr/js", get(scripts::get_latest))
        .route("/headwater-fallback.js", get(scripts::get_fallback))
        .route("/headwater-forms.js", get(scripts::get_part))
        .route("/headwater-links.js", get(scripts::get_part))
        .route("/headwater-checkout.js", get(scripts::get_part))
        .route("/headwater-consent.js", get(scripts::get_part))
        .route("/headwater-debug.js", get(scripts::get_part))
        .route("/script/{name}", get(scripts::get_version))
        .layer(cors)
        .with_state(relay)
}

#[cfg(test)]
pub(crate) mod tests;
