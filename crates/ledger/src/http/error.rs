//! Errors as responses: a status, and a body with `code`, `field` and `hint` (api.md section 1).

use std::any::Any;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use headwater_protocol::v2::ErrorBody;
use headwater_store::StoreError;

use super::envelope;
use crate::record::{Kind, Refusal};

/// The one error type of handlers.
pub(crate) struct Failure(Refusal);

impl<E: Into<Refusal>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        if let Some(inside) = &refusal.inside {
            tracing::error!(error = %inside, code = refusal.code, "request failed");
        }
        let (status, kind) = (status(refusal.kind), refusal.kind);
        let body = ErrorBody {
            message: refusal.message,
            status: status.as_u16(),
            code: refusal.code,
            field: refusal.field,
            hint: refusal.hint,
        };
        let mut response = envelope::json(status, envelope::text(&body));
        match kind {
            Kind::Busy | Kind::TooMany => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Kind::NotReady => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            Kind::Unauthorized => {
                let scheme = HeaderValue::from_static("Basic realm=\"headwater\", Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Busy | Kind::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to an unknown path.
pub(crate) fn unknown_path(uri: &Uri) -> Failure {
    let message = format!("there is nothing at {}", uri.path());
    Refusal::new(Kind::NotFound, "unknown_path", message).hint("API v2 lives below /api/v2").into()
}

/// The answer to a method that a path does not support.
pub(crate) async fn unknown_method(method: Method, uri: Uri) -> Failure {
    let message = format!("{} does not take {method}", uri.path());
    Refusal::new(Kind::Method, "method_not_allowed", message).into()
}

/// The answer when a handler panicked. The panic's message goes to the panic hook only, never to the client.
#[allow(clippy::needless_pass_by_value, reason = "the layer's own signature")]
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Failure::from(StoreError::Panicked).into_response()
}
