//! The network between two processes: it loses, delays, repeats and cuts requests and answers, as the seed says.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Uri};
use axum::response::Response;
use hyper::body::Frame;

use crate::process::Process;
use crate::watch::Watch;
use crate::world::World;

/// A request with its whole body, so that it can be sent twice.
#[derive(Clone)]
pub(crate) struct WholeRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl WholeRequest {
    pub(crate) fn post(path: &str, headers: &[(&'static str, String)], body: String) -> Self {
        let pairs = headers.iter().map(|(name, value)| ((*name).try_into().unwrap(), value.parse().unwrap()));
        let (method, uri) = (Method::POST, path.parse().unwrap());
        Self { method, uri, headers: pairs.collect(), body: body.into() }
    }

    /// The event that the request is about, as the relay names it in its idempotency key.
    pub(crate) fn event(&self) -> Option<String> {
        Some(self.headers.get("idempotency-key")?.to_str().ok()?.split('/').next()?.to_owned())
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body));
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) =
            (self.method, self.uri, self.headers);
        request
    }

    fn shown(&self) -> String {
        let key = self.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
        format!("{} {} {key} {}", self.method, self.uri, String::from_utf8_lossy(&self.body))
    }
}

/// An answer with its whole body.
#[derive(Debug, Clone)]
pub(crate) struct WholeAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl WholeAnswer {
    /// Whether it is a success, and not a page of a proxy.
    fn is_of_the_api(&self) -> bool {
        self.status < 300 && !self.body.starts_with(b"<")
    }

    fn of_proxy(status: u16, retry_after: Option<u64>) -> Self {
        let header = |seconds: u64| (axum::http::header::RETRY_AFTER, seconds.into());
        let body = "<html>a proxy</html>".into();
        Self { status, headers: retry_after.map(header).into_iter().collect(), body }
    }
}

/// Sends a request; the error says that the connection ended without an answer.
pub(crate) async fn ask(
    world: &Arc<World>,
    from: &'static str,
    to: &Arc<Process>,
    request: WholeRequest,
) -> Result<WholeAnswer, &'static str> {
    let name = format!("{from} to {}", to.name());
    world.note(&format!("{name}: {}", request.shown()));
    let answer = spoiled(world, &name, to, request).await;
    world.note(&match &answer {
        Ok(answer) => {
            let body = if answer.status < 300 { "".into() } else { String::from_utf8_lossy(&answer.body) };
            format!("{name}: answered {} {body}", answer.status)
        }
        Err(reason) => format!("{name}: {reason}"),
    });
    answer
}

async fn spoiled(
    world: &Arc<World>,
    name: &str,
    to: &Arc<Process>,
    request: WholeRequest,
) -> Result<WholeAnswer, &'static str> {
    world.pause(0..20).await;
    if !world.chance(world.rates.network) {
        let answer = arrive(to, request).await?;
        world.pause(0..20).await;
        return Ok(answer);
    }
    if world.number(0..2) == 0 {
        lost(world, name, to, request).await
    } else {
        applied(world, name, to, request).await
    }
}

/// The request does not arrive, or a proxy answers it.
async fn lost(
    world: &Arc<World>,
    name: &str,
    to: &Arc<Process>,
    request: WholeRequest,
) -> Result<WholeAnswer, &'static str> {
    match world.number(0..if to.name() == "ledger" { 5 } else { 4 }) {
        0 => {
            world.fault("a request was lost", name);
            std::future::pending().await
        }
        1 => {
            world.fault("a connection was refused", name);
            Err("refused")
        }
        2 => {
            world.fault("a request arrived after its connection was reset", name);
            later(world, to, request);
            Err("reset")
        }
        3 => {
            let busy = world.number(0..2) == 0;
            let (status, wait) = if busy { (429, Some(world.number(0..5))) } else { (503, None) };
            world.fault("a proxy answered 429 or 503", name);
            Ok(WholeAnswer::of_proxy(status, wait))
        }
        // The page and the provider could not know.
        _ => {
            world.fault("a proxy answered 200 with a page of its own", name);
            Ok(WholeAnswer::of_proxy(200, None))
        }
    }
}

