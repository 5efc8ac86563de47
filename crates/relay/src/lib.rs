//! The ingestion endpoint: takes events from browsers, servers and billing providers, appends them to the journal, and
//! delivers them in order to a ledger: ours, or another that speaks API v2.
//!
//! Nothing is delivered inside a request: 202 means only that the event is durable.
//!
//! What this crate does not do: decide who earned what, or store customers and money.

pub mod admit;
pub mod billing;
pub mod deliver;
pub mod http;
mod metrics;
mod programs;
mod rate;

use std::sync::Arc;

use bytes::Bytes;
use headwater_journal::Journal;
use headwater_protocol::Millis;
use headwater_store::StoreError;

pub use metrics::RelayMetrics;
pub use programs::{RelayProgram, RelayPrograms};
pub use rate::{Monotonic, Rates};

/// A browser script in the encodings a browser may ask for.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Not compressed.
    pub plain: Bytes,
    /// Compressed with brotli.
    pub brotli: Bytes,
    /// Compressed with gzip.
    pub gzip: Bytes,
}

/// The browser scripts that the relay serves; `None` for one that was not built.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// The script that pages load.
    pub latest: Option<Script>,
    /// The same without wasm, for pages that forbid it.
    pub fallback: Option<Script>,
    /// The parts that were built, by file name. The script loads one when a page uses its function.
    pub parts: Vec<(&'static str, Script)>,
    /// Eight hexadecimal digits of the hash of `latest`, the name of its immutable address.
    pub hash: String,
}

/// The wall clock. Given, so that tests set the time.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// The relay of one process. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    programs: RelayPrograms,
    journal: Journal,
    clock: Clock,
    scripts: Arc<Scripts>,
    rates: Arc<Rates>,
    metrics: RelayMetrics,
}

impl Relay {
    /// A relay that takes events for `programs` and appends them to `journal`.
    pub fn new(
        programs: RelayPrograms,
        journal: Journal,
        clock: Clock,
        scripts: Scripts,
        rates: Rates,
    ) -> Self {
        Self {
            programs,
            journal,
            clock,
            scripts: Arc::new(scripts),
            rates: Arc::new(rates),
            metrics: RelayMetrics::default(),
        }
    }

    /// Deletes the texts of a customer who asked to be forgotten, in the lane of every name it had. Each name has a
    /// letter for its kind in front, as [`headwater_protocol::event::CustomerRef::lane`] writes it. Entries that were
    /// not delivered yet become dead. Returns how many entries changed.
    ///
    /// # Errors
    /// When the store fails; texts deleted until then stay deleted, and the call can be repeated.
    pub async fn erase(&self, program: i64, test: bool, names: &[String]) -> Result<usize, StoreError> {
        let mut changed = 0;
        for name in names {
            changed += self.journal.erase(admit::lane_of(program, test, name), self.now().0).await?;
        }
        self.journal.empty_log().await?;
        Ok(changed)
    }

    /// What it has counted since it was made.
    pub fn metrics(&self) -> &RelayMetrics {
        &self.metrics
    }

    fn now(&self) -> Millis {
        (self.clock)()
    }
}
