//! Warnings about what a request named and nothing reads: a filter that is dropped without a word would be a wrong
//! answer with status 200 (api.md section 1).
//!
//! [`super::body::Params`] and [`super::body::Posted`] note what they read in the request's [`ReadLog`]. Once the
//! handler has answered, [`warn`] compares and adds to the answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use headwater_protocol::limits::WARNINGS_MAX;
use headwater_protocol::v2::{Envelope, ErrorBody, Warning};
use serde_json::value::RawValue;

use super::json;

/// What was read of one request, and what was not.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadLog(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    /// Names of parameters that the handler has asked for.
    asked: Vec<&'static str>,
    /// About members of the body.
    warnings: Vec<Warning>,
}

impl ReadLog {
    /// The log of the request.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// Notes that the handler reads the parameter `name`.
    pub(crate) fn parameter(&self, name: &'static str) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !noted.asked.contains(&name) {
            noted.asked.push(name);
        }
    }

    /// Notes that nothing reads the member at `place`; `known` are the names that are read there.
    pub(crate) fn unread_member(&self, place: &str, known: &[&str]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.warnings.len() < WARNINGS_MAX {
            noted.warnings.push(unread("unknown_member", place, known));
        }
    }

    /// All warnings, at most [`WARNINGS_MAX`]. After an error the parameters are not compared, because the handler may
    /// have stopped before it asked for them all.
    fn warnings(&self, query: &str, succeeded: bool) -> Vec<Warning> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut warnings = std::mem::take(&mut noted.warnings);
        if succeeded {
            let given = url::form_urlencoded::parse(query.as_bytes());
            let unknown = given.filter(|(name, _)| !noted.asked.contains(&name.as_ref()));
            let unknown = unknown.take(WARNINGS_MAX - warnings.len());
            warnings.extend(unknown.map(|(name, _)| unread("unknown_parameter", &name, &noted.asked)));
        }
        warnings
    }
}

fn unread(code: &str, place: &str, known: &[&str]) -> Warning {
    let hint = match nearest(place, known) {
        Some(name) => format!("nothing reads it; did you mean '{name}'?"),
        None => "nothing reads it here".to_owned(),
    };
    Warning { code: code.to_owned(), field: place.chars().take(NAME_SHOWN_MAX).collect(), hint }
}

/// Characters that are shown of a name that a client made up.
const NAME_SHOWN_MAX: usize = 100;

/// The known name that is most like `name`, if one is like it: a third of its letters may differ.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    if name.len() > NAME_SHOWN_MAX {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let distances = known.iter().map(|known| (strsim::osa_distance(&lower, known), *known));
    let (distance, nearest) = distances.min()?;
    (distance * 3 <= nearest.len()).then_some(nearest)
}

/// Gives the request its log, and the answer its warnings.
pub(crate) async fn warn(mut request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let log = ReadLog::default();
    request.extensions_mut().insert(log.clone());
    let response = next.run(request).await;
    let warnings = log.warnings(&query, response.status().is_success());
    if warnings.is_empty() { response } else { with(response, warnings).await }
}

/// Adds warnings to an answer that is made already. Few requests need this, so the others do not pay for it.
async fn with(response: Response, warnings: Vec<Warning>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(text) = to_bytes(body, usize::MAX).await else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let added = if parts.status.is_success() {
        serde_json::from_slice(&text).map(|mut whole: Envelope<Box<RawValue>>| {
            whole.warnings.extend(warnings);
            json::text(&whole)
        })
    } else {
        serde_json::from_slice(&text).map(|mut whole: ErrorBody| {
            whole.warnings.extend(warnings);
            json::text(&whole)
        })
    };
    // An answer that is no envelope stays as it is.
    let Ok(added) = added else { return Response::from_parts(parts, Body::from(text)) };
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(added))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_differs_in_a_third_of_its_letters_at_most() {
        let known = ["customer_key", "limit", "email"];
        for (name, expected) in [
            ("customer_kye", Some("customer_key")),
            ("customerkey", Some("customer_key")),
            ("LIMIT", Some("limit")),
            ("limits", Some("limit")),
            ("trace", None),
            ("e", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
        assert_eq!(nearest("limit", &[]), None);
        assert_eq!(nearest(&"limit".repeat(100), &known), None);
    }

    #[test]
    fn there_are_never_more_warnings_than_the_bound() {
        let log = ReadLog::default();
        for _ in 0..2 * WARNINGS_MAX {
            log.unread_member("x", &[]);
        }
        let query = "a=1&".repeat(2 * WARNINGS_MAX);
        assert_eq!(log.warnings(&query, true).len(), WARNINGS_MAX);
    }
}
