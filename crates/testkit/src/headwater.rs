//! The whole system: stores in a temporary directory, ledger, relay, and the proxy between them.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use headwater_client::{Client, Credential};
use headwater_journal::Journal;
use headwater_ledger::{IngestionProgram, Ledger, NewProgram, Settings};
use headwater_protocol::limits;
use headwater_protocol::v2::ClaimPolicy;
use headwater_relay::deliver::{Destinations, deliver_due};
use headwater_relay::{Rates, Relay, RelayPrograms, Scripts};
use headwater_store::Bounds;
use headwater_teststore::open_within;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::clock::TestClock;
use crate::destination::{Destination, Exchange, Reply, SentRequest};
use crate::program::{TestEvent, TestProgram};
use crate::{ApiAnswer, ApiCaller};

/// What a test may choose.
#[derive(Debug, Clone)]
pub struct KitOptions {
    /// What each program does with amounts a page claims.
    pub checkout_amounts: ClaimPolicy,
    /// Further settings of each program: members of `PATCH /api/v2/program`.
    pub settings: Value,
    /// The limits of the journal's store.
    pub journal: Bounds,
    /// The limits of the ledger's store.
    pub ledger: Bounds,
    /// How many programs there are.
    pub programs: usize,
}

impl Default for KitOptions {
    fn default() -> Self {
        let bounds = Bounds {
            waiting: limits::WRITE_QUEUE_MAX,
            commit: limits::COMMIT_UNITS_MAX,
            readers: limits::READERS_MAX,
            reader_wait: Duration::from_millis(limits::READ_WAIT),
        };
        Self {
            checkout_amounts: ClaimPolicy::default(),
            settings: json!({}),
            journal: bounds,
            ledger: bounds,
            programs: 1,
        }
    }
}

/// Relay and ledger, connected. Methods that take no program act for the first one.
pub struct Headwater {
    inner: Arc<HeadwaterInner>,
    programs: Vec<TestProgram>,
}

pub(crate) struct HeadwaterInner {
    pub(crate) ledger: Ledger,
    pub(crate) relay: Relay,
    pub(crate) journal: Journal,
    pub(crate) clock: TestClock,
    known: RelayPrograms,
    changes: Mutex<watch::Receiver<u64>>,
    destination: Destination,
    destinations: Destinations,
    events: AtomicU64,
    directory: tempfile::TempDir,
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
                "stripe_webhook_secret": program.stripe_secret(),
                "stripe_test_webhook_secret": program.stripe_test_secret(),
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

impl HeadwaterInner {
    fn open(options: &KitOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = TestClock::start();
        let ledger = open_within(directory.path(), "ledger", headwater_ledger::MIGRATIONS, options.ledger);
        let drawn = AtomicU64::new(0);
        let settings = Settings {
            link_base: "https://go.example.com".to_owned(),
            clock: clock.wall(),
            random: Arc::new(move || {
                Sha256::digest(drawn.fetch_add(1, Ordering::Relaxed).to_le_bytes()).into()
            }),
        };
        let ledger = Ledger::open(ledger.unwrap(), settings).unwrap();
        let journal =
            open_within(directory.path(), "journal", headwater_journal::MIGRATIONS, options.journal);
        let journal = Journal::open(journal.unwrap());
        let known = RelayPrograms::default();
        let rates = Rates::new(1_000_000.try_into().unwrap(), clock.monotonic());
        let relay = Relay::new(known.clone(), journal.clone(), clock.wall(), Scripts::default(), rates);
        let destination = Destination::default();
        let destinations = in_process(&ledger, &known, destination.before(ledger.router()));
        let changes = Mutex::new(ledger.changes());
        Self {
            ledger,
            relay,
            journal,
            clock,
            known,
            changes,
            destination,
            destinations,
            events: AtomicU64::new(1 << 32),
            directory,
        }
    }

    /// Answers a request to any of the routes.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.follow_settings().await;
        let router = self.ledger.router().merge(headwater_relay::http::router(self.relay.clone()));
        router.oneshot(request).await.unwrap()
    }

    /// Deletes the texts of deleted customers from the journal, as the cli does in `headwater serve`.
    async fn erase_pending(&self) {
        for erasure in self.ledger.pending_erasures().await.unwrap() {
            self.relay.erase(erasure.program, erasure.test, &erasure.names).await.unwrap();
            self.ledger.erased(erasure.id).await.unwrap();
        }
    }

    /// Updates the relay's programs if the ledger's have changed, as `headwater serve` does.
    pub(crate) async fn follow_settings(&self) {
        let changed = self.changes.lock().unwrap().has_changed().unwrap();
        if changed {
            self.changes.lock().unwrap().mark_unchanged();
            let programs = self.ledger.ingestion_programs().await.unwrap();
            self.known.replace(programs.into_iter().map(for_ingestion).collect());
        }
    }

    /// The id of the next event. Ids count up, so they are the same in each run.
    pub(crate) fn next_event(&self) -> String {
        event_id(self.events.fetch_add(1, Ordering::Relaxed))
    }
}

/// The id of an event by its number.
pub(crate) fn event_id(number: u64) -> String {
    format!("019365b2-7c00-7abc-8def-{number:012x}")
}

fn for_ingestion(program: IngestionProgram) -> headwater_relay::RelayProgram {
    headwater_relay::RelayProgram {
        id: program.id,
        public_key: program.public_key,
        test: program.test,
        origins: program.origins,
        checkout_amounts: program.checkout_amounts,
        stripe_webhook_secret: program.stripe_webhook_secret,
        secret_hash: Some(program.secret_hash),
        older_secret_hashes: program.older_secret_hashes,
        signups: program.signups,
        identity_secret: program.identity_secret,
        organic_signups: program.organic_signups,
        needs_email: false,
    }
}

/// Clients as `headwater serve` makes them, one for each key pair.
fn in_process(ledger: &Ledger, known: &RelayPrograms, receiver: Router) -> Destinations {
    let (secret, known) = (ledger.in_process_secret(), known.clone());
    Arc::new(move |id, test| {
        let program = known.of(id, test)?;
        let credential = Credential::basic(program.public_key.clone(), secret.clone(), None);
        Some(Client::in_process(receiver.clone(), credential))
    })
}
