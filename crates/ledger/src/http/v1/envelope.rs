//! The envelope of version 1: `rdata` in place of `data`, and errors that say their sentence twice, as `error` and as
//! `message`.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use headwater_protocol::v2::{Envelope, ErrorBody, V1Envelope, V1Error};
use serde_json::value::RawValue;

use crate::http::json;

/// Rewrites the answer of a handler, which is that of API v2.
pub(super) async fn rewrite(request: Request, next: Next) -> Response {
    let (mut parts, body) = next.run(request).await.into_parts();
    let Ok(text) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let older = if parts.status.is_success() {
        serde_json::from_slice(&text).map(|whole: Envelope<Box<RawValue>>| {
            let Envelope { data, message, status, warnings } = whole;
            json::text(&V1Envelope { status, message, rdata: data, warnings })
        })
    } else {
        serde_json::from_slice(&text)
            .map(|whole: ErrorBody| json::text(&V1Error { error: whole.message.clone(), rdata: None, whole }))
    };
    // An answer that is no envelope stays as it is.
    let Ok(older) = older else { return Response::from_parts(parts, Body::from(text)) };
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(older))
}
