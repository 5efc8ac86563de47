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

/// How events are sent.
#[derive(Debug, Clone)]
pub(super) struct EventLoad {
    /// The path that takes them.
    pub(super) path: &'static str,
    /// Events in each request.
    pub(super) batch: u64,
    /// Requests a second, sent at their times however long the answers take. Without a rate, each connection sends the
    /// next request after the answer to the one before.
    pub(super) rate: Option<u32>,
}

impl EventLoad {
    /// One event in each request, one request after the other.
    pub(super) fn single(path: &'static str) -> Self {
        Self { path, batch: 1, rate: None }
    }
}

/// Sends events over `connections` for `duration`; any answer but 202 is an error. The rate is of events, the times are
/// of requests.
pub(super) async fn run(
    url: &str,
    load: &EventLoad,
    connections: usize,
    duration: Duration,
) -> anyhow::Result<LatencySample> {
    let address = url.strip_prefix("http://").context("the server listens on http")?;
    let start = Instant::now();
    let begin = start + WARM_UP;
    let end = begin + duration;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        let interval =
            load.rate.map(|rate| Duration::from_secs(1) * u32::try_from(connections).unwrap_or(1) / rate);
        let template = RequestTemplate {
            load: load.clone(),
            host: address.to_owned(),
            connection: connection as u64,
            // The connections take turns, so that requests are spread evenly.
            first: start
                + interval.unwrap_or_default() * u32::try_from(connection)? / u32::try_from(connections)?,
            interval,
        };
        tasks.spawn(keep_busy(sender, template, begin, end));
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    let requests = summary(took, duration)?;
    #[allow(clippy::cast_precision_loss, reason = "a batch has some hundred events at most")]
    Ok(LatencySample { per_second: requests.per_second * load.batch as f64, ..requests })
}

/// What the requests of one connection share.
struct RequestTemplate {
    load: EventLoad,
    host: String,
    connection: u64,
    /// When the first request is due, and the time from each to the next.
    first: Instant,
    interval: Option<Duration>,
}

impl RequestTemplate {
    /// The body of the request of this number.
    fn body(&self, number: u64) -> String {
        let now = epoch_millis();
        let events = number * self.load.batch..(number + 1) * self.load.batch;
        let events: Vec<_> = events.map(|count| event(self.connection, count, now)).collect();
        match events.as_slice() {
            [one] => one.clone(),
            all => format!(r#"{{"public_key":"{PUBLIC_KEY}","events":[{}]}}"#, all.join(",")),
        }
    }

    /// Waits until a request is due; returns the time from which its answer is awaited. A request that is late because
    /// of the answer before it has waited since it was due.
    async fn due(&self, number: u64) -> Instant {
        let Some(interval) = self.interval else { return Instant::now() };
        let due = self.first + interval * u32::try_from(number).unwrap_or(u32::MAX);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

/// Sends one request after the other; returns the times of those that began and ended inside the window.
async fn keep_busy(
    mut sender: SendRequest<Full<Bytes>>,
    template: RequestTemplate,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    for number in 0.. {
        let body = template.body(number);
        let request = Request::post(template.load.path).header("host", &template.host);
        let request = request.header("content-type", "text/plain").body(Full::from(body))?;
        let sent = template.due(number).await;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        ensure!(status == StatusCode::ACCEPTED, "answered {status}: {}", String::from_utf8_lossy(&text));
        let now = Instant::now();
        if now > end {
            break;
        }
        if sent >= begin {
            took.push(now - sent);
        }
    }
    Ok(took)
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

/// What several loads at once come to: the sum of their rates, the middle of their medians, the highest 99th percentile.
pub(super) fn together(samples: &[LatencySample]) -> LatencySample {
    let mut medians: Vec<_> = samples.iter().map(|sample| sample.p50).collect();
    medians.sort_unstable();
    LatencySample {
        per_second: samples.iter().map(|sample| sample.per_second).sum(),
        p50: medians.get(medians.len() / 2).copied().unwrap_or_default(),
        p99: samples.iter().map(|sample| sample.p99).max().unwrap_or_default(),
    }
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

    #[test]
    fn a_batch_holds_events_that_no_other_request_holds() {
        let of = |batch, number| {
            let load = EventLoad { path: "/", batch, rate: None };
            let host = String::new();
            let template =
                RequestTemplate { load, host, connection: 1, first: Instant::now(), interval: None };
            let body: serde_json::Value = serde_json::from_str(&template.body(number)).unwrap();
            let events = body["events"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
            events.iter().map(|event| event["id"].as_str().unwrap()[24..].to_owned()).collect::<Vec<_>>()
        };
        let ids: Vec<_> = (0..3).flat_map(|number| of(20, number)).collect();
        assert_eq!(ids.len(), 60);
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
        assert_eq!(of(1, 7).len(), 1);
    }

    #[tokio::test]
    async fn an_answer_other_than_202_ends_the_measurement() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
        let load = EventLoad::single("/absent");
        let error = run(&url, &load, 1, Duration::from_secs(1)).await.unwrap_err().to_string();
        server.abort();
        assert!(error.starts_with("answered 404"), "{error}");
    }
}
