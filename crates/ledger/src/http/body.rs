//! Extractors: a request's body, the key in its path, its parameters. Each failure is a JSON answer.

use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, header};
use headwater_protocol::FieldError;
use headwater_protocol::field;
use headwater_protocol::limits::{API_BODY_MAX, IDEMPOTENCY_KEY_MAX, REQUEST_TIMEOUT};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::error::ApiFailure;
use super::unread::ReadLog;
use crate::Ledger;
use crate::record::idempotency::IdempotentRequest;
use crate::record::{Refusal, RefusalKind};

/// A JSON body, and its idempotency key if it has one. Unknown members are ignored, with a warning in the answer.
pub(crate) struct Posted<T> {
    pub(crate) value: T,
    pub(crate) idempotent: Option<IdempotentRequest>,
}

impl<T> Posted<T> {
    /// The same, its idempotency key kept apart from other callers' when a partner sends it.
    pub(crate) fn kept_for(mut self, viewer: Option<i64>) -> Self {
        if let (Some(id), Some(request)) = (viewer, &mut self.idempotent) {
            request.keep_for_partner(id);
        }
        self
    }
}

impl<T: DeserializeOwned + Send> FromRequest<Ledger> for Posted<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request<Body>, _: &Ledger) -> Result<Self, ApiFailure> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = whole(body, API_BODY_MAX).await?;
        let idempotent = match parts.headers.get("idempotency-key") {
            None => None,
            Some(key) => {
                Some(IdempotentRequest { key: check_key(key.to_str().ok())?, hash: hash(&parts, &bytes) })
            }
        };
        let log = ReadLog::of(&parts);
        let (mut value, mut unread) = read(&bytes);
        if value.as_ref().is_err_and(|error: &FieldError| error.code == "wrong_type")
            && let Some(whole) = field::without_zero_fractions(&bytes)
        {
            (value, unread) = read(&whole);
        }
        for (place, known) in unread {
            log.unread_member(&place, known);
        }
        Ok(Self { value: value?, idempotent })
    }
}

/// What nothing reads of a body: where it is, and the names that are read there.
type UnreadMembers = Vec<(String, &'static [&'static str])>;

fn read<T: DeserializeOwned>(bytes: &[u8]) -> (Result<T, FieldError>, UnreadMembers) {
    let mut unread = Vec::new();
    let value = field::parse_reporting(bytes, |place, known| unread.push((place.to_owned(), known)));
    (value, unread)
}

/// Accepts JSON media types, no `Content-Type`, and `text/plain`: browsers send that without a CORS preflight.
fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = media_type(headers);
    if matches!(essence.as_str(), "" | "application/json" | "text/plain" | "text/json")
        || essence.ends_with("+json")
    {
        return Ok(());
    }
    Err(wrong_media_type("application/json", &essence))
}

pub(super) fn wrong_media_type(expected: &str, given: &str) -> Refusal {
    let given: String = given.chars().take(80).collect();
    let message = format!("Content-Type must be {expected}, got '{given}'");
    Refusal::new(RefusalKind::MediaType, "unsupported_media_type", message).field("Content-Type")
}

/// The media type of a body, without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a body of at most so many bytes, in time.
pub(super) async fn whole(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(Duration::from_millis(REQUEST_TIMEOUT), collect(body, most));
    read.await.map_err(|_| too_slow())?
}

