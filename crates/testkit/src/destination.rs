//! The proxy between relay and ledger: it records every request, and a test may answer in place of the ledger.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use axum::response::Response;
use tower::ServiceExt as _;

/// A request on its way from the relay to its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// `POST`.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The body; empty where there is none.
    pub body: String,
}

impl SentRequest {
    /// Whether it is this call: `request.is("POST", "/api/v2/customers")`. The query is left out.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.split('?').next() == Some(path)
    }
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked.
    pub request: SentRequest,
    /// The HTTP status of the answer.
    pub status: u16,
}

impl fmt::Display for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SentRequest { method, path, body } = &self.request;
        write!(out, "{method} {path} {body} -> {}", self.status)
    }
}

/// An answer in place of the ledger's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the usual ones: `("retry-after", "5")`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// An answer with an empty JSON object and without an error code, as a system between relay and ledger may give it.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "{}".to_owned() }
    }
}

type ReplyRule = Box<dyn FnMut(&SentRequest) -> Option<Reply> + Send>;

/// The proxy to the ledger.
#[derive(Clone, Default)]
pub(crate) struct Destination {
    rule: Arc<Mutex<Option<ReplyRule>>>,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    /// Lets one request through at a time, in the order they were sent, so that the ledger is the same in each run.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Destination {
    pub(crate) fn intercept(&self, rule: Option<ReplyRule>) {
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = rule;
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A router that records and passes on to `ledger`.
    pub(crate) fn before(&self, ledger: Router) -> Router {
        let this = self.clone();
        Router::new().fallback(move |request: Request<Body>| {
            let (this, ledger) = (this.clone(), ledger.clone());
            async move { this.pass_on(request, ledger).await }
        })
    }

    async fn pass_on(self, request: Request<Body>, ledger: Router) -> Response {
        let _turn = self.turn.lock().await;
        let (parts, body) = request.into_parts();
        let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
        let sent = SentRequest {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let scripted = self.rule.lock().unwrap().as_mut().and_then(|rule| rule(&sent));
        let response = match scripted {
            Some(reply) => write(reply),
            None => ledger.oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap(),
        };
        self.exchanges.lock().unwrap().push(Exchange { request: sent, status: response.status().as_u16() });
        response
    }
}

fn write(reply: Reply) -> Response {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}
