//! Errors as responses: a status, and a body with `code`, `field` and `hint` (api.md section 1).

use std::any::Any;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use headwater_protocol::v2::ErrorBody;
use headwater_store::StoreError;

use super::json;
use crate::record::{Refusal, RefusalKind};

/// The one error type of handlers.
pub(crate) struct ApiFailure(Refusal);

impl<E: Into<Refusal>> From<E> for ApiFailure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiFailure {
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
            warnings: Vec::new(),
        };
        let mut response = json::response(status, json::text(&body));
        match kind {
            RefusalKind::Busy | RefusalKind::TooMany => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            RefusalKind::NotReady => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            RefusalKind::Unauthorized => {
                let scheme = HeaderValue::from_static("Basic realm=\"headwater\", Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response
    }
}

fn status(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::Unauthorized => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Method => StatusCode::METHOD_NOT_ALLOWED,
        RefusalKind::Timeout => StatusCode::REQUEST_TIMEOUT,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Busy | RefusalKind::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        RefusalKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to an unknown path.
pub(crate) fn unknown_path(uri: &Uri) -> ApiFailure {
    let message = format!("there is nothing at {}", uri.path());
    Refusal::new(RefusalKind::NotFound, "unknown_path", message).hint("API v2 lives below /api/v2").into()
}

/// The answer to a method that a path does not support.
pub(crate) async fn unknown_method(method: Method, uri: Uri) -> ApiFailure {
    let message = format!("{} does not take {method}", uri.path());
    Refusal::new(RefusalKind::Method, "method_not_allowed", message).into()
}

/// The answer when a handler panicked. The panic's message goes to the panic hook only, never to the client.
#[allow(clippy::needless_pass_by_value, reason = "the layer's own signature")]
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiFailure::from(StoreError::Panicked).into_response()
}
