//! The whole system: stores in a temporary directory, ledger, relay, and the proxy between them.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use headwater_journal::Journal;
use headwater_ledger::{Ledger, NewProgram};
use headwater_relay::Relay;
use headwater_relay::deliver::{Destinations, deliver_due};
use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::destination::{Exchange, Reply, SentRequest};
use crate::inner::{HeadwaterInner, KitOptions};
use crate::program::{TestEvent, TestProgram};
use crate::{ApiAnswer, ApiCaller};

/// Relay and ledger, connected. Methods that take no program act for the first one.
pub struct Headwater {
    inner: Arc<HeadwaterInner>,
    programs: Vec<TestProgram>,
}

impl Headwater {
    /// Starts with one program and the default options.
    pub async fn start() -> Self {
        Self::start_with(KitOptions::default()).await
    }

    /// Starts with these options.
    pub async fn start_with(options: KitOptions) -> Self {
        let inner = Arc::new(HeadwaterInner::open(&options));
        let mut programs = Vec::new();
        for number in 0..options.programs {
            let new = NewProgram {
                name: format!("GigaKick {number}"),
                origins: Vec::new(),
                link_destinations: vec!["www.example.com".to_owned()],
            };
            let keys = inner.ledger.create_program(new).await.unwrap();
            let program = TestProgram::new(Arc::clone(&inner), number, keys);
            let mut settings = json!({
                "checkout_amounts": options.checkout_amounts,
                "webhook_secrets": {"stripe": program.stripe_secret(),
                    "recurly": program.recurly_secret(), "maxio": program.maxio_secret()},
                "test_webhook_secrets": {"stripe": program.stripe_test_secret()},
            });
            let further = options.settings.as_object().unwrap().clone();
            settings.as_object_mut().unwrap().extend(further);
            program.admin().patch("program", settings).await.expect(200);
            programs.push(program);
        }
        Self { inner, programs }
    }

    /// A program, counted from 0.
    pub fn program(&self, number: usize) -> &TestProgram {
        &self.programs[number]
    }

    /// The clock.
    pub fn clock(&self) -> &TestClock {
        &self.inner.clock
    }

    /// The journal itself, for what is not visible over HTTP.
    pub fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    /// The ledger itself, for what is not visible over HTTP.
    pub fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    /// The relay itself, for tests that run its delivery themselves.
    pub fn relay(&self) -> &Relay {
        &self.inner.relay
    }

    /// The clients that [`Headwater::deliver`] delivers with.
    pub fn destinations(&self) -> Destinations {
        Arc::clone(&self.inner.destinations)
    }

    /// All routes of `headwater serve`, for tests that serve them on a socket.
    pub fn router(&self) -> Router {
        let inner = Arc::clone(&self.inner);
        Router::new().fallback(move |request: Request<Body>| {
            let inner = Arc::clone(&inner);
            async move { inner.answer(request).await }
        })
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        self.inner.directory.path()
    }

    /// Answers those requests of the relay in place of the ledger for which `rule` returns an answer.
    pub fn intercept(&self, rule: impl FnMut(&SentRequest) -> Option<Reply> + Send + 'static) {
        self.inner.destination.intercept(Some(Box::new(rule)));
    }

    /// Ends [`Headwater::intercept`]: the ledger answers every request again.
    pub fn let_through(&self) {
        self.inner.destination.intercept(None);
    }

    /// The relay's requests to the ledger so far, in order, with their answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.inner.destination.exchanges()
    }

    /// Clears the list of [`Headwater::exchanges`].
    pub fn clear_exchanges(&self) {
        self.inner.destination.clear();
    }

    /// Delivers until no entry is due at the clock's time; returns the number of attempts.
    pub async fn deliver(&self) -> usize {
        self.inner.follow_settings().await;
        let attempts = deliver_due(&self.inner.relay, &self.inner.destinations).await.unwrap();
        self.inner.erase_pending().await;
        attempts
    }

    /// Lets `millis` pass and delivers each entry when it falls due; returns the number of attempts.
    pub async fn deliver_for(&self, millis: i64) -> usize {
        let end = self.clock().now() + millis;
        let mut attempts = self.deliver().await;
        while let Some(due) = self.journal().next_due().await.unwrap().filter(|due| *due <= end) {
            self.clock().pass((due - self.clock().now()).max(0));
            let now = self.deliver().await;
            assert!(now > 0, "an entry is due and cannot be claimed");
            attempts += now;
        }
        self.clock().pass(end - self.clock().now());
        attempts
    }

    /// [`TestProgram::api`] of the first program.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> ApiAnswer {
        self.program(0).api(method, path, body).await
    }

    /// [`ApiCaller::all`] of the first program's vendor.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        self.program(0).vendor().all(path).await
    }

    /// [`TestProgram::event`] of the first program.
    pub async fn event(&self, event: TestEvent) -> ApiAnswer {
        self.program(0).event(event).await
    }

    /// [`TestProgram::stripe`] of the first program.
    pub async fn stripe(&self, event: &Value) -> ApiAnswer {
        self.program(0).stripe(event).await
    }

    /// [`TestProgram::webhook`] of the first program.
    pub async fn webhook(&self, provider: &str, headers: &[(&str, &str)], body: &str) -> ApiAnswer {
        self.program(0).webhook(provider, headers, body).await
    }

    /// [`TestProgram::entries`] of the first program.
    pub async fn entries(&self) -> Vec<Value> {
        self.program(0).entries().await
    }

    /// [`TestProgram::describe_entries`] of the first program.
    pub async fn describe_entries(&self) -> String {
        self.program(0).describe_entries().await
    }

    /// [`TestProgram::balance`] of the first program.
    pub async fn balance(&self, partner: &str) -> i64 {
        self.program(0).balance(partner).await
    }

    /// [`TestProgram::set_up_catalogue`] of the first program.
    pub async fn set_up_catalogue(&self) {
        self.program(0).set_up_catalogue().await;
    }

    /// A caller without a credential.
    pub fn nobody(&self) -> ApiCaller {
        ApiCaller::nobody(Arc::clone(&self.inner))
    }
}
