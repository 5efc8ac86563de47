//! Baselines of the bench: handlers on the same framework that store nothing. One of them is also a destination for a relay.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The path of the handler that does nothing.
pub(super) const NOOP: &str = "/noop";
/// The path of the handler that parses the event and drops it.
pub(super) const TYPED: &str = "/typed";

/// Where a relay delivers signups that name a click.
const CONVERSION: &str = "/conversion/xid";

/// As long as the relay's own answer.
const ANSWER: &str = r#"{"accepted":1,"duplicates":0}"#;

/// The arguments of `bench-noop`.
#[derive(Debug, Args)]
pub(crate) struct NoopOptions {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Deserialize)]
struct TypedEvent<'a> {
    public_key: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    occurred_at: i64,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Serves until it is stopped.
pub(crate) fn run(options: &NoopOptions) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(options.listen).await?;
        println!("listening on http://{}", listener.local_addr()?);
        Ok(axum::serve(listener, router()).await?)
    })
}

fn router() -> Router {
    Router::new().route(NOOP, post(noop)).route(TYPED, post(typed)).route(CONVERSION, post(converted))
}

async fn noop(_body: Bytes) -> (StatusCode, &'static str) {
    (StatusCode::ACCEPTED, ANSWER)
}

/// A destination's answer, for which nothing is done.
async fn converted(_body: Bytes) -> &'static str {
    "{}"
}

async fn typed(body: Bytes) -> (StatusCode, &'static str) {
    match serde_json::from_slice::<TypedEvent<'_>>(&body) {
        Ok(event) => {
            // Keeps the compiler from optimising the parsing away.
            std::hint::black_box((event.public_key, event.id, event.kind, event.occurred_at, event.data));
            (StatusCode::ACCEPTED, ANSWER)
        }
        Err(_) => (StatusCode::BAD_REQUEST, "not an event"),
    }
}
