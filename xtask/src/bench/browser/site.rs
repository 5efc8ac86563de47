//! The site: the same page with each contender's tags, their scripts, and an endpoint that accepts whatever they
//! send.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

use super::contender::BrowserContender;
use crate::size;

const PAGE: &str = include_str!("page.html");
const HOOK: &str = include_str!("hook.js");

/// A file, compressed once.
struct SiteFile {
    kind: &'static str,
    brotli: Vec<u8>,
}

type Files = BTreeMap<&'static str, SiteFile>;

/// Serves the contenders' site on this listener.
pub(super) async fn serve(listener: TcpListener, files: Router) -> anyhow::Result<()> {
    Ok(axum::serve(listener, files).await?)
}

/// Pages and scripts under brotli, as a good CDN sends them. Any other request is taken for a script's event and
/// accepted.
pub(super) fn router(contenders: &[BrowserContender], origin: &str) -> anyhow::Result<Router> {
    let mut files = Files::new();
    for contender in contenders {
        let page = PAGE.replace("HOOK", HOOK).replace("TAGS", &contender.tags.replace("ORIGIN", origin));
        let kind = "text/html; charset=utf-8";
        files.insert(contender.page, SiteFile { kind, brotli: size::compress(page.as_bytes())? });
        if let Some((path, script)) = &contender.script {
            let kind = "text/javascript; charset=utf-8";
            files.insert(path, SiteFile { kind, brotli: size::compress(script)? });
        }
    }
    Ok(Router::new().fallback(answer).with_state(Arc::new(files)))
}

async fn answer(State(files): State<Arc<Files>>, uri: Uri) -> Response {
    match files.get(uri.path()) {
        Some(SiteFile { kind, brotli }) => {
            let headers = [(CONTENT_TYPE, *kind), (CONTENT_ENCODING, "br"), (CACHE_CONTROL, "max-age=3600")];
            (headers, brotli.clone()).into_response()
        }
        // A script that a peer loads later must not be taken for an event: its absence has to be noticed.
        None if uri.path().starts_with("/static/") => StatusCode::NOT_FOUND.into_response(),
        None => ([(CONTENT_TYPE, "application/json")], "{}").into_response(),
    }
}
