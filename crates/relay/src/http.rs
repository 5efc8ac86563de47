//! The gate's HTTP: events in, billing webhooks in, the script out, entries listed.

mod entries;
mod error;
mod events;
mod scripts;
mod sender;
mod webhooks;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::{Method, header};
use protocol::limits;
use tower_http::cors::{Any, CorsLayer};

use crate::Relay;

/// Every route of the gate.
pub fn router(relay: Relay) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .max_age(std::time::Duration::from_hours(24));
    let events = post(events::post_events).layer(DefaultBodyLimit::disable());
    let webhooks = post(webhooks::post_webhook).layer(DefaultBodyLimit::max(limits::WEBHOOK_BODY_MAX));
    Router::new()
        .route("/v1/events", events)
        .route("/v1/webhooks/{provider}/{public_key}", webhooks)
        .route("/v1/entries", get(entries::list_entries))
        .route("/v1/entries/{id}/replay", post(entries::post_replay))
        .route("/v1/", get(scripts::get_latest))
        .route("/headwater.js", get(scripts::get_latest))
        .route("/partnerstack.min.js", get(scripts::get_latest))
        .route("/growsumo.min.js", get(scripts::get_latest))
        .route("/pr/js", get(scripts::get_latest))
        .route("/script/{name}", get(scripts::get_version))
        .layer(cors)
        .with_state(relay)
}

#[cfg(test)]
mod tests;
