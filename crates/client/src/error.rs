//! What can go wrong with a request, and whether trying again can help.

use headwater_protocol::v2::ErrorBody;
use http::StatusCode;

/// Why a request did not end in an answer of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// An answer outside 2xx.
    #[error("refused with {status}: {}", body.message)]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's reasons; made from the status when the body is not the API's error.
        body: ErrorBody,
        /// Seconds the server asks to wait.
        retry_after: Option<u64>,
    },
    /// No answer: no connection, a time-out, a broken stream, or a page that a proxy shows in place of an answer, with
    /// whatever status. The request may have arrived all the same.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// A 2xx answer that is not the expected envelope: the request was accepted, its answer is lost.
    #[error("answered, but not understood: {0}")]
    Unreadable(String),
}

impl ClientError {
    /// Whether the same request may succeed later: no answer, 408, 429 and 5xx.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Unreadable(_) => false,
        }
    }

    /// The HTTP status, where there was a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unreachable(_) | Self::Unreadable(_) => None,
        }
    }

    /// The stable code of a refusal, as `customer_exists`; empty where there is none.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { body, .. } => &body.code,
            Self::Unreachable(_) | Self::Unreadable(_) => "",
        }
    }

    /// A refusal, parsed from an answer outside 2xx.
    pub(crate) fn refused(status: StatusCode, retry_after: Option<u64>, body: &[u8]) -> Self {
        let reason = || status.canonical_reason().unwrap_or("an unnamed status").to_owned();
        let body = serde_json::from_slice(body).unwrap_or_else(|_| ErrorBody {
            message: reason(),
            status: status.as_u16(),
            ..ErrorBody::default()
        });
        Self::Refused { status: status.as_u16(), body, retry_after }
    }

    /// A refusal of our own: the credential cannot be put into a header, so nothing is sent.
    pub(crate) fn unsendable_credential() -> Self {
        let body = ErrorBody {
            message: "the token holds characters that no HTTP header can carry".to_owned(),
            status: 401,
            code: "unsendable_credential".to_owned(),
            hint: Some("look for a line break or a space at its end".to_owned()),
            ..ErrorBody::default()
        };
        Self::Refused { status: 401, body, retry_after: None }
    }
}

/// A base address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{address}' is not a base address: {reason}; expected one such as https://api.example.com")]
pub struct AddressError {
    /// As given, without user information.
    pub address: String,
    /// What is wrong with it.
    pub reason: String,
}
