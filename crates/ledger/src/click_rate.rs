//! The rate limit of clicks by one address. Each click is a stored row, and without a limit one script could fill the
//! disk.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use headwater_protocol::{Millis, limits};

/// Checks between two removals of addresses that have not clicked lately.
const PRUNE_EVERY: usize = 16 * 1024;

/// The ledger's injected clock, in the form that `governor` takes.
#[derive(Clone)]
struct InjectedClock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock for InjectedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis((self.0)().0.unsigned_abs())
    }
}

/// One rate limiter for each address.
pub(crate) struct ClickRates {
    addresses: RateLimiter<IpAddr, DashMapStateStore<IpAddr>, InjectedClock, NoOpMiddleware<Duration>>,
    checks: AtomicUsize,
}

impl ClickRates {
    pub(crate) fn new(clock: Arc<dyn Fn() -> Millis + Send + Sync>) -> Self {
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(number(limits::CLICKS_PER_SECOND)).allow_burst(number(limits::CLICKS_BURST));
        Self {
            addresses: RateLimiter::dashmap_with_clock(quota, InjectedClock(clock)),
            checks: AtomicUsize::new(0),
        }
    }

    /// Whether `address` may click once more. An IPv6 client usually owns a whole /64, so that network counts as one
    /// address.
    pub(crate) fn check(&self, address: IpAddr) -> bool {
        if self.checks.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            self.addresses.retain_recent();
            self.addresses.shrink_to_fit();
        }
        let network = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
            v4 @ IpAddr::V4(_) => v4,
        };
        self.addresses.check_key(&network).is_ok()
    }
}
