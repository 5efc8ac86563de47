//! `POST /v1/webhooks/{provider}/{public_key}`: billing providers' own events. The key in the path says which
//! program, and whether production or test; the signature says that it is the provider.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use headwater_protocol::Source;
use headwater_protocol::limits::WEBHOOK_BODY_MAX;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::body;
use super::error::Failure;
use crate::billing::{Refusal, stripe};
use crate::{Relay, admit};

/// What became of a webhook.
#[derive(Serialize)]
pub(crate) struct Taken {
    /// Events made of it; 0 for a type that says nothing about customers or money.
    events: usize,
}

pub(crate) async fn post_webhook(
    State(relay): State<Relay>,
    Path((provider, public_key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>, Failure> {
    if provider != "stripe" {
        let message = format!("no billing provider is called '{provider}' here");
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_provider", message)
            .hint("use /v1/webhooks/stripe/<public key>"));
    }
    let program = relay.programs.by_public_key(&public_key).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "unknown_public_key",
            "the address names no program of this server",
        )
    })?;
    let secret = program.stripe_webhook_secret.as_ref().ok_or_else(|| {
        Failure::new(
            StatusCode::UNAUTHORIZED,
            "no_webhook_secret",
            "no Stripe signing secret is set for this program",
        )
        .hint("set it: PATCH /api/v2/program {\"stripe_webhook_secret\": \"whsec_…\"}")
    })?;
    let body = body::read(body, WEBHOOK_BODY_MAX, "no event of the provider is so large").await?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now = relay.now();
    stripe::verify(signature, &body, secret, now).map_err(failure)?;
    let events = stripe::to_events(&body).map_err(failure)?;
    let entries: Vec<_> = events
        .iter()
        .map(|event| admit::entry(event, event.write(), &program, Source::Billing, now))
        .collect();
    let taken = entries.len();
    if taken > 0 {
        relay.journal.append(entries).await?;
    }
    Ok(Json(Taken { events: taken }))
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Signature(reason) => Failure::new(StatusCode::UNAUTHORIZED, "bad_signature", reason)
            .hint("compare the signing secret with the provider's dashboard"),
        Refusal::Body(error) => error.into(),
    }
}
