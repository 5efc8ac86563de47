//! The browser script: at every path sites load it from, and at an immutable one.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::error::Failure;
use crate::Relay;

const TYPE: (http::HeaderName, &str) = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");

/// The newest script. Kept by caches for five minutes: a fix reaches every site within them.
pub(crate) async fn get_latest(State(relay): State<Relay>, headers: HeaderMap) -> Result<Response, Failure> {
    let script = relay.scripts.latest.clone().ok_or_else(not_built)?;
    let tag = format!("\"{}\"", relay.scripts.hash);
    let cache = [(header::CACHE_CONTROL, "public, max-age=300"), TYPE];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)], cache).into_response());
    }
    Ok(([(header::ETAG, tag)], cache, script).into_response())
}

/// `/script/headwater-<hash>.js`: this build for ever, for sites that pin it with SRI.
pub(crate) async fn get_version(
    State(relay): State<Relay>,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let script = relay.scripts.latest.clone().ok_or_else(not_built)?;
    if name != format!("headwater-{}.js", relay.scripts.hash) {
        let message = "this server has another build of the script";
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_version", message)
            .hint("load /headwater.js, or update the pinned name and its integrity"));
    }
    Ok(([(header::CACHE_CONTROL, "public, max-age=31536000, immutable"), TYPE], script).into_response())
}

fn not_built() -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "script_not_built",
        "this binary was built before the browser script",
    )
    .hint("run `cargo xtask build`, then build the binary again")
}
