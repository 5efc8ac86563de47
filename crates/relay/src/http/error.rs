//! The relay's HTTP errors: the client gets a stable code and a sentence; the cause goes to the log only.

use axum::Json;
use axum::response::{IntoResponse, Response};
use headwater_protocol::FieldError;
use headwater_protocol::v2::ErrorBody;
use headwater_store::StoreError;
use http::{HeaderValue, StatusCode, header};

use crate::rate::RateLimited;

/// `Retry-After` while no program is known.
const NOT_READY_SECONDS: u64 = 10;

/// An error answer.
#[derive(Debug)]
pub(crate) struct IngestionFailure {
    status: StatusCode,
    body: ErrorBody,
    /// Seconds.
    retry_after: Option<u64>,
}

impl IngestionFailure {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            message: message.into(),
            status: status.as_u16(),
            code: code.to_owned(),
            ..ErrorBody::default()
        };
        Self { status, body, retry_after: None }
    }

    pub(crate) fn hint(mut self, hint: &str) -> Self {
        self.body.hint = Some(hint.to_owned());
        self
    }

    pub(crate) fn body(&self) -> &ErrorBody {
        &self.body
    }

    /// 503 while no program is known, because then no key can be checked. A 401 would be wrong: browsers drop events
    /// that are answered 401, and retry those that are answered 503 (trust.md section 3).
    pub(crate) fn not_ready() -> Self {
        let why = "no program is set up here yet; nothing was accepted, send it again";
        Self::unavailable("not_ready", why, NOT_READY_SECONDS).hint("`headwater init` makes a program")
    }

    /// 503 with `Retry-After`, in seconds.
    fn unavailable(code: &str, why: &str, retry_after: u64) -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, why);
        Self { retry_after: Some(retry_after), ..failure }
    }

    /// 401 with a hint how a server authenticates.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
            .hint("sign in with HTTP Basic: the public key as user name, the secret key as password")
    }
}

impl From<FieldError> for IngestionFailure {
    fn from(error: FieldError) -> Self {
        let mut failure = Self::new(StatusCode::BAD_REQUEST, &error.code, error.message);
        failure.body.field = (!error.field.is_empty()).then_some(error.field);
        failure
    }
}

impl From<RateLimited> for IngestionFailure {
    fn from(refused: RateLimited) -> Self {
        let mut failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", refused.message).hint(
            "wait as long as Retry-After says, then send them again; the server's --events-per-second sets the rate",
        );
        // Rounded up to whole seconds: a sender that retries a fraction too early is refused again.
        let begun = u64::from(refused.wait.subsec_nanos() > 0);
        failure.retry_after = Some((refused.wait.as_secs() + begun).max(1));
        failure
    }
}

impl From<StoreError> for IngestionFailure {
    fn from(error: StoreError) -> Self {
        let (code, why, retry_after) = match error {
            // Nothing to log: it only says that there is much to do.
            StoreError::Busy => {
                return Self::unavailable("busy", "too much to write at once; send it again", 1);
            }
            StoreError::Disconnected(_) | StoreError::Uncertain | StoreError::Unreachable { .. } => {
                ("database_away", "the queue's database cannot be reached; send it again", 5)
            }
            StoreError::NotCommitted | StoreError::NoRoom(_) => {
                ("not_kept", "the queue cannot write now; nothing was accepted, send it again", 5)
            }
            _ => {
                tracing::error!(%error, "the journal failed");
                let why = "something went wrong here; nothing was accepted, send it again";
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", why);
            }
        };
        tracing::error!(%error, code, "the journal cannot be written");
        Self::unavailable(code, why, retry_after)
    }
}

impl IntoResponse for IngestionFailure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
