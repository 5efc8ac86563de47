//! The proxy between the visitors and the real server: it serves the visitors' sites, and forwards their events with
//! failures.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use super::answer::{Answer, Cut, answer, failure, half, readable};
use super::pages;
use super::plan::{Fault, Plan, fault};
use super::seen::Seen;
use crate::stage::Headwater;

/// A port that refuses every connection: it is bound, so that nothing else takes it, and nobody listens.
struct Closed {
    port: u16,
    _bound: TcpSocket,
}

/// The proxy of one run.
pub(crate) struct FaultyProxy {
    seed: u64,
    pub(crate) port: u16,
    closed: Closed,
    /// The program's public key.
    pub(crate) key: String,
    pub(crate) plans: Vec<Plan>,
    script: Bytes,
    /// The real relay.
    relay: String,
    http: reqwest::Client,
    seen: Mutex<Seen>,
    gone: watch::Sender<usize>,
}

impl FaultyProxy {
    /// Starts it in front of this server.
    pub(crate) async fn open(headwater: &Headwater, seed: u64, plans: Vec<Plan>) -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let bound = TcpSocket::new_v4().expect("a socket");
        bound.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = |address: std::io::Result<SocketAddr>| address.expect("it is bound").port();
        let http = headwater_client::connections().no_proxy().build().expect("an HTTP client");
        let script = http.get(format!("{}/headwater.js", headwater.url)).send().await.expect("it is served");
        assert!(script.status().is_success(), "the script is not built into the server: {}", script.status());
        let proxy = Arc::new(Self {
            seed,
            port: port(listener.local_addr()),
            closed: Closed { port: port(bound.local_addr()), _bound: bound },
            key: headwater.credential("public_key").to_owned(),
            script: script.bytes().await.expect("the script comes whole"),
            relay: headwater.url.clone(),
            http,
            seen: Mutex::new(Seen::new(plans.len())),
            plans,
            gone: watch::Sender::new(0),
        });
        tokio::spawn(accept(Arc::clone(&proxy), listener));
        proxy
    }

    /// The address of the page that opens everybody's `first` or `last` visit. Resets the count of finished visits.
    pub(crate) fn address(&self, visits: &str) -> String {
        self.gone.send_replace(0);
        format!("http://director.localhost:{}/{visits}", self.port)
    }

    /// Resolves when so many visitors have finished.
    pub(crate) async fn have_gone(&self, visitors: usize) {
        let mut gone = self.gone.subscribe();
        gone.wait_for(|gone| *gone >= visitors).await.expect("the proxy is there");
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics while holding it")
    }

    /// The relay's address for a visitor's page. It refuses connections if the plan says so, unless `healthy`.
    pub(crate) fn endpoint(&self, plan: &Plan, healthy: bool) -> String {
        let port = if plan.down && !healthy { self.closed.port } else { self.port };
        format!("http://relay.localhost:{port}")
    }

    /// Forwards a request with events, with the fault that the plan has for it.
    async fn relay(&self, head: &Parts, body: Bytes) -> Result<Answer, Cut> {
        let visitor = visitor_of(head.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()));
        let Some(visitor) = visitor.filter(|number| *number < self.plans.len()) else {
            self.seen().noise(format!("an event of nobody: {:?}", head.headers));
            return Ok(failure(403, None));
        };
        let request = self.seen().request(visitor, &body);
        let fault = request.map_or(Fault::None, |number| fault(self.seed, visitor, number));
        self.seen().log(visitor, format!("request: {fault:?}"));
        match fault {
            Fault::LostRequest => return Err(Cut),
            Fault::Status(status, pause, true) => return Ok(readable(failure(status, pause))),
            Fault::Status(status, pause, false) => return Ok(failure(status, pause)),
            // The delay is the fault itself; no assertion depends on its length.
            Fault::LateRequest(late) => tokio::time::sleep(late).await,
            Fault::None | Fault::LostAnswer | Fault::CutAnswer | Fault::LateAnswer(_) => {}
        }
        let answer = self.forward(head, body).await;
        self.seen()
            .log(visitor, format!("the relay: {}", answer.as_ref().map_or(0, |one| one.status().as_u16())));
        match fault {
            Fault::LostAnswer => Err(Cut),
            Fault::CutAnswer => answer.map(half),
            Fault::LateAnswer(late) => {
                tokio::time::sleep(late).await;
                answer
            }
            _ => answer,
        }
    }

    /// The real relay's answer; the connection is closed while it is dead.
    async fn forward(&self, head: &Parts, body: Bytes) -> Result<Answer, Cut> {
        let request =
            self.http.post(format!("{}/v1/events", self.relay)).headers(kept(&head.headers)).body(body);
        let heard = request.send().await.map_err(|_| Cut)?;
        let (status, headers) = (heard.status(), kept(heard.headers()));
        let mut answer = answer("application/json", heard.bytes().await.map_err(|_| Cut)?);
        *answer.status_mut() = status;
        answer.headers_mut().extend(headers);
        Ok(answer)
    }
}

/// Headers that are passed on: all but those of the connection itself.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let of_connection = ["host", "connection", "content-length", "transfer-encoding", "accept-encoding"];
    let kept = headers.iter().filter(|(name, _)| !of_connection.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The visitor's number: 17 for `http://v17.localhost:4711`, or for its host.
fn visitor_of(site: Option<&str>) -> Option<usize> {
    let site = site?;
    let host = site.rsplit_once('/').map_or(site, |(_, host)| host);
    host.strip_prefix('v')?.split_once(".localhost")?.0.parse().ok()
}

async fn accept(proxy: Arc<FaultyProxy>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let proxy = Arc::clone(&proxy);
        let service = service_fn(move |request| respond(Arc::clone(&proxy), request));
        // The error of a connection that was cut is intended, so it is ignored.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(proxy: Arc<FaultyProxy>, request: Request<Incoming>) -> Result<Answer, Cut> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else { return Err(Cut) };
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = head.uri.path();
    if host.starts_with("relay.") {
        return match path {
            "/v1/events" => proxy.relay(&head, body).await,
            "/headwater.js" => Ok(answer("text/javascript; charset=utf-8", proxy.script.clone())),
            _ => Ok(failure(404, None)),
        };
    }
    let ids = String::from_utf8_lossy(&body).into_owned();
    let visitor = visitor_of(Some(host)).and_then(|number| proxy.plans.get(number));
    match (path, visitor) {
        ("/-/gone", _) => proxy.gone.send_modify(|gone| *gone += 1),
        ("/-/stuck", _) => proxy.seen().noise(format!("a tab did not close: {ids}")),
        ("/-/stored", Some(plan)) => proxy.seen().stored(plan.number, &ids),
        ("/-/left", Some(plan)) => proxy.seen().left(plan.number, &ids),
        (path, visitor) => return Ok(page(&proxy, path, visitor)),
    }
    let mut nothing = answer("text/plain", "");
    *nothing.status_mut() = StatusCode::NO_CONTENT;
    Ok(nothing)
}

fn page(proxy: &FaultyProxy, path: &str, visitor: Option<&Plan>) -> Answer {
    if let Some(plan) = visitor {
        proxy.seen().log(plan.number, format!("page {path}"));
        if ["/back", "/last"].contains(&path) {
            proxy.seen().heal(plan.number);
        }
    }
    match pages::html(proxy, path, visitor) {
        Some(html) => answer("text/html; charset=utf-8", html),
        None => failure(404, None),
    }
}
