//! The relay's HTTP answers, member by member.

use std::sync::Arc;
use std::task::Poll;

use axum::body::Body;
use base64::Engine as _;
use bytes::Bytes;
use headwater_journal::{Filter, Journal, MIGRATIONS};
use headwater_protocol::Millis;
use headwater_protocol::limits::EVENT_BODY_MAX;
use headwater_protocol::v2::{BillingProvider, ClaimPolicy};
use headwater_store::{Bounds, Store, StoreError};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::{Rates, Relay, RelayProgram, RelayPrograms, Script, Scripts};

const KEY: &str = "pk_test_example";
const SIGNUP: &str = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1,"data":{"customer_key":"gk_1"}}"#;
const PAYMENT: &str = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ac","type":"payment","occurred_at":1,"data":{"customer":{"customer_key":"gk_1"},"key":"in_1","amount":1,"currency":"USD"}}"#;

struct TestRelay {
    relay: Relay,
    store: Store,
    _directory: tempfile::TempDir,
}

/// Rate limits whose clock does not move.
pub(crate) fn rates(per_second: u32) -> Rates {
    Rates::new(per_second.try_into().unwrap(), Arc::new(|| std::time::Duration::ZERO))
}

fn test_relay(origins: &[&str]) -> TestRelay {
    let directory = tempfile::tempdir().unwrap();
    let bounds = Bounds { waiting: 2, commit: 2, readers: 4, reader_wait: std::time::Duration::from_secs(5) };
    let store = Store::open(&directory.path().join("j.sqlite"), MIGRATIONS, bounds).unwrap();
    let journal = Journal::open(store.clone());
    let programs = RelayPrograms::default();
    programs.replace(vec![RelayProgram {
        id: 7,
        public_key: KEY.to_owned(),
        test: false,
        origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        checkout_amounts: ClaimPolicy::Confirm,
        webhook_secrets: [(BillingProvider::Stripe, "whsec_example".to_owned().into())].into(),
        secret_hash: Some(Sha256::digest("sk_test_example").into()),
        ..RelayProgram::default()
    }]);
    let script = Script {
        plain: Bytes::from_static(b"/*script*/"),
        brotli: Bytes::from_static(b"br"),
        gzip: Bytes::from_static(b"gz"),
    };
    let scripts = Scripts { latest: Some(script), hash: "0a1b2c3d".to_owned(), ..Scripts::default() };
    let relay = Relay::new(programs, journal, Arc::new(|| Millis(1_775_514_585_000)), scripts, rates(600));
    TestRelay { relay, store, _directory: directory }
}

