//! A test ledger with one ledger, and access to its database.
#![allow(dead_code, reason = "each of the binaries that have it uses its own part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use base64::Engine as _;
use headwater_ledger::{Ledger, MIGRATIONS, NewProgram, Settings};
use headwater_protocol::{Millis, SOURCE_HEADER, Source};
use headwater_store::{Store, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

pub(crate) const START: i64 = 1_775_514_585_000;

pub(crate) struct TestLedger {
    pub(crate) handle: Ledger,
    pub(crate) store: Store,
    pub(crate) program: i64,
    vendor: String,
    clock: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

impl TestLedger {
    /// With the partner `robin`, the product Inbox, and a trigger that pays 20 % of each payment.
    pub(crate) async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store =
            Store::open(&directory.path().join("ledger.sqlite"), MIGRATIONS, headwater_teststore::BOUNDS)
                .unwrap();
        Self::open_on(store, directory).await
    }

    /// The same in this store, which the directory may hold.
    pub(crate) async fn open_on(store: Store, directory: tempfile::TempDir) -> Self {
        let (clock, drawn) = (Arc::new(AtomicI64::new(START)), AtomicU64::new(0));
        let hand = Arc::clone(&clock);
        let settings = Settings {
            link_base: "https://go.example.com".to_owned(),
            clock: Arc::new(move || Millis(hand.load(Ordering::Relaxed))),
            random: Arc::new(move || {
                Sha256::digest(drawn.fetch_add(1, Ordering::Relaxed).to_le_bytes()).into()
            }),
        };
        let ledger = Ledger::open(store.clone(), settings).unwrap();
        let program = NewProgram {
            name: "GigaKick".to_owned(),
            link_destinations: vec!["www.example.com".to_owned()],
            ..NewProgram::default()
        };
        let keys = ledger.create_program(program).await.unwrap();
        let pair = format!("{}:{}", keys.public_key, keys.secret_key);
        let vendor = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let ledger =
            Self { handle: ledger, store, program: keys.program_id, vendor, clock, _directory: directory };
        ledger
            .done("POST", "partnerships", json!({"email": "robin@agency.example", "partner_key": "robin"}))
            .await;
        ledger.done("POST", "product_book", json!({"name": "Inbox", "external_key": "inbox"})).await;
        ledger.trigger("20").await;
        ledger
    }

    pub(crate) async fn trigger(&self, percent: &str) -> String {
        let made = self
            .done(
                "POST",
                "triggers",
                json!({"name": "t", "offer_description": "Earn", "event": "transaction_created",
                       "action": {"type": "commission_percent", "percent": percent}}),
            )
            .await;
        made["key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// A request by the vendor: status and body. `once` is its idempotency key, or empty.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value, once: &str) -> (u16, Value) {
        self.ask_for(Source::Vendor, method, path, body, once).await
    }

    /// The same on behalf of a source.
    pub(crate) async fn ask_for(
        &self,
        says: Source,
        method: &str,
        path: &str,
        body: Value,
        once: &str,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v2/{path}"));
        request = request.header(header::AUTHORIZATION, &self.vendor).header(SOURCE_HEADER, says.name());
        if !once.is_empty() {
            request = request.header("Idempotency-Key", once);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.handle.router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// The `data` of a request that must succeed.
    pub(crate) async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body, "").await;
        assert!(status < 300, "{method} {path}: {answer}");
        answer["data"].clone()
    }

    /// A visitor follows a link.
    pub(crate) async fn click(&self, path: &str, user_agent: &str) {
        let request = Request::get(path).header(header::USER_AGENT, user_agent).body(Body::empty()).unwrap();
        assert_eq!(self.handle.router().oneshot(request).await.unwrap().status().as_u16(), 302);
    }

    pub(crate) async fn customer(&self, key: &str) {
        let body =
            json!({"customer_key": key, "email": format!("{key}@site.example"), "partner_key": "robin"});
        self.done("POST", "customers", body).await;
    }

    pub(crate) async fn pay(&self, customer: &str, key: &str, amount: i64) {
        let body = json!({"customer_key": customer, "key": key, "amount": amount, "currency": "USD"});
        self.done("POST", "transactions", body).await;
    }

    /// Runs statements behind the ledger's back, each as a unit of work of its own.
    pub(crate) async fn sql(&self, statements: &'static [&'static str]) {
        for statement in statements {
            let done: Result<usize, StoreError> =
                self.store.write(move |unit| unit.execute(statement, &[])).await;
            done.unwrap();
        }
    }

    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let found: Result<Option<i64>, StoreError> =
            self.store.read(move |unit| unit.query_one(query, &[], |row| row.get(0))).await;
        found.unwrap().unwrap()
    }

    /// What `headwater check` reports.
    pub(crate) async fn check(&self) -> Vec<String> {
        self.store.read(headwater_ledger::check).await.unwrap()
    }
}
