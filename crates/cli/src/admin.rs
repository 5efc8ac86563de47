//! What operators and their machines ask a running server: whether it lives, whether it is ready, and its metrics. On an
//! address of its own, since the public one is for everybody (docs/decisions/0015).

mod gauges;
mod ready;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use headwater_metrics::Registry;
use headwater_relay::{Relay, RelayPrograms};
use headwater_store::Store;
use serde_json::json;
use tokio::sync::watch;

use crate::http_durations::HttpDurations;
use crate::listen::{self, ListenBounds};
use crate::proxies::Proxies;
use gauges::Gauges;

/// Connections at once: a few scrapers and a person. More wait.
const CONNECTIONS: usize = 32;
/// The format of the answer to `/metrics`.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The parts of a server that has started.
pub(crate) struct Running {
    /// Its stores, with their names.
    pub(crate) stores: Vec<(&'static str, Store)>,
    /// The store of the queue.
    pub(crate) queue: headwater_journal::Journal,
    pub(crate) relay: Relay,
    pub(crate) programs: RelayPrograms,
    /// The name of what the relay delivers to.
    pub(crate) destination: String,
    /// The data directory; `None` for a database, whose disk is on another machine.
    pub(crate) directory: Option<PathBuf>,
}

/// The operator's side of a server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OperatorInterface {
    durations: HttpDurations,
    started: Arc<OnceLock<Started>>,
    stop: watch::Receiver<bool>,
}

struct Started {
    running: Running,
    gauges: Gauges,
    registry: Registry,
}

impl OperatorInterface {
    /// Listens on the address, if there is one. Until [`OperatorInterface::started`] is called, the server is not ready: its stores
    /// may still be migrated.
    pub(crate) fn listen(address: Option<SocketAddr>, stop: watch::Receiver<bool>) -> anyhow::Result<Self> {
        let admin = Self { durations: HttpDurations::default(), started: Arc::default(), stop };
        let Some(address) = address else { return Ok(admin) };
        let listener = listen::bind(address, "--admin-listen")?;
        let address = listener.local_addr()?;
        println!("metrics and readiness on http://{address}");
        let router = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(get_ready))
            .route("/metrics", get(get_metrics))
            .with_state(admin.clone());
        let bounds = ListenBounds {
            proxies: Proxies::new(Vec::new()),
            connections: CONNECTIONS,
            durations: HttpDurations::default(),
            drain: std::time::Duration::ZERO,
        };
        // It answers until the process ends, so that draining can be watched.
        let (never, not_stopped) = watch::channel(false);
        tokio::spawn(async move {
            listen::serve(listener, router, bounds, not_stopped).await;
            drop(never);
        });
        Ok(admin)
    }

    /// Where the durations of requests are counted.
    pub(crate) fn durations(&self) -> HttpDurations {
        self.durations.clone()
    }

    /// To be called once the stores are open and migrated, and requests are taken.
    pub(crate) fn started(&self, running: Running) {
        let mut registry = Registry::default();
        let gauges = Gauges::register(&mut registry, &running);
        running.relay.metrics().register(&mut registry, &running.destination);
        self.durations.register(&mut registry);
        let _ = self.started.set(Started { running, gauges, registry });
    }
}

/// 200 when the server can take events, else 503 with what is not ready, why, and the remedy.
async fn get_ready(State(admin): State<OperatorInterface>) -> Response {
    let missing = ready::missing(&admin).await;
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": missing.is_empty(), "not_ready": missing}))).into_response()
}

async fn get_metrics(State(admin): State<OperatorInterface>) -> Response {
    let Some(started) = admin.started.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the stores are not open yet\n").into_response();
    };
    started.gauges.refresh(&started.running, ready::missing(&admin).await.is_empty()).await;
    let mut text = String::new();
    match headwater_metrics::encode(&mut text, &started.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
