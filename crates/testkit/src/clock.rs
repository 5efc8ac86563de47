//! The clock that a test sets by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use headwater_protocol::Millis;

/// When every test begins, epoch milliseconds: 2026-04-06.
pub const START: i64 = 1_775_514_585_000;
/// Milliseconds of a minute.
pub const MINUTE: i64 = 60 * 1000;
/// Milliseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// A clock that moves only when it is told to. All clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock {
    now: Arc<AtomicI64>,
    passed: Arc<AtomicI64>,
}

impl TestClock {
    pub(crate) fn start() -> Self {
        Self { now: Arc::new(AtomicI64::new(START)), passed: Arc::default() }
    }

    /// The time, epoch milliseconds.
    pub fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
        self.passed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock, as an operator or a time server does. No time passes by it.
    pub fn set(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }

    pub(crate) fn wall(&self) -> Arc<dyn Fn() -> Millis + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || Millis(clock.now()))
    }

    /// The monotonic clock, which rate limits use.
    pub(crate) fn monotonic(&self) -> Arc<dyn Fn() -> Duration + Send + Sync> {
        let passed = Arc::clone(&self.passed);
        Arc::new(move || Duration::from_millis(passed.load(Ordering::SeqCst).unsigned_abs()))
    }
}
