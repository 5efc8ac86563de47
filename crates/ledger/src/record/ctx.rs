//! The context of one request: its program, its time, its source, and the generator of ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use headwater_protocol::key::Prefix;
use headwater_protocol::{Millis, Source};
use headwater_store::{StoreError, Unit};

use super::outgoing::WebhookCache;
use super::trigger::TriggerCache;
use crate::store::program::{self, ProgramVersions};

/// Generates row numbers and keys, and caches compiled triggers and webhooks; one for each process.
pub(crate) struct Ids {
    random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    last: AtomicI64,
    requests: AtomicI64,
    pub(super) triggers: TriggerCache,
    pub(super) webhooks: WebhookCache,
}

impl Ids {
    pub(crate) fn new(random: Arc<dyn Fn() -> [u8; 32] + Send + Sync>) -> Self {
        Self {
            random,
            last: AtomicI64::new(0),
            requests: AtomicI64::new(0),
            triggers: TriggerCache::default(),
            webhooks: WebhookCache::default(),
        }
    }

    /// 32 unpredictable bytes.
    pub(crate) fn random(&self) -> [u8; 32] {
        (self.random)()
    }

    /// The number of a new request, within this process.
    pub(crate) fn next_request(&self) -> i64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
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
        let low = u32::from_be_bytes([random[28], random[29], random[30], random[31]]) >> 12;
        let wanted = Self::first_id(now) + i64::from(low);
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
    /// The time of the request; for test records that of the program's test clock, where that is in use.
    pub(crate) now: Millis,
    /// The time of the request by the real clock, which numbers, keys and what expires go by.
    pub(crate) real_now: Millis,
    /// Whether the program's test clock is in use for this request: its test records earn test rewards.
    pub(crate) test_clock: bool,
    /// Public base URL of links.
    pub(crate) link_base: Arc<str>,
    pub(crate) ids: Arc<Ids>,
    /// The source of what the request says (trust.md section 1).
    pub(crate) source: Source,
    /// The request's number within its process.
    pub(crate) request: i64,
    /// The versions of what is cached of the program, when the unit of work has read them.
    pub(crate) versions: Option<ProgramVersions>,
    /// Set once an event is queued for a webhook.
    pub(crate) queued: Arc<AtomicBool>,
    /// Whether webhooks may lead to private addresses.
    pub(crate) private_targets: bool,
}

impl Ctx {
    /// The program and mode whose records a request may name.
    pub(crate) fn scope(&self) -> (i64, bool) {
        (self.program, self.test)
    }

    /// The same, with the versions of what is cached of the program as this unit of work sees them.
    pub(crate) fn with_versions(&self, unit: &mut Unit<'_>) -> Result<Self, StoreError> {
        Ok(Self { versions: Some(self.versions(unit)?), ..self.clone() })
    }

    /// The versions of what is cached of the program as this unit of work sees them.
    pub(super) fn versions(&self, unit: &mut Unit<'_>) -> Result<ProgramVersions, StoreError> {
        self.versions.map_or_else(|| program::versions(unit, self.program), Ok)
    }

    /// A new row number, above every earlier one of this process.
    pub(crate) fn next_id(&self) -> i64 {
        self.ids.next_id(self.real_now)
    }

    /// A new object's key.
    pub(crate) fn mint(&self, prefix: Prefix) -> String {
        prefix.mint(self.real_now, &self.random())
    }

    /// 32 unpredictable bytes.
    pub(crate) fn random(&self) -> [u8; 32] {
        self.ids.random()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Ids;
    use headwater_protocol::Millis;

    const NOW: Millis = Millis(1_775_514_585_000);

    fn ids(drawn: u8) -> Ids {
        Ids::new(Arc::new(move || [drawn; 32]))
    }

    #[test]
    fn a_number_lies_within_its_millisecond() {
        assert_eq!(ids(0).next_id(NOW), Ids::first_id(NOW));
        assert_eq!(ids(u8::MAX).next_id(NOW), Ids::first_id(NOW.plus(1)) - 1);
        assert_eq!(ids(0x12).next_id(NOW) - Ids::first_id(NOW), 0x12121);
    }

    #[test]
    fn numbers_grow_even_when_nothing_random_is_drawn_and_the_clock_goes_back() {
        let ids = ids(0);
        let made = [NOW, NOW, NOW, NOW.plus(-1000)].map(|now| ids.next_id(now) - Ids::first_id(NOW));
        assert_eq!(made, [0, 1, 2, 3]);
        assert_eq!(ids.next_id(NOW.plus(1)), Ids::first_id(NOW.plus(1)));
    }

    #[test]
    fn a_time_before_1970_is_the_first() {
        assert_eq!((Ids::first_id(Millis(-5)), Ids::first_id(Millis(1))), (0, 1 << 20));
    }
}
