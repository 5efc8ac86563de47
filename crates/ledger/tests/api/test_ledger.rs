//! The test harness: a ledger in a temporary directory, a clock that is set by hand, and requests to its router.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use base64::Engine as _;
use headwater_ledger::{Credentials, Ledger, MIGRATIONS, NewProgram, Settings};
use headwater_protocol::Millis;
use headwater_store::Store;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::contract;

pub(crate) const START: i64 = 1_775_514_585_000;

/// A ledger with one program, and its credentials.
pub(crate) struct TestLedger {
    pub(crate) handle: Ledger,
    pub(crate) keys: Credentials,
    pub(crate) store: Store,
    clock: Arc<AtomicI64>,
    directory: tempfile::TempDir,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn data(&self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.json()["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The error's status, code and field.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        (self.status, text(&body["code"]), text(&body["field"]))
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn basic(public_key: &str, secret: &str) -> String {
    let pair = format!("{public_key}:{secret}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn settings(link_base: &str, hand: Arc<AtomicI64>, drawn: AtomicU64) -> Settings {
    Settings {
        link_base: link_base.to_owned(),
        clock: Arc::new(move || {
            let now = hand.load(Ordering::Relaxed);
            assert!(now >= 0, "the clock of this ledger is broken");
            Millis(now)
        }),
        random: Arc::new(move || Sha256::digest(drawn.fetch_add(1, Ordering::Relaxed).to_le_bytes()).into()),
    }
}

impl TestLedger {
    pub(crate) async fn open() -> Self {
        Self::open_at("https://go.example.com").await
    }

    pub(crate) async fn open_at(link_base: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = headwater_teststore::open(directory.path(), "ledger", MIGRATIONS);
        let clock = Arc::new(AtomicI64::new(START));
        let (hand, drawn) = (Arc::clone(&clock), AtomicU64::new(0));
        let ledger = Ledger::open(store.clone(), settings(link_base, hand, drawn)).unwrap();
        let new = NewProgram {
            name: "GigaKick".to_owned(),
            origins: vec!["https://www.example.com".to_owned()],
            link_destinations: vec!["www.example.com".to_owned(), "127.0.0.1:8787".to_owned()],
        };
        let keys = ledger.create_program(new).await.unwrap();
        Self { handle: ledger, keys, store, clock, directory }
    }

    /// The ledger in another process that shares the database; for a file, another handle of the same store.
    pub(crate) fn second(&self) -> Ledger {
        let store = match headwater_teststore::postgres() {
            Some(_) => headwater_teststore::open(self.directory.path(), "ledger", MIGRATIONS),
            None => self.store.clone(),
        };
        let drawn = AtomicU64::new(1 << 32);
        Ledger::open(store, settings("https://go.example.com", Arc::clone(&self.clock), drawn)).unwrap()
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// What `headwater check` reports.
    pub(crate) async fn check(&self) -> Vec<String> {
        self.store.read(headwater_ledger::check).await.unwrap()
    }

    pub(crate) fn production(&self) -> String {
        basic(&self.keys.public_key, &self.keys.secret_key)
    }

    pub(crate) fn test(&self) -> String {
        basic(&self.keys.test_public_key, &self.keys.test_secret_key)
    }

    pub(crate) fn admin(&self) -> String {
        format!("Bearer {}", self.keys.admin_token)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let response = self.handle.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        contract::check(&self.handle, &method, &path, parts.status.as_u16(), &text).await;
        Reply { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// A request with the credentials `whose`.
    pub(crate) async fn request(&self, whose: &str, method: &str, path: &str, body: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, whose)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.send(request).await
    }

    /// A request with the production key pair on behalf of a source (trust.md section 1).
    pub(crate) async fn send_as(&self, source: &str, method: &str, path: &str, body: &Value) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, self.production())
            .header(headwater_protocol::SOURCE_HEADER, source)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// A GET by the vendor.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(&self.production(), "GET", path, "").await
    }

    /// A POST by the vendor.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.request(&self.production(), "POST", path, body).await
    }

    /// A POST by the vendor under an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, body: &str, key: &str) -> Reply {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::AUTHORIZATION, self.production())
            .header("Idempotency-Key", key)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.send(request).await
    }

    /// A visitor's request for a link.
    pub(crate) async fn visit(&self, path: &str) -> Reply {
        let request = Request::get(path)
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0")
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    /// Makes a partner with the given partner key; returns its `part_…`.
    pub(crate) async fn partner(&self, partner_key: &str) -> String {
        let body = format!(r#"{{"email":"{partner_key}@partner.example","partner_key":"{partner_key}"}}"#);
        text(&self.post("/api/v2/partnerships", &body).await.data()["key"])
    }

    /// Makes a token of a partner; returns the `Authorization` header.
    pub(crate) async fn partner_token(&self, key: &str) -> String {
        let reply = self.post(&format!("/api/v2/partnerships/{key}/token"), "").await;
        format!("Bearer {}", text(&reply.data()["token"]))
    }

    /// Makes a link of a partner to `dest`.
    pub(crate) async fn link(&self, partner: &str, slug: &str, dest: &str) {
        let body = serde_json::json!({"partnership_key": partner, "slug": slug, "dest": dest}).to_string();
        self.post("/api/v2/links", &body).await.data();
    }

    /// Clicks a link; returns the click id.
    pub(crate) async fn click(&self, slug: &str) -> String {
        let reply = self.visit(slug).await;
        let found = headwater_protocol::referral::Referral::from_query(
            reply.header("location").split_once('?').map_or("", |(_, query)| query),
            "",
        );
        found.and_then(|found| found.xid).unwrap()
    }

    /// A PATCH by the vendor.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.request(&self.production(), "PATCH", path, &body.to_string()).await
    }

    /// What the vendor has made by a POST below `/api/v2/`.
    pub(crate) async fn make(&self, path: &str, body: &Value) -> Value {
        self.post(&format!("/api/v2/{path}"), &body.to_string()).await.data()
    }
}