impl TestRelay {
    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = super::router(self.relay.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn post(&self, body: &str) -> (StatusCode, Value) {
        self.send(Request::post("/v1/events").body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn refused(&self, body: &str, status: u16, code: &str, message: &str) {
        let (got, answer) = self.post(body).await;
        assert_eq!(
            (got.as_u16(), answer["code"].as_str(), answer["status"].as_u64()),
            (status, Some(code), Some(u64::from(status))),
            "{answer}"
        );
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }

    async fn entries(&self) -> usize {
        self.relay.journal.list(Filter { program: 7, limit: 100, ..Filter::default() }).await.unwrap().len()
    }
}

fn batch(events: &[&str]) -> String {
    format!(r#"{{"public_key":"{KEY}","events":[{}]}}"#, events.join(","))
}

fn basic(pair: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[tokio::test]
async fn an_event_is_accepted_once() {
    let relay = test_relay(&[]);
    let (status, answer) = relay.post(&batch(&[SIGNUP])).await;
    assert_eq!(
        (status, &answer["accepted"], &answer["duplicates"]),
        (StatusCode::ACCEPTED, &1.into(), &0.into())
    );
    let (status, answer) = relay.post(&batch(&[SIGNUP])).await;
    assert_eq!(
        (status, &answer["accepted"], &answer["duplicates"]),
        (StatusCode::ACCEPTED, &0.into(), &1.into())
    );
    assert_eq!(relay.entries().await, 1);
}

#[tokio::test]
async fn one_bad_event_does_not_affect_the_others() {
    let relay = test_relay(&[]);
    let bad = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ad","type":"checkout","occurred_at":1,"data":{"customer_key":"k","products":[{"product_book_key":"b","amount":19.99}]}}"#;
    let (status, answer) = relay.post(&batch(&[bad, SIGNUP, "7"])).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::ACCEPTED, &1.into()));
    assert_eq!(answer["refused"][0]["field"], "data.products[0].amount");
    assert_eq!(answer["refused"][0]["id"], "019365b2-7c00-7abc-8def-0123456789ad");
    assert_eq!(answer["refused"][1]["index"], 2);
    assert_eq!(relay.entries().await, 1);
}

#[tokio::test]
async fn bad_bodies_get_clear_errors() {
    let relay = test_relay(&[]);
    relay.refused("{", 400, "malformed_json", "not valid JSON").await;
    relay.refused("[]", 400, "wrong_type", "JSON object").await;
    relay.refused(SIGNUP, 400, "required", "'public_key' is a required property").await;
    relay.refused(&batch(&[SIGNUP]).replace(KEY, "pk_other"), 401, "unknown_public_key", "public_key").await;
    relay
        .refused(
            &batch(&[&SIGNUP.replace("\"signup\"", "\"teleport\"")]),
            400,
            "unknown_event_type",
            "signup, checkout",
        )
        .await;
    relay
        .refused(
            &batch(&[&SIGNUP.replace("customer_key", "x")]),
            400,
            "required",
            "'customer_key' is a required property",
        )
        .await;
    relay.refused(&batch(&[PAYMENT]), 400, "secret_required", "signup or checkout").await;
    relay.refused(&" ".repeat(EVENT_BODY_MAX + 1), 413, "too_large", "65536").await;
    assert_eq!(relay.entries().await, 0);
}

#[tokio::test]
async fn what_is_taken_and_refused_is_counted_by_source_and_reason() {
    let relay = test_relay(&[]);
    relay.post(&batch(&[SIGNUP, SIGNUP])).await;
    relay.post(&batch(&[SIGNUP, "7", "8"])).await;
    relay.post("{").await;
    relay.post(&batch(&[SIGNUP, SIGNUP]).replace(KEY, "pk_other")).await;
    relay.send(Request::post("/v1/webhooks/stripe/pk_other").body(Body::empty()).unwrap()).await;
    let metrics = relay.relay.metrics();
    assert_eq!((metrics.accepted_from("page"), metrics.duplicates_from("page")), (1, 2));
    assert_eq!((metrics.accepted_from("vendor"), metrics.accepted_from("billing")), (0, 0));
    let refused =
        ["wrong_type", "malformed_json", "unknown_public_key"].map(|code| metrics.refused_with(code));
    assert_eq!(refused, [2, 1, 3], "two events of an unknown key, and a webhook");
}

#[tokio::test]
async fn an_address_over_its_rate_is_told_when_to_retry() {
    let relay = test_relay(&[]);
    let from = |last: u8| {
        let mut request = Request::post("/v1/events").body(Body::from(batch(&[SIGNUP]))).unwrap();
        let address = std::net::SocketAddr::from(([192, 0, 2, last], 1));
        request.extensions_mut().insert(axum::extract::ConnectInfo(address));
        super::router(relay.relay.clone()).oneshot(request)
    };
    let allowed = headwater_protocol::limits::PROGRAM_EVENTS_PER_SECOND
        / headwater_protocol::limits::PROGRAM_PER_ADDRESS
        * headwater_protocol::limits::RATE_BURST_SECONDS;
    for _ in 0..allowed {
        assert_eq!(from(1).await.unwrap().status(), StatusCode::ACCEPTED);
    }
    let refused = from(1).await.unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &1u64.into())
    );
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["code"], "rate_limited");
    assert!(answer["message"].as_str().unwrap().contains("60 events a second"), "{answer}");
    assert_eq!(from(2).await.unwrap().status(), StatusCode::ACCEPTED, "another address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_when_to_retry_and_accepts_the_event_then() {
    let relay = test_relay(&[]);
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let store = relay.store.clone();
    let slow = tokio::spawn(async move {
        let work = move |_: &mut headwater_store::Unit<'_>| {
            begun.send(()).unwrap();
            may_go_on.recv().map_err(|_| StoreError::Closed)
        };
        store.write(work).await
    });
    has_begun.recv().await.unwrap();
    let mut waiting = [(); 2].map(|()| Box::pin(relay.store.write(|_| Ok::<_, StoreError>(()))));
    for unit in &mut waiting {
        let waits = std::future::poll_fn(|context| Poll::Ready(unit.as_mut().poll(context).is_pending()));
        assert!(waits.await);
    }
    let send = || Request::post("/v1/events").body(Body::from(batch(&[SIGNUP]))).unwrap();
    let refused = super::router(relay.relay.clone()).oneshot(send()).await.unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &1u64.into())
    );
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], "busy");
    go_on.send(()).unwrap();
    slow.await.unwrap().unwrap();
    for unit in waiting {
        unit.await.unwrap();
    }
    assert_eq!(relay.send(send()).await.0, StatusCode::ACCEPTED);
    assert_eq!(relay.entries().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_arrives_times_out() {
    let relay = test_relay(&[]);
    let (_open, body) = http_body_util::channel::Channel::<Bytes>::new(1);
    let body = Body::new(body);
    let (status, answer) = relay.send(Request::post("/v1/events").body(body).unwrap()).await;
    assert_eq!((status, answer["code"].as_str()), (StatusCode::REQUEST_TIMEOUT, Some("timeout")), "{answer}");
}

#[tokio::test]
async fn a_public_key_works_from_its_own_sites_only() {
    let relay = test_relay(&["https://www.gigakick.example"]);
    let from = |origin: &str| {
        Request::post("/v1/events").header("origin", origin).body(Body::from(batch(&[SIGNUP]))).unwrap()
    };
    let (status, answer) = relay.send(from("https://other.example")).await;
    assert_eq!((status, answer["code"].as_str()), (StatusCode::FORBIDDEN, Some("origin_not_allowed")));
    assert_eq!(relay.send(from("https://www.gigakick.example")).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_server_signs_in_with_the_secret_key() {
    let relay = test_relay(&["https://www.gigakick.example"]);
    let send = |pair: &str| {
        Request::post("/v1/events").header("authorization", basic(pair)).body(Body::from(PAYMENT)).unwrap()
    };
    assert_eq!(relay.send(send("pk_test_example:sk_wrong")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(relay.send(send("pk_test_example:sk_test_example")).await.0, StatusCode::ACCEPTED);
    let list = Request::get("/v1/entries?state=due&customer_key=gk_1")
        .header("authorization", basic("pk_test_example:sk_test_example"));
    let (status, answer) = relay.send(list.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (status, answer["data"]["items"][0]["customer"].as_str()),
        (StatusCode::OK, Some("c:gk_1")),
        "{answer}"
    );
    assert_eq!(
        relay.send(Request::get("/v1/entries").body(Body::empty()).unwrap()).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_relay_without_programs_answers_503_so_that_browsers_keep_their_events() {
    let relay = test_relay(&[]);
    relay.relay.programs.replace(Vec::new());
    let send = |pair: Option<&str>| {
        let request = Request::post("/v1/events");
        let request =
            pair.map_or(request, |pair| Request::post("/v1/events").header("authorization", basic(pair)));
        let router = super::router(relay.relay.clone());
        router.oneshot(request.body(Body::from(batch(&[SIGNUP]))).unwrap())
    };
    for pair in [None, Some("pk_test_example:sk_test_example")] {
        let refused = send(pair).await.unwrap();
        assert_eq!(
            (refused.status(), &refused.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &10u64.into())
        );
        let body = refused.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], "not_ready");
    }
}

#[tokio::test]
async fn a_replaced_secret_key_works_beside_the_new_one() {
    let relay = test_relay(&[]);
    let hash = |secret: &str| Sha256::digest(secret).into();
    let rotated = RelayProgram {
        secret_hash: Some(hash("sk_test_new")),
        older_secret_hashes: vec![hash("sk_test_example")],
        ..RelayProgram::clone(&relay.relay.programs.by_public_key(KEY).unwrap())
    };
    relay.relay.programs.replace(vec![rotated]);
    for (secret, status) in [("sk_test_new", 202), ("sk_test_example", 202), ("sk_test_other", 401)] {
        let request = Request::post("/v1/events").header("authorization", basic(&format!("{KEY}:{secret}")));
        assert_eq!(relay.send(request.body(Body::from(PAYMENT)).unwrap()).await.0, status, "{secret}");
    }
}

#[tokio::test]
async fn the_sender_is_warned_of_a_text_that_is_cut() {
    let relay = test_relay(&[]);
    let long = SIGNUP.replace("\"gk_1\"", &format!("\"gk_1\",\"name\":\"{}\"", "n".repeat(150)));
    let (status, answer) = relay.post(&batch(&["7", &long])).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::ACCEPTED, &1.into()), "{answer}");
    let warning = &answer["warnings"][0];
    assert_eq!(
        (&warning["index"], &warning["code"], &warning["field"]),
        (&1.into(), &"text_cut".into(), &"data.name".into()),
        "{answer}"
    );
    assert!(warning["hint"].as_str().unwrap().contains("at most 100"), "{answer}");
}

#[tokio::test]
async fn a_script_comes_in_the_smallest_encoding_the_browser_takes() {
    let relay = test_relay(&[]);
    for (accepted, expected, body) in [
        ("gzip, deflate, br, zstd", Some("br"), "br"),
        ("gzip;q=1.0, br;q=0", Some("gzip"), "gz"),
        ("identity", None, "/*script*/"),
    ] {
        let request = Request::get("/v1/").header("accept-encoding", accepted).body(Body::empty()).unwrap();
        let response = super::router(relay.relay.clone()).oneshot(request).await.unwrap();
        let encoding = response.headers().get("content-encoding").map(|name| name.to_str().unwrap());
        assert_eq!(encoding, expected, "{accepted}");
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
    }
}

#[tokio::test]
async fn the_script_is_served_at_every_path_sites_load_it_from() {
    let relay = test_relay(&[]);
    for path in [
        "/v1/",
        "/headwater.js",
        "/partnerstack.min.js",
        "/growsumo.min.js",
        "/pr/js",
        "/script/headwater-0a1b2c3d.js",
    ] {
        let response = super::router(relay.relay.clone())
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/javascript"));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "/*script*/");
    }
    let (status, answer) =
        relay.send(Request::get("/script/headwater-ffffffff.js").body(Body::empty()).unwrap()).await;
    assert_eq!((status, answer["code"].as_str()), (StatusCode::NOT_FOUND, Some("unknown_version")));
}

#[tokio::test]
async fn a_webhook_needs_its_signature() {
    let relay = test_relay(&[]);
    let to = |path: &str| {
        Request::post(path).header("stripe-signature", "t=1775514585,v1=00").body(Body::from("{}")).unwrap()
    };
    let (status, answer) = relay.send(to("/v1/webhooks/stripe/pk_test_example")).await;
    assert_eq!((status, answer["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("bad_signature")));
    assert_eq!(relay.send(to("/v1/webhooks/paypal/pk_test_example")).await.1["code"], "unknown_provider");
    assert_eq!(relay.send(to("/v1/webhooks/stripe/pk_other")).await.0, StatusCode::NOT_FOUND);
}
