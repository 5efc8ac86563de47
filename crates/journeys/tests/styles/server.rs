//! The one server of all rows: their sites, the script at every path it is known by, and their relays.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, HOST};
use hyper::http::response::Builder;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::case::Case;
use crate::relay::{self, Closed};
use crate::style::Style;

/// In front of every page.
const PRELUDE: &str = include_str!("prelude.js");
/// The paths that sites load, and the file of `dist/` at each.
const SCRIPTS: [(&str, &str); 11] = [
    ("/v1/", "headwater.js"),
    ("/headwater.js", "headwater.js"),
    ("/partnerstack.min.js", "headwater.js"),
    ("/growsumo.min.js", "headwater.js"),
    ("/pr/js", "headwater.js"),
    ("/headwater-fallback.js", "headwater-fallback.js"),
    ("/headwater-forms.js", "headwater-forms.js"),
    ("/headwater-links.js", "headwater-links.js"),
    ("/headwater-checkout.js", "headwater-checkout.js"),
    ("/headwater-consent.js", "headwater-consent.js"),
    ("/headwater-debug.js", "headwater-debug.js"),
];

/// An answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// The server, and the rows that run just now.
#[derive(Debug)]
pub(crate) struct Stage {
    port: u16,
    scripts: HashMap<&'static str, Bytes>,
    integrity: String,
    cases: Mutex<HashMap<String, Arc<Case>>>,
}

impl Stage {
    /// Starts it, on a port of its own, in the runtime this is called in.
    pub(crate) fn open() -> Arc<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = std::net::TcpListener::bind(address).expect("a free port");
        listener.set_nonblocking(true).expect("a socket of ours");
        let listener = TcpListener::from_std(listener).expect("a socket of ours");
        let port = listener.local_addr().expect("it is bound").port();
        let latest = script();
        let directory = latest.parent().unwrap_or(Path::new("."));
        let read = |(path, file): (&'static str, &str)| {
            let file = if file == "headwater.js" { latest.clone() } else { directory.join(file) };
            Some((path, Bytes::from(std::fs::read(file).ok()?)))
        };
        let scripts = SCRIPTS.into_iter().filter_map(read).collect();
        let integrity = integrity(directory);
        let stage = Arc::new(Self { port, scripts, integrity, cases: Mutex::default() });
        tokio::spawn(accept(Arc::clone(&stage), listener));
        stage
    }

    /// Begins a row: requests to its hosts go to it from now on.
    pub(crate) fn begin(&self, style: &Style, number: usize) -> Arc<Case> {
        let case = Arc::new(Case::begin(style, number, self.port, &self.integrity));
        let mut cases = self.cases.lock().expect("nobody panics while holding it");
        for host in case.names.hosts() {
            cases.insert(host.to_owned(), Arc::clone(&case));
        }
        case
    }

    fn case(&self, head: &hyper::HeaderMap) -> Option<Arc<Case>> {
        let host = head.get(HOST)?.to_str().ok()?;
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        self.cases.lock().expect("nobody panics while holding it").get(host).cloned()
    }
}

/// `dist/headwater.js`, or another build of it.
fn script() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/headwater.js");
    let script = std::env::var_os("HEADWATER_JOURNEYS_SCRIPT").map_or_else(built, PathBuf::from);
    assert!(script.is_file(), "there is no {}: `cargo xtask build` makes it", script.display());
    script
}

/// The hash the build prints for sites that pin the script.
fn integrity(directory: &Path) -> String {
    let manifest = std::fs::read(directory.join("manifest.json")).expect("the build writes a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("the manifest is JSON");
    let files = manifest["files"].as_array().into_iter().flatten();
    let script =
        files.into_iter().find(|file| file["name"] == "headwater.js").expect("the manifest names the script");
    script["integrity"].as_str().expect("every file has a hash").to_owned()
}

async fn accept(stage: Arc<Stage>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let stage = Arc::clone(&stage);
        let service = service_fn(move |request| respond(Arc::clone(&stage), request));
        // A browser that closes, or a relay that is down, ends a connection with an error, which is expected.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(stage: Arc<Stage>, request: Request<Incoming>) -> Result<Answer, Closed> {
    let (head, body) = request.into_parts();
    let Some(case) = stage.case(&head.headers) else { return Ok(not_found()) };
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    match head.uri.path() {
        "/v1/events" => relay::events(&case, &head, &body).await,
        "/-/said" => {
            let said = serde_json::from_str(&body);
            case.seen().said.push(said.unwrap_or_else(|error| (format!("{body}: {error}"), Value::Null)));
            Ok(nothing())
        }
        "/-/noise" => {
            case.note(body);
            Ok(nothing())
        }
        "/-/sentinel" => {
            case.seen().sentinels += 1;
            Ok(nothing())
        }
        path if head.method == Method::OPTIONS => {
            case.note(format!("the browser asks first whether {path} may be called"));
            Ok(nothing())
        }
        path => Ok(stage.scripts.get(path).map_or_else(|| page(&case, path), script_answer)),
    }
}

fn script_answer(script: &Bytes) -> Answer {
    answer(
        Response::builder().header("cache-control", "public, max-age=300"),
        "text/javascript; charset=utf-8",
        script.clone(),
    )
}

fn page(case: &Case, path: &str) -> Answer {
    let Some(page) = case.pages.iter().find(|page| page.path == path) else { return not_found() };
    let html = format!("<!doctype html><script nonce=\"{{nonce}}\">{PRELUDE}</script>\n{}", page.html);
    let mut response = Response::builder();
    for (name, value) in &page.headers {
        response = response.header(*name, case.names.expand(value));
    }
    answer(response, "text/html; charset=utf-8", case.names.expand(&html))
}

fn not_found() -> Answer {
    answer(Response::builder().status(StatusCode::NOT_FOUND), "text/plain", "")
}

fn nothing() -> Answer {
    answer(Response::builder(), "text/plain", "")
}

/// An answer any origin may read, as the relay's.
pub(crate) fn answer(response: Builder, kind: &str, body: impl Into<Bytes>) -> Answer {
    let response = response
        .header(CONTENT_TYPE, kind)
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after");
    response.body(Full::new(body.into())).expect("the headers are ours")
}

/// An answer in JSON.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Answer {
    answer(Response::builder().status(status), "application/json", body.to_string())
}
