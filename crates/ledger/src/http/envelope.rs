//! The envelope around every answer (api.md section 1).

use std::marker::PhantomData;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use headwater_protocol::v2::{Envelope, Warning};
use serde::Serialize;

use super::error::ApiFailure;
use super::json;
use crate::record::idempotency::StoredAnswer;

/// What every handler returns.
pub(crate) type ApiResult<T> = Result<Answer<T>, ApiFailure>;

/// An answer whose `data` is a `T`. It holds the text, which may be that of an earlier answer to the same request.
pub(crate) struct Answer<T> {
    stored: StoredAnswer,
    data: PhantomData<fn() -> T>,
}

impl<T: Serialize> Answer<T> {
    /// A success with the given status and sentence.
    pub(crate) fn new(status: u16, message: &str, data: T) -> Self {
        Self::with_warnings(status, message, data, Vec::new())
    }

    /// The same with warnings.
    pub(crate) fn with_warnings(status: u16, message: &str, data: T, warnings: Vec<Warning>) -> Self {
        let body = Envelope { data, message: message.to_owned(), status, warnings };
        Self::stored(StoredAnswer { status, body: json::text(&body) })
    }

    /// The answer to a read: a list or an object.
    pub(crate) fn found(data: T) -> Self {
        Self::new(200, "OK", data)
    }
}

impl<T> Answer<T> {
    /// An answer that was made by [`Answer::new`] for the same type, and stored.
    pub(crate) fn stored(stored: StoredAnswer) -> Self {
        Self { stored, data: PhantomData }
    }

    /// The answer to store.
    pub(crate) fn into_stored(self) -> StoredAnswer {
        self.stored
    }
}

impl<T> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json::response(StatusCode::from_u16(self.stored.status).unwrap_or(StatusCode::OK), self.stored.body)
    }
}
