//! The other end of the scale: handlers on the same framework that keep nothing.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Where nothing is done.
pub(super) const NOOP: &str = "/noop";
/// Where the event is parsed and forgotten.
pub(super) const TYPED: &str = "/typed";

/// As long as the relay's own answer.
const ANSWER: &str = r#"{"accepted":1,"duplicates":0}"#;

/// What `bench-noop` is told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Deserialize)]
struct Event<'a> {
    public_key: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    occurred_at: i64,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Serves until it is stopped.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(options.listen).await?;
        println!("listening on http://{}", listener.local_addr()?);
        Ok(axum::serve(listener, router()).await?)
    })
}

fn router() -> Router {
    Router::new().route(NOOP, post(noop)).route(TYPED, post(typed))
}

async fn noop(_body: Bytes) -> (StatusCode, &'static str) {
    (StatusCode::ACCEPTED, ANSWER)
}

async fn typed(body: Bytes) -> (StatusCode, &'static str) {
    match serde_json::from_slice::<Event<'_>>(&body) {
        Ok(event) => {
            // Keeps the compiler from leaving the parsing out.
            std::hint::black_box((event.public_key, event.id, event.kind, event.occurred_at, event.data));
            (StatusCode::ACCEPTED, ANSWER)
        }
        Err(_) => (StatusCode::BAD_REQUEST, "not an event"),
    }
}