/// Reads a body into one buffer. Keeping the frames would keep the read buffer of some KiB behind each, and a sender
/// may send one byte in each frame.
async fn collect(mut body: Body, most: usize) -> Result<Bytes, Refusal> {
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let unread = |_| {
            Refusal::new(RefusalKind::Invalid, "unreadable_body", "the body could not be read to its end")
        };
        let Ok(piece) = frame.map_err(unread)?.into_data() else { continue };
        if first.len() + all.len() + piece.len() > most {
            let message = format!("the body must have at most {most} bytes");
            return Err(Refusal::new(RefusalKind::TooLarge, "body_too_large", message));
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

fn too_slow() -> Refusal {
    let message = format!("the body did not come within {} seconds", REQUEST_TIMEOUT / 1000);
    Refusal::new(RefusalKind::Timeout, "timeout", message).hint("send it again")
}

fn check_key(key: Option<&str>) -> Result<String, Refusal> {
    let key = key.unwrap_or_default();
    field::check_length("Idempotency-Key", key, 1, IDEMPOTENCY_KEY_MAX)?;
    Ok(key.to_owned())
}

/// SHA-256 of method, path with query, and body: tells a repeated request from another one under the same idempotency
/// key.
fn hash(parts: &Parts, bytes: &Bytes) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    hasher.update(parts.method.as_str());
    hasher.update([0]);
    hasher.update(target);
    hasher.update([0]);
    hasher.update(bytes);
    hasher.finalize().into()
}

/// The key in a path.
pub(crate) struct Key(pub(crate) String);

impl FromRequestParts<Ledger> for Key {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        let Keys([key]) = Keys::from_request_parts(parts, ledger).await?;
        Ok(Self(key))
    }
}

/// Several keys in a path, in their order.
pub(crate) struct Keys<const N: usize>(pub(crate) [String; N]);

impl<const N: usize> FromRequestParts<Ledger> for Keys<N> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        let unreadable = || {
            let message = "the key in the path is not UTF-8 text without NUL";
            Refusal::new(RefusalKind::NotFound, "unknown_path", message)
        };
        let Path(keys) =
            Path::<Vec<String>>::from_request_parts(parts, ledger).await.map_err(|_| unreadable())?;
        let keys: [String; N] = keys.try_into().map_err(|_| unreadable())?;
        if keys.iter().any(|key| key.contains('\0')) {
            return Err(unreadable().into());
        }
        Ok(Self(keys))
    }
}

/// The keys in a path of an object that belongs to another.
pub(crate) struct KeyBelow {
    /// The object that it belongs to.
    pub(crate) key: String,
    /// Its own key.
    pub(crate) below: String,
}

impl FromRequestParts<Ledger> for KeyBelow {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        match Path::<(String, String)>::from_request_parts(parts, ledger).await {
            Ok(Path((key, below))) if !key.contains('\0') && !below.contains('\0') => Ok(Self { key, below }),
            _ => {
                let message = "the keys in the path are not UTF-8 text without NUL";
                Err(Refusal::new(RefusalKind::NotFound, "unknown_path", message).into())
            }
        }
    }
}

/// The query's parameters, in their order. A name that the handler does not ask for is ignored, with a warning in the
/// answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    log: ReadLog,
}

impl Params {
    /// The first parameter of a name that is not empty.
    pub(crate) fn get(&self, name: &'static str) -> Option<&str> {
        self.log.parameter(name);
        self.pairs
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that is a whole number, without a fraction of zeros.
    pub(crate) fn number(&self, name: &'static str) -> Option<&str> {
        let text = self.get(name)?;
        let fraction_of_zeros =
            |fraction: &str| !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
        match text.split_once('.') {
            Some((whole, fraction)) if fraction_of_zeros(fraction) => Some(whole),
            _ => Some(text),
        }
    }

    /// Every parameter of a name that is not empty.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.log.parameter(name);
        self.pairs
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A yes-or-no parameter; absent means no.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.get(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Refusal::invalid("invalid_value", name, format!("{name} must be true or false"))),
        }
    }
}

impl FromRequestParts<Ledger> for Params {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        let read = Query::<Vec<(String, String)>>::from_request_parts(parts, ledger).await;
        let Query(pairs) = read
            .map_err(|_| Refusal::new(RefusalKind::Invalid, "malformed_query", "the query cannot be read"))?;
        if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
            let message = format!("{name} must not contain the character NUL (%00)");
            return Err(Refusal::invalid("invalid_value", name, message).into());
        }
        Ok(Self { pairs, log: ReadLog::of(parts) })
    }
}
