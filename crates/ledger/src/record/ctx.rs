//! The context of one request: its program, its time, its source, and the generator of ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use headwater_protocol::key::Prefix;
use headwater_protocol::{Millis, Source};

use super::trigger::TriggerCache;

/// Generates row numbers and keys, and caches compiled triggers; one for each process.
pub(crate) struct Ids {
    random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    last: AtomicI64,
    pub(super) triggers: TriggerCache,
}

impl Ids {
    pub(crate) fn new(random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>) -> Self {
        Self { random, last: AtomicI64::new(0), triggers: TriggerCache::default() }
    }

    /// 32 unpredictable bytes.
    pub(crate) fn random(&self) -> [u8; 32] {
        (self.random)()
    }

    /// The lowest number that a row made at this time or later can have.
    pub(crate) fn first_id(at: Millis) -> i64 {
        at.0.max(0) << 20
    }

    /// A new row number: the time in milliseconds and 20 random bits, always above the last one of this process, so
    /// that numbers order rows by when they were made. Two processes that make a row in the same millisecond collide
    /// once in a million times; the primary key then refuses the second.
    fn next_id(&self, now: Millis) -> i64 {
        let random = self.random();
        let low = i64::from(random[29]) << 12 | i64::from(random[30]) << 4 | i64::from(random[31] & 15);
        let wanted = Self::first_id(now) | low;
        let step = |last: i64| Some(wanted.max(last + 1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        wanted.max(last.unwrap_or_default() + 1)
    }
}

/// The context of one request.
#[derive(Clone)]
pub(crate) struct Ctx {
    /// The program's number.
    pub(crate) program: i64,
    /// The program's number as answers show it.
    pub(crate) company_id: i64,
    /// Whether test keys were used: they make and see test records only.
    pub(crate) test: bool,
    /// The time of the request.
    pub(crate) now: Millis,
    /// Public base URL of links.
    pub(crate) link_base: Arc<str>,
    pub(crate) ids: Arc<Ids>,
    /// The source of what the request says (trust.md section 1).
    pub(crate) source: Source,
}

impl Ctx {
    /// The program and mode whose records a request may name.
    pub(crate) fn scope(&self) -> (i64, bool) {
        (self.program, self.test)
    }

    /// A new row number, above every earlier one of this process.
    pub(crate) fn next_id(&self) -> i64 {
        self.ids.next_id(self.now)
    }

    /// A new object's key.
    pub(crate) fn mint(&self, prefix: Prefix) -> String {
        prefix.mint(self.now, &self.random())
    }

    /// 32 unpredictable bytes.
    pub(crate) fn random(&self) -> [u8; 32] {
        self.ids.random()
    }
}
