//! A client of a running server: single requests, and load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::bench::load::{LatencySample, summary};

/// Time of load before counting begins.
const WARM_UP: Duration = Duration::from_millis(500);

/// The server's address and the credentials.
#[derive(Clone)]
pub(in crate::bench) struct BenchClient {
    address: String,
    authorization: String,
}

impl BenchClient {
    pub(in crate::bench) fn new(url: &str, public_key: &str, secret: &str) -> anyhow::Result<Self> {
        let address = url.strip_prefix("http://").context("the server listens on http")?.to_owned();
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{public_key}:{secret}"));
        Ok(Self { address, authorization: format!("Basic {pair}") })
    }

    pub(in crate::bench) async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(sender)
    }

    pub(in crate::bench) async fn send(
        &self,
        sender: &mut SendRequest<Full<Bytes>>,
        (method, path): (&str, &str),
        body: String,
    ) -> anyhow::Result<Bytes> {
        let request = Request::builder().method(method).uri(path).header("host", &self.address);
        let request = request.header("authorization", &self.authorization).body(Full::from(body))?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{method} {path} answered {status}: {}", String::from_utf8_lossy(&text));
        Ok(text)
    }

    /// Sends one request; returns the `data` of its response.
    pub(in crate::bench) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let text = self.send(&mut self.connect().await?, (method, path), body).await?;
        Ok(serde_json::from_slice::<Value>(&text)?["data"].take())
    }

    /// Posts over `connections` for `duration`. `body` makes each body from the numbers of its connection and
    /// request. Any refusal is an error.
    pub(in crate::bench) async fn load(
        &self,
        path: &'static str,
        connections: u64,
        duration: Duration,
        body: Arc<dyn Fn(u64, u64) -> String + Send + Sync>,
    ) -> anyhow::Result<LatencySample> {
        let begin = Instant::now() + WARM_UP;
        let end = begin + duration;
        let mut tasks = tokio::task::JoinSet::new();
        for connection in 0..connections {
            let (client, body) = (self.clone(), Arc::clone(&body));
            let mut sender = self.connect().await?;
            tasks.spawn(async move {
                let mut took = Vec::new();
                for number in 0.. {
                    let sent = Instant::now();
                    client.send(&mut sender, ("POST", path), body(connection, number)).await?;
                    let now = Instant::now();
                    if now > end {
                        break;
                    }
                    if sent >= begin {
                        took.push(now - sent);
                    }
                }
                anyhow::Ok(took)
            });
        }
        let mut took = Vec::new();
        while let Some(done) = tasks.join_next().await {
            took.extend(done??);
        }
        summary(took, duration)
    }
}