/// The request arrives, and something goes wrong then.
async fn applied(
    world: &Arc<World>,
    name: &str,
    to: &Arc<Process>,
    request: WholeRequest,
) -> Result<WholeAnswer, &'static str> {
    match world.number(0..6) {
        0 => {
            world.fault("an answer was lost", name);
            let _ = arrive(to, request).await;
            std::future::pending().await
        }
        1 => {
            world.fault("a connection was reset after the request was applied", name);
            let _ = arrive(to, request).await;
            Err("reset")
        }
        2 => {
            world.fault("a request arrived twice", name);
            let first = arrive(to, request.clone()).await;
            world.pause(0..200).await;
            let second = arrive(to, request).await;
            if world.number(0..2) == 0 { first } else { second }
        }
        3 => {
            let polls = u32::try_from(world.number(1..8)).unwrap();
            world.fault(
                "a connection was cut while the request was handled",
                &format!("{name}, poll {polls}"),
            );
            to.handle(request, Some(polls)).await.ok_or("cut")
        }
        4 => {
            world.fault("a request was slow", name);
            world.pause(100..4_000).await;
            arrive(to, request).await
        }
        _ => {
            world.fault("a proxy answered 502 after the request was applied", name);
            let _ = arrive(to, request).await;
            Ok(WholeAnswer::of_proxy(502, None))
        }
    }
}

async fn arrive(to: &Arc<Process>, request: WholeRequest) -> Result<WholeAnswer, &'static str> {
    to.handle(request, None).await.ok_or("the process is not there or died")
}

/// Has the request arrive when nobody waits for its answer any more.
fn later(world: &Arc<World>, to: &Arc<Process>, request: WholeRequest) {
    let (world, to) = (Arc::clone(world), Arc::clone(to));
    tokio::spawn(async move {
        world.pause(1..8_000).await;
        world.note(&format!("late at {}: {}", to.name(), request.shown()));
        let _ = arrive(&to, request).await;
    });
}

/// The router of the other process as the relay's client sees it.
pub(crate) fn router(
    world: &Arc<World>,
    from: &'static str,
    to: &Arc<Process>,
    watch: &Arc<Watch>,
) -> Router {
    let (world, to, watch) = (Arc::clone(world), Arc::clone(to), Arc::clone(watch));
    Router::new().fallback(move |request: Request<Body>| {
        let (world, to, watch) = (Arc::clone(&world), Arc::clone(&to), Arc::clone(&watch));
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let request = WholeRequest { method: parts.method, uri: parts.uri, headers: parts.headers, body };
            let event = request.event();
            let _under_way = event.clone().map(|event| watch.begin(&world, event));
            match ask(&world, from, &to, request).await {
                Ok(answer) => {
                    if let Some(event) = event.filter(|_| answer.is_of_the_api()) {
                        watch.accepted(&event);
                    }
                    let mut response = Response::new(Body::from(answer.body));
                    *response.status_mut() = answer.status.try_into().unwrap();
                    *response.headers_mut() = answer.headers;
                    response
                }
                Err(_) => Response::new(Body::new(BrokenBody)),
            }
        }
    })
}

/// A body that ends with an error, as the body of a connection that was reset.
struct BrokenBody;

impl hyper::body::Body for BrokenBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("the connection was reset"))))
    }
}

/// Polls a future so many times, and then drops it, as a server drops the handler of a connection that was closed.
pub(crate) struct Cut<F> {
    inner: Option<Pin<Box<F>>>,
    polls: u32,
}

impl<F> Cut<F> {
    pub(crate) fn after(polls: u32, inner: F) -> Self {
        Self { inner: Some(Box::pin(inner)), polls }
    }
}

impl<F: Future> Future for Cut<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.polls.checked_sub(1) else {
            self.inner = None;
            return Poll::Ready(None);
        };
        self.polls = left;
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        inner.as_mut().poll(context).map(Some)
    }
}

/// How long a caller waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
