//! How many events a second: for each key pair, and, with a public key alone, for each address too. A key that
//! stands in every page of a site is known to everyone; without this, one script could fill the disk.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use headwater_protocol::limits;

use crate::admit::Sender;

/// Time since some moment; never runs backwards.
pub type Monotonic = std::sync::Arc<dyn Fn() -> Duration + Send + Sync>;

/// Checks between two looks for keys that nobody used lately: memory holds so many strangers at most.
const PRUNE_EVERY: usize = 16 * 1024;

/// A key pair: program number, and whether it is the test pair.
type Pair = (i64, bool);
type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, Given, NoOpMiddleware<Duration>>;

/// Events were more than their rate allows. None of them was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// A sentence that names the bound.
    pub(crate) message: String,
    /// Until they may come again.
    pub(crate) wait: Duration,
}

/// The rates of one gate.
pub struct Rates {
    pairs: Keyed<Pair>,
    addresses: Keyed<(Pair, IpAddr)>,
    clock: Given,
    per_second: NonZeroU32,
    per_address: NonZeroU32,
    checks: AtomicUsize,
}

#[derive(Clone)]
struct Given(Monotonic);

impl Clock for Given {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

impl Rates {
    /// `per_second` events of a key pair; of them, one address may send a tenth with a public key alone.
    pub fn new(per_second: NonZeroU32, clock: Monotonic) -> Self {
        let clock = Given(clock);
        // A batch must fit into a burst, or it could never be sent.
        let batch = NonZeroU32::new(u32::try_from(limits::BATCH_EVENTS_MAX).unwrap_or(u32::MAX))
            .unwrap_or(NonZeroU32::MIN);
        let quota = |rate: NonZeroU32| {
            let burst = NonZeroU32::new(limits::RATE_BURST_SECONDS).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(rate).allow_burst(rate.saturating_mul(burst).max(batch))
        };
        let per_address =
            NonZeroU32::new(per_second.get() / limits::PROGRAM_PER_ADDRESS).unwrap_or(NonZeroU32::MIN);
        Self {
            pairs: RateLimiter::dashmap_with_clock(quota(per_second), clock.clone()),
            addresses: RateLimiter::dashmap_with_clock(quota(per_address), clock.clone()),
            clock,
            per_second,
            per_address,
            checks: AtomicUsize::new(0),
        }
    }

    /// Whether `events` more may come. The address comes first: what it may not send uses up nothing of the pair's.
    pub(crate) fn check(
        &self,
        pair: Pair,
        sender: Sender,
        address: Option<IpAddr>,
        events: usize,
    ) -> Result<(), TooMany> {
        self.prune();
        let Some(events) = u32::try_from(events).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        if sender == Sender::Browser
            && let Some(address) = address
        {
            self.one(&self.addresses, &(pair, network(address)), events, self.per_address, "one address")?;
        }
        self.one(&self.pairs, &pair, events, self.per_second, "one key pair")
    }

    fn one<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &Keyed<K>,
        key: &K,
        events: NonZeroU32,
        rate: NonZeroU32,
        whose: &str,
    ) -> Result<(), TooMany> {
        let wait = match limiter.check_key_n(key, events) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(until)) => until.wait_time_from(self.clock.now()),
            // No batch is larger than a burst; were it, waiting would not help.
            Err(_) => Duration::from_secs(1),
        };
        let message = format!("{whose} may send {rate} events a second here; these were not taken");
        Err(TooMany { message, wait })
    }

    fn prune(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            self.addresses.retain_recent();
            self.addresses.shrink_to_fit();
            self.pairs.retain_recent();
        }
    }
}

/// An address as a limit sees it: whoever has one IPv6 address has a whole /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const PAIR: Pair = (7, false);

    /// Rates of 100 a second, 10 for each address, and their clock.
    fn rates() -> (Rates, Arc<Mutex<Duration>>) {
        let now = Arc::new(Mutex::new(Duration::ZERO));
        let clock = Arc::clone(&now);
        let rates = Rates::new(NonZeroU32::new(100).unwrap(), Arc::new(move || *clock.lock().unwrap()));
        (rates, now)
    }

    #[allow(clippy::unnecessary_wraps, reason = "what `check` takes")]
    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_is_refused_after_its_burst_and_taken_again_after_the_wait_it_was_told() {
        let (rates, now) = rates();
        rates.check(PAIR, Sender::Browser, address(1), 50).unwrap();
        let refused = rates.check(PAIR, Sender::Browser, address(1), 5).unwrap_err();
        assert!(refused.message.contains("one address may send 10 events a second"), "{refused:?}");
        rates.check(PAIR, Sender::Browser, address(2), 50).unwrap();
        *now.lock().unwrap() += refused.wait;
        rates.check(PAIR, Sender::Browser, address(1), 5).unwrap();
    }

    #[test]
    fn a_server_is_bound_by_its_key_pair_alone() {
        let (rates, _) = rates();
        for _ in 0..4 {
            rates.check(PAIR, Sender::Server, address(1), 50).unwrap();
        }
        let refused = rates.check(PAIR, Sender::Server, address(1), 1).unwrap_err();
        assert!(refused.message.contains("one key pair may send 100 events a second"), "{refused:?}");
        rates.check((7, true), Sender::Server, address(1), 50).unwrap();
    }

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_address() {
        let (rates, _) = rates();
        let v6 = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        rates.check(PAIR, Sender::Browser, v6("2001:db8:1:2::1"), 50).unwrap();
        rates.check(PAIR, Sender::Browser, v6("2001:db8:1:2:ffff::9"), 1).unwrap_err();
        rates.check(PAIR, Sender::Browser, v6("2001:db8:1:3::1"), 1).unwrap();
        rates.check(PAIR, Sender::Browser, v6("::ffff:192.0.2.1"), 50).unwrap();
        rates.check(PAIR, Sender::Browser, address(1), 1).unwrap_err();
    }

    #[test]
    fn strangers_are_forgotten() {
        let (rates, now) = rates();
        let stranger = |n: usize| Some(IpAddr::from(u32::try_from(n).unwrap().to_be_bytes()));
        for n in 0..PRUNE_EVERY {
            *now.lock().unwrap() += Duration::from_millis(100);
            rates.check(PAIR, Sender::Browser, stranger(n), 1).unwrap();
        }
        assert!(rates.addresses.len() < 100, "{}", rates.addresses.len());
    }
}
