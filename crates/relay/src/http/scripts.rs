//! Serves the browser scripts: at every path that sites load them from, and at an immutable one.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::error::IngestionFailure;
use crate::{Relay, Script};

/// Cached for five minutes, so that a fix reaches every site within that time.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Headers of every script. They allow pages of any origin to load it, also with `crossorigin` and an integrity hash.
const COMMON: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
    (header::VARY, HeaderValue::from_static("accept-encoding")),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The newest script.
pub(crate) async fn get_latest(
    State(relay): State<Relay>,
    headers: HeaderMap,
) -> Result<Response, IngestionFailure> {
    let tag = format!("\"{}\"", relay.scripts.hash);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        let caching =
            [(header::ETAG, tag), (header::CACHE_CONTROL, SHORT.to_str().unwrap_or_default().to_owned())];
        return Ok((StatusCode::NOT_MODIFIED, caching, COMMON).into_response());
    }
    let answer = answer(relay.scripts.latest.as_ref(), &headers, SHORT)?;
    Ok(([(header::ETAG, tag)], answer).into_response())
}

/// The script without wasm, which the script loads where a page's policy forbids wasm.
pub(crate) async fn get_fallback(
    State(relay): State<Relay>,
    headers: HeaderMap,
) -> Result<Response, IngestionFailure> {
    answer(relay.scripts.fallback.as_ref(), &headers, SHORT)
}

/// A part that the script loads when a page uses it: forms, links, checkout, consent, the overlay.
pub(crate) async fn get_part(
    State(relay): State<Relay>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, IngestionFailure> {
    let name = uri.path().trim_start_matches('/');
    let part = relay.scripts.parts.iter().find(|(known, _)| *known == name);
    answer(part.map(|(_, script)| script), &headers, SHORT)
}

/// `/script/headwater-<hash>.js`: always the same build, for sites that pin it with SRI.
pub(crate) async fn get_version(
    State(relay): State<Relay>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, IngestionFailure> {
    if relay.scripts.latest.is_some() && name != format!("headwater-{}.js", relay.scripts.hash) {
        let message = "this server has another build of the script";
        return Err(IngestionFailure::new(StatusCode::NOT_FOUND, "unknown_version", message)
            .hint("load /headwater.js, or update the pinned name and its integrity"));
    }
    answer(relay.scripts.latest.as_ref(), &headers, FOR_EVER)
}

fn answer(
    script: Option<&Script>,
    headers: &HeaderMap,
    cache: HeaderValue,
) -> Result<Response, IngestionFailure> {
    let (encoding, body) = encoded(script.ok_or_else(not_built)?, headers);
    let encoding = encoding.map(|name| [(header::CONTENT_ENCODING, HeaderValue::from_static(name))]);
    let mut response = (COMMON, [(header::CACHE_CONTROL, cache)], body).into_response();
    response.headers_mut().extend(encoding.into_iter().flatten());
    Ok(response)
}

/// The smallest encoding that the browser accepts.
fn encoded(script: &Script, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
    let takes = |name: &str| {
        let accepted =
            headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        accepted.flat_map(|value| value.split(',')).any(|part| {
            let (coding, quality) = part.split_once(';').unwrap_or((part, ""));
            coding.trim() == name && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    };
    if takes("br") {
        (Some("br"), script.brotli.clone())
    } else if takes("gzip") {
        (Some("gzip"), script.gzip.clone())
    } else {
        (None, script.plain.clone())
    }
}

fn not_built() -> IngestionFailure {
    IngestionFailure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "script_not_built",
        "this binary was built before the browser script",
    )
    .hint("run `cargo xtask build`, then build the binary again")
}
