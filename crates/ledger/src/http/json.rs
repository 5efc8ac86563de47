//! JSON as text and as a response.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

/// JSON text of a wire type.
pub(crate) fn text<T: Serialize>(body: &T) -> String {
    serde_json::to_string(body).expect("wire types have text keys and no floats that could fail")
}

/// A response of JSON text. Never cached, because most of it is personal data.
pub(crate) fn response(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}
