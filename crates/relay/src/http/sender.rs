//! Authentication: HTTP Basic with a key pair, or a public key and an allowed origin.

use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderMap, StatusCode, header};

use super::error::IngestionFailure;
use crate::admit::EventSender;
use crate::{RelayProgram, RelayPrograms};

/// The program of a Basic header; `None` without a header, an error when its key pair is not known.
pub(crate) fn server(
    headers: &HeaderMap,
    programs: &RelayPrograms,
) -> Result<Option<Arc<RelayProgram>>, IngestionFailure> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let wrong = || IngestionFailure::unauthorized("the Authorization header holds no key pair we know");
    let encoded = value.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).ok_or_else(wrong)?;
    let pair = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|_| wrong())?;
    let pair = String::from_utf8(pair).map_err(|_| wrong())?;
    let (key, secret) = pair.split_once(':').ok_or_else(wrong)?;
    let program = programs.by_public_key(key).filter(|program| program.is_secret(secret));
    program.map(Some).ok_or_else(|| if programs.is_empty() { IngestionFailure::not_ready() } else { wrong() })
}

/// The program and kind of sender of an event body.
pub(crate) fn of_events(
    headers: &HeaderMap,
    public_key: Option<&str>,
    programs: &RelayPrograms,
) -> Result<(Arc<RelayProgram>, EventSender), IngestionFailure> {
    if let Some(program) = server(headers, programs)? {
        return Ok((program, EventSender::Server));
    }
    let key = public_key
        .ok_or_else(|| IngestionFailure::from(headwater_protocol::FieldError::required("public_key")))?;
    let program = programs.by_public_key(key).ok_or_else(|| {
        if programs.is_empty() {
            return IngestionFailure::not_ready();
        }
        IngestionFailure::new(
            StatusCode::UNAUTHORIZED,
            "unknown_public_key",
            "public_key is not one of this server's",
        )
        .hint("copy it from `headwater init`; it begins with pk_")
    })?;
    // A request without an Origin header does not come from a page. It is allowed: the public key is no secret, and the
    // origins only keep other sites' pages from using it.
    if let Some(origin) = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"))
        && !program.allows_origin(origin)
    {
        let message = format!("origin {origin} may not use this public key");
        return Err(IngestionFailure::new(StatusCode::FORBIDDEN, "origin_not_allowed", message)
            .hint("add it to the program's origins: PATCH /api/v2/program, or `headwater init --origin`"));
    }
    Ok((program, EventSender::Browser))
}
