//! What all handles of a test's system share: the stores, the ledger, the relay and the proxy between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use headwater_client::{Client, Credential};
use headwater_journal::Journal;
use headwater_ledger::{IngestionProgram, Ledger, Settings};
use headwater_protocol::limits;
use headwater_protocol::v2::ClaimPolicy;
use headwater_relay::deliver::Destinations;
use headwater_relay::{Rates, Relay, RelayPrograms, Scripts};
use headwater_store::Bounds;
use headwater_teststore::open_within;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::clock::TestClock;
use crate::destination::Destination;

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

/// What the handles of a [`crate::Headwater`] share.
pub(crate) struct HeadwaterInner {
    pub(crate) ledger: Ledger,
    pub(crate) relay: Relay,
    pub(crate) journal: Journal,
    pub(crate) clock: TestClock,
    known: RelayPrograms,
    changes: Mutex<watch::Receiver<u64>>,
    pub(crate) destination: Destination,
    pub(crate) destinations: Destinations,
    events: AtomicU64,
    pub(crate) directory: tempfile::TempDir,
}

impl HeadwaterInner {
    pub(crate) fn open(options: &KitOptions) -> Self {
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
    pub(crate) async fn erase_pending(&self) {
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
        webhook_secrets: program.webhook_secrets,
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
