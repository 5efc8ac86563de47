//! The gate: takes events from browsers, servers and billing providers, journals them, and delivers them in
//! order to a ledger, ours or another's.
//!
//! Nothing is delivered inside a request: 202 means the event is on disk, and no more.
//!
//! What this crate does not do: decide who earned what, or keep books.

pub mod admit;
pub mod billing;
pub mod deliver;
pub mod http;
mod programs;
mod rate;

use std::sync::Arc;

use bytes::Bytes;
use headwater_journal::Journal;
use headwater_protocol::Millis;
use headwater_store::StoreError;

pub use programs::{Program, Programs};
pub use rate::{Monotonic, Rates};

/// A browser script in the encodings a browser may ask for.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// As it runs.
    pub plain: Bytes,
    /// Under brotli.
    pub brotli: Bytes,
    /// Under gzip.
    pub gzip: Bytes,
}

/// The browser scripts, as the gate hands them out; `None` for what was not built.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// What pages load.
    pub latest: Option<Script>,
    /// The same without wasm, for pages that forbid it.
    pub fallback: Option<Script>,
    /// What the script loads when a page asks for it, by file name; all that was built.
    pub parts: Vec<(&'static str, Script)>,
    /// Eight hexadecimal digits of the hash of `latest`, the name of its immutable address.
    pub hash: String,
}

/// A clock.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// The gate of one process. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    programs: Programs,
    journal: Journal,
    clock: Clock,
    scripts: Arc<Scripts>,
    rates: Arc<Rates>,
}

impl Relay {
    /// A gate for `programs` in front of `journal`.
    pub fn new(programs: Programs, journal: Journal, clock: Clock, scripts: Scripts, rates: Rates) -> Self {
        Self { programs, journal, clock, scripts: Arc::new(scripts), rates: Arc::new(rates) }
    }

    /// Empties the texts of a customer who asked to be forgotten, under every name it had; each is a letter for
    /// its kind and the name, as [`headwater_protocol::event::CustomerRef::lane`] writes it. What was not delivered
    /// yet will not be. Returns how many entries changed.
    ///
    /// # Errors
    /// When the store fails; what was emptied until then stays so, and the call can be repeated.
    pub async fn erase(&self, program: i64, test: bool, names: &[String]) -> Result<usize, StoreError> {
        let mut changed = 0;
        for name in names {
            changed += self.journal.erase(admit::lane_of(program, test, name), self.now().0).await?;
        }
        self.journal.empty_log().await?;
        Ok(changed)
    }

    fn now(&self) -> Millis {
        (self.clock)()
    }
}
