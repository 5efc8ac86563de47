//! The load on the relay: connections that each send one request at a time, and the times of the answers.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The public key of every event.
pub(super) const PUBLIC_KEY: &str = "pk_test_example";
/// Customers that the events are about: as many lanes as a busy program has, so that ordering costs what it does
/// there.
const CUSTOMERS: u64 = 1000;
/// Time of load before counting begins, for connections, caches and branch predictors to settle.
const WARM_UP: Duration = Duration::from_millis(500);

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct LatencySample {
    /// 202 answers a second.
    pub(super) per_second: f64,
    /// Median time of an answer.
    pub(super) p50: Duration,
    /// 99th percentile of the time of an answer.
    pub(super) p99: Duration,
}

/// Sends events over `connections` for `duration`; any answer but 202 is an error.
pub(super) async fn run(
    url: &str,
    path: &str,
    connections: usize,
    duration: Duration,
) -> anyhow::Result<LatencySample> {
    let address = url.strip_prefix("http://").context("the server listens on http")?;
    let begin = Instant::now() + WARM_UP;
    let end = begin + duration;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        let request =
            RequestTemplate { uri: path.to_owned(), host: address.to_owned(), connection: connection as u64 };
        tasks.spawn(keep_busy(sender, request, begin, end));
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    summary(took, duration)
}

/// What the requests of one connection share.
struct RequestTemplate {
    uri: String,
    host: String,
    connection: u64,
}

/// Sends one request after the other; returns the times of those that began and ended inside the window.
async fn keep_busy(
    mut sender: SendRequest<Full<Bytes>>,
    template: RequestTemplate,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    let mut count = 0;
    loop {
        let body = event(template.connection, count, epoch_millis());
        count += 1;
        let request = Request::post(&template.uri).header("host", &template.host);
        let request = request.header("content-type", "text/plain").body(Full::from(body))?;
        let sent = Instant::now();
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        ensure!(status == StatusCode::ACCEPTED, "answered {status}: {}", String::from_utf8_lossy(&text));
        let now = Instant::now();
        if now > end {
            return Ok(took);
        }
        if sent >= begin {
            took.push(now - sent);
        }
    }
}

fn event_id(connection: u64, count: u64, now: u64) -> uuid::Uuid {
    let mut random = [0; 10];
    random[..2].copy_from_slice(&connection.to_be_bytes()[6..]);
    random[2..].copy_from_slice(&count.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid()
}

/// A signup as the tracker sends it, with a unique id.
fn event(connection: u64, count: u64, now: u64) -> String {
    let id = event_id(connection, count, now);
    let customer = (connection.wrapping_mul(31).wrapping_add(count)) % CUSTOMERS;
    format!(
        concat!(
            r#"{{"public_key":"{}","id":"{}","type":"signup","occurred_at":{},"data":{{"#,
            r#""partner_key":"pqR5sT7uVwX9","ps_partner_key":"pqR5sT7uVwX9","xid":"Ab3dEf6hIj9kLm","#,
            r#""ps_xid":"Ab3dEf6hIj9kLm","customer_key":"gk_{:04}","email":"dana@shop.example","#,
            r#""name":"Dana Field","first_name":"Dana","last_name":"Field","company":"Field and Daughters","#,
            r#""meta":{{"plan":"trial","seats":"5","source":"pricing page"}}}}}}"#
        ),
        PUBLIC_KEY, id, now, customer,
    )
}

/// A signup of a new customer, referred by a partner, with a unique id.
pub(super) fn signup(public_key: &str, connection: u64, count: u64) -> String {
    let id = event_id(connection, count, epoch_millis());
    format!(
        concat!(
            r#"{{"public_key":"{}","id":"{}","type":"signup","occurred_at":{},"data":{{"partner_key":"robin","#,
            r#""customer_key":"new_{}_{}","email":"dana{}.{}@shop.example","name":"Dana Field"}}}}"#
        ),
        public_key,
        id,
        epoch_millis(),
        connection,
        count,
        connection,
        count,
    )
}

/// Bytes of one event's request body.
pub(super) fn event_length() -> usize {
    event(0, 0, epoch_millis()).len()
}

fn epoch_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn summary(mut took: Vec<Duration>, duration: Duration) -> anyhow::Result<LatencySample> {
    ensure!(!took.is_empty(), "no request was answered in {duration:?}");
    took.sort_unstable();
    let at = |hundredths: usize| took[(took.len() * hundredths / 100).min(took.len() - 1)];
    let count = u32::try_from(took.len()).context("fewer answers than four thousand million")?;
    Ok(LatencySample { per_second: f64::from(count) / duration.as_secs_f64(), p50: at(50), p99: at(99) })
}

/// The sample with the middle rate.
pub(super) fn median(samples: &[LatencySample]) -> LatencySample {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(|one, other| one.per_second.total_cmp(&other.per_second));
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_between_connections_and_requests_and_are_of_version_7() {
        let id = |connection, count| {
            let text = event(connection, count, 1_775_514_585_468);
            let event: serde_json::Value = serde_json::from_str(&text).unwrap();
            uuid::Uuid::parse_str(event["id"].as_str().unwrap()).unwrap()
        };
        assert_eq!(id(0, 0).get_version_num(), 7);
        let ids = [id(0, 0), id(0, 1), id(1, 0), id(63, 1_000_000)];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }

    #[test]
    fn percentiles_and_rate_are_of_what_was_answered() {
        let took = (1..=100).map(Duration::from_millis).collect();
        let sample = summary(took, Duration::from_secs(2)).unwrap();
        assert_eq!((sample.p50, sample.p99), (Duration::from_millis(51), Duration::from_millis(100)));
        assert!((sample.per_second - 50.0).abs() < f64::EPSILON);
        assert!(summary(Vec::new(), Duration::from_secs(2)).is_err());
    }

    #[test]
    fn the_median_is_the_middle_round() {
        let sample = |per_second| LatencySample { per_second, p50: Duration::ZERO, p99: Duration::ZERO };
        assert!((median(&[sample(9.0), sample(1.0), sample(5.0)]).per_second - 5.0).abs() < f64::EPSILON);
    }

    #[tokio::test]
    async fn an_answer_other_than_202_ends_the_measurement() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
        let error = run(&url, "/absent", 1, Duration::from_secs(1)).await.unwrap_err().to_string();
        server.abort();
        assert!(error.starts_with("answered 404"), "{error}");
    }
}
