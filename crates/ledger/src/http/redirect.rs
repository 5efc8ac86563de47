//! The link host: `GET /{slug}` is a click. It is the router's fallback, so every other route is matched first.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use headwater_store::Unit;

use super::error::{self, ApiFailure};
use crate::Ledger;
use crate::record::click::{self, ClickRequest, Redirect};
use crate::record::{Refusal, RefusalKind, link, program};
use crate::store::link::LinkRow;

/// The page for an unknown link. It names no program, because the path says nothing about one.
const NO_SUCH_LINK: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
     <meta name=\"viewport\" content=\"width=device-width\">\n<title>Link not found</title>\n\
     <style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;padding:0 1rem}</style>\n\
     <h1>This link leads nowhere</h1>\n\
     <p>It may have been mistyped, or its owner may have taken it back.</p>\n</html>\n";

/// Follows a link. An unknown link gets an HTML page, since a visitor sees it; a path that cannot be a link gets a
/// JSON error.
pub(crate) async fn follow_link(State(ledger): State<Ledger>, parts: Parts) -> Result<Response, ApiFailure> {
    let Parts { method, uri, headers, extensions, .. } = parts;
    let slug = uri.path().trim_start_matches('/');
    let is_read = method == Method::GET || method == Method::HEAD;
    if !is_read || slug.is_empty() || slug.contains('/') || matches!(slug, "api" | "v1") {
        return Err(error::unknown_path(&uri));
    }
    // A call within the process has no peer address, so no rate limit applies.
    if let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>()
        && !ledger.may_click(peer.ip())
    {
        let message = "too many clicks from this address";
        return Err(Refusal::new(RefusalKind::TooMany, "rate_limited", message)
            .hint("try again in a moment")
            .into());
    }
    let slug = slug.to_owned();
    let Some(link) = ledger.read(move |unit| find_allowed(unit, &slug)).await? else {
        return Ok(not_found());
    };
    let request = ClickRequest {
        query: uri.query().unwrap_or_default().to_owned(),
        user_agent: headers.get(header::USER_AGENT).and_then(|text| text.to_str().ok()).map(str::to_owned),
        cookie_header: headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .collect::<Vec<_>>()
            .join(";"),
        host: headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned),
        head_only: method == Method::HEAD,
    };
    let ctx = ledger.ctx(link.program, false);
    let queueing = ctx.clone();
    let redirect = ledger.write(move |unit| click::record(unit, &ctx, &link, &request)).await?;
    ledger.notify_queued(&queueing);
    Ok(found(&redirect))
}

/// A link whose destination host is allow-listed now. A host may have been removed since the link was made.
fn find_allowed(unit: &mut Unit<'_>, slug: &str) -> Result<Option<LinkRow>, Refusal> {
    let Some(found) = click::find_link(unit, slug)? else { return Ok(None) };
    let allowed = program::find(unit, found.program)?.link_destinations;
    Ok(Some(found).filter(|row| link::check_dest(&row.dest, &allowed).is_ok()))
}

fn found(redirect: &Redirect) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    // A cached redirect would hide later clicks.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::from_str(&redirect.location) {
        headers.insert(header::LOCATION, location);
    }
    for cookie in &redirect.cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn not_found() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (StatusCode::NOT_FOUND, headers, NO_SUCH_LINK).into_response()
}
