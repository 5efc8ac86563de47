//! The real Headwater on a socket of its own, and a record of the requests to its webhook address.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use headwater_storefront::load::CredentialsFile;
use headwater_testkit::Headwater;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt as _;

/// Headwater, served until [`Served::stop`] or the end of the test's runtime.
pub(crate) struct Served {
    pub(crate) headwater: Headwater,
    pub(crate) address: String,
    hooks: tokio::sync::Mutex<mpsc::UnboundedReceiver<Hook>>,
    refusals: Refusals,
    serving: tokio::task::JoinHandle<()>,
    connections: watch::Sender<bool>,
}

/// A webhook's body, and the status of its answer.
struct Hook {
    body: Bytes,
    status: u16,
}

/// Statuses with which the next webhooks are answered in place of Headwater.
type Refusals = Arc<Mutex<VecDeque<u16>>>;

impl Served {
    pub(crate) async fn start() -> Self {
        let headwater = Headwater::start().await;
        headwater.clock().set(crate::NOW);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (seen, hooks) = mpsc::unbounded_channel();
        let refusals = Refusals::default();
        let router = before(headwater.router(), seen, Arc::clone(&refusals));
        let (connections, mut stopping) = watch::channel(false);
        let serving = tokio::spawn(async move {
            let stop = async move { stopping.wait_for(|stop| *stop).await.map_or((), |_| ()) };
            axum::serve(listener, router).with_graceful_shutdown(stop).await.unwrap();
        });
        Self { headwater, address, hooks: tokio::sync::Mutex::new(hooks), refusals, serving, connections }
    }

    /// Ends the server and its connections.
    pub(crate) async fn stop(self) {
        self.connections.send_replace(true);
        self.serving.await.unwrap();
    }

    /// What `headwater init --json` would have printed.
    pub(crate) fn credentials(&self) -> CredentialsFile {
        let keys = self.headwater.program(0).keys();
        let printed = json!({"program_id": keys.program_id.to_string(), "public_key": keys.public_key,
            "secret_key": keys.secret_key, "admin_token": keys.admin_token});
        serde_json::from_value(printed).unwrap()
    }

    /// How many records of each kind there are.
    pub(crate) async fn made(&self) -> Vec<(&'static str, usize)> {
        let mut made = Vec::new();
        for kind in ["groups", "links/partnership/robin@partner.example", "partnerships", "product_book"] {
            made.push((kind, self.headwater.all(kind).await.len()));
        }
        made.push(("triggers", self.headwater.all("triggers").await.len()));
        made
    }

    /// Answers the next webhooks with these statuses; Headwater does not receive them.
    pub(crate) fn refuse_webhooks(&self, statuses: &[u16]) {
        self.refusals.lock().unwrap().extend(statuses);
    }

    /// The next `count` webhooks, with the status each was answered.
    pub(crate) async fn answered_webhooks(&self, count: usize) -> Vec<(Value, u16)> {
        let mut hooks = self.hooks.lock().await;
        let mut events = Vec::new();
        while events.len() < count {
            let hook = hooks.recv().await.unwrap();
            events.push((serde_json::from_slice(&hook.body).unwrap(), hook.status));
        }
        events
    }

    /// The next `count` webhooks, each of which the relay must accept; delivers them to the ledger.
    pub(crate) async fn webhooks(&self, count: usize) -> Vec<Value> {
        let answered = self.answered_webhooks(count).await;
        for (event, status) in &answered {
            assert_eq!(*status, 200, "{event}");
        }
        self.headwater.deliver().await;
        answered.into_iter().map(|(event, _)| event).collect()
    }
}

/// `headwater` behind a proxy that records webhooks, and can refuse them.
fn before(headwater: Router, seen: mpsc::UnboundedSender<Hook>, refusals: Refusals) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let (headwater, seen, refusals) = (headwater.clone(), seen.clone(), Arc::clone(&refusals));
        async move {
            if !request.uri().path().starts_with("/v1/webhooks/") {
                return headwater.oneshot(request).await.unwrap();
            }
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let refusal = refusals.lock().unwrap().pop_front();
            let answer: Response = if let Some(status) = refusal {
                axum::http::StatusCode::from_u16(status).unwrap().into_response()
            } else {
                let request = Request::from_parts(parts, Body::from(body.clone()));
                headwater.oneshot(request).await.unwrap()
            };
            seen.send(Hook { body, status: answer.status().as_u16() }).unwrap();
            answer
        }
    })
}
