//! The envelope around every answer (api.md section 1).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_protocol::v2::{Envelope, Warning};
use serde::Serialize;

use crate::record::idempotency::StoredAnswer;

/// A success with the given status and sentence.
pub(crate) fn answer<T: Serialize>(status: u16, message: &str, data: T) -> StoredAnswer {
    answer_with(status, message, data, Vec::new())
}

/// The same with warnings.
pub(crate) fn answer_with<T: Serialize>(
    status: u16,
    message: &str,
    data: T,
    warnings: Vec<Warning>,
) -> StoredAnswer {
    let body = Envelope { data, message: message.to_owned(), status, warnings };
    StoredAnswer { status, body: text(&body) }
}

/// The response to a read: a list or an object.
pub(crate) fn found<T: Serialize>(data: T) -> Response {
    respond(answer(200, "OK", data))
}

/// Turns an answer into an HTTP response.
pub(crate) fn respond(answer: StoredAnswer) -> Response {
    json(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK), answer.body)
}

/// JSON text of a wire type.
pub(crate) fn text<T: Serialize>(body: &T) -> String {
    serde_json::to_string(body).expect("wire types have text keys and no floats that could fail")
}

/// A response of JSON text. Never cached, because most of it is personal data.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}
