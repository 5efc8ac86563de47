//! Rate limits: events a second for each key pair, and, with a public key alone, also for each address; and KiB of
//! events a day for both. The public key is in every page of a site, so everyone knows it; without limits, one script
//! could fill the disk.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use headwater_protocol::limits;

use crate::admit::EventSender;

/// A monotonic clock: time since a fixed moment.
pub type Monotonic = std::sync::Arc<dyn Fn() -> Duration + Send + Sync>;

/// Checks between two removals of limits that were not used lately. So memory holds at most about this many addresses
/// more than are active.
const PRUNE_EVERY: usize = 16 * 1024;

/// A key pair: program number, and whether it is the test pair.
type KeyPair = (i64, bool);
type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, MonotonicClock, NoOpMiddleware<Duration>>;

/// The events were more than their rate allows. None of them was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateLimited {
    /// A sentence that names the bound.
    pub(crate) message: String,
    /// After this time they may be sent again.
    pub(crate) wait: Duration,
}

/// The size of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// How many events.
    pub(crate) events: usize,
    /// Bytes of their texts together.
    pub(crate) bytes: usize,
}

/// The rate limits of one relay.
pub struct Rates {
    pairs: Keyed<KeyPair>,
    addresses: Keyed<(KeyPair, IpAddr)>,
    /// KiB a day of all pages of a key pair.
    pair_days: Keyed<KeyPair>,
    /// KiB a day of one address.
    address_days: Keyed<(KeyPair, IpAddr)>,
    clock: MonotonicClock,
    per_second: NonZeroU32,
    per_address: NonZeroU32,
    checks: AtomicUsize,
}

#[derive(Clone)]
struct MonotonicClock(Monotonic);

impl Clock for MonotonicClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

impl Rates {
    /// Limits of `per_second` events for a key pair. With a public key alone, one address may send one in
    /// [`limits::PROGRAM_PER_ADDRESS`] of them.
    pub fn new(per_second: NonZeroU32, clock: Monotonic) -> Self {
        let clock = MonotonicClock(clock);
        // A burst must allow a whole batch, or a full batch could never be sent.
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
            pair_days: RateLimiter::dashmap_with_clock(
                a_day(kib_a_day(per_second, limits::PROGRAM_KIB_PER_DAY)),
                clock.clone(),
            ),
            address_days: RateLimiter::dashmap_with_clock(
                a_day(kib_a_day(per_address, limits::ADDRESS_KIB_PER_DAY)),
                clock.clone(),
            ),
            clock,
            per_second,
            per_address,
            checks: AtomicUsize::new(0),
        }
    }

    /// Whether a request of this size may be accepted now. The address is checked before the key pair, so that refused
    /// requests of one address use up nothing of the pair's limit. The limit by day does not apply with the secret key.
    pub(crate) fn check(
        &self,
        pair: KeyPair,
        sender: EventSender,
        address: Option<IpAddr>,
        size: Size,
    ) -> Result<(), RateLimited> {
        self.prune();
        let count = |number: usize| u32::try_from(number).ok().and_then(NonZeroU32::new);
        let Some(events) = count(size.events) else { return Ok(()) };
        let a_second = |rate: NonZeroU32| format!("send {rate} events a second");
        let kib = count(size.bytes.div_ceil(1024)).filter(|_| sender == EventSender::Browser);
        let a_day = |kib: NonZeroU32| format!("leave {} MiB of events a day", kib.get() / 1024);
        if sender == EventSender::Browser
            && let Some(address) = address
        {
            let (key, whose, rate) = ((pair, network(address)), "one address", self.per_address);
            self.one(&self.addresses, &key, events, whose, || a_second(rate))?;
            if let Some(kib) = kib {
                let bound = || a_day(kib_a_day(rate, limits::ADDRESS_KIB_PER_DAY));
                self.one(&self.address_days, &key, kib, whose, bound)?;
            }
        }
        let (whose, rate) = ("one key pair", self.per_second);
        self.one(&self.pairs, &pair, events, whose, || a_second(rate))?;
        let Some(kib) = kib else { return Ok(()) };
        self.one(&self.pair_days, &pair, kib, "all pages of one key pair", || {
            a_day(kib_a_day(rate, limits::PROGRAM_KIB_PER_DAY))
        })
    }

    fn one<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &Keyed<K>,
        key: &K,
        cells: NonZeroU32,
        whose: &str,
        bound: impl FnOnce() -> String,
    ) -> Result<(), RateLimited> {
        let wait = match limiter.check_key_n(key, cells) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(until)) => until.wait_time_from(self.clock.now()),
            // Not reached: no batch is larger than a burst. If one were, no wait would help.
            Err(_) => Duration::from_secs(1),
        };
        let message = format!("{whose} may {} here; these were not taken", bound());
        Err(RateLimited { message, wait })
    }

    fn prune(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            for addresses in [&self.addresses, &self.address_days] {
                addresses.retain_recent();
                addresses.shrink_to_fit();
            }
            self.pairs.retain_recent();
            self.pair_days.retain_recent();
        }
    }
}

/// KiB a day for a sender with the limit `rate`: `each` KiB for each event a second.
fn kib_a_day(rate: NonZeroU32, each: u32) -> NonZeroU32 {
    rate.saturating_mul(NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN))
}

/// A quota of `cells` as a burst, refilled evenly over 24 hours.
fn a_day(cells: NonZeroU32) -> Quota {
    let one = Duration::from_hours(24) / cells.get();
    Quota::with_period(one).unwrap_or(Quota::per_second(cells)).allow_burst(cells)
}

/// The address that a limit counts by: the /64 network of an IPv6 address, because a sender with one address there
/// usually has them all.
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

    const PAIR: KeyPair = (7, false);

    /// Rates of 100 a second, 10 for each address, and their clock.
    fn rates() -> (Rates, Arc<Mutex<Duration>>) {
        let now = Arc::new(Mutex::new(Duration::ZERO));
        let clock = Arc::clone(&now);
        let rates = Rates::new(NonZeroU32::new(100).unwrap(), Arc::new(move || *clock.lock().unwrap()));
        (rates, now)
    }

    /// Events of one byte each.
    fn few(events: usize) -> Size {
        Size { events, bytes: events }
    }

    #[allow(clippy::unnecessary_wraps, reason = "what `check` takes")]
    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_is_refused_after_its_burst_and_accepted_after_the_given_wait() {
        let (rates, now) = rates();
        rates.check(PAIR, EventSender::Browser, address(1), few(50)).unwrap();
        let refused = rates.check(PAIR, EventSender::Browser, address(1), few(5)).unwrap_err();
        assert!(refused.message.contains("one address may send 10 events a second"), "{refused:?}");
        rates.check(PAIR, EventSender::Browser, address(2), few(50)).unwrap();
        *now.lock().unwrap() += refused.wait;
        rates.check(PAIR, EventSender::Browser, address(1), few(5)).unwrap();
    }

    #[test]
    fn a_server_is_limited_by_its_key_pair_only() {
        let (rates, _) = rates();
        for _ in 0..4 {
            rates.check(PAIR, EventSender::Server, address(1), few(50)).unwrap();
        }
        let refused = rates.check(PAIR, EventSender::Server, address(1), few(1)).unwrap_err();
        assert!(refused.message.contains("one key pair may send 100 events a second"), "{refused:?}");
        rates.check((7, true), EventSender::Server, address(1), few(50)).unwrap();
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_limit() {
        let (rates, _) = rates();
        let v6 = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        rates.check(PAIR, EventSender::Browser, v6("2001:db8:1:2::1"), few(50)).unwrap();
        rates.check(PAIR, EventSender::Browser, v6("2001:db8:1:2:ffff::9"), few(1)).unwrap_err();
        rates.check(PAIR, EventSender::Browser, v6("2001:db8:1:3::1"), few(1)).unwrap();
        rates.check(PAIR, EventSender::Browser, v6("::ffff:192.0.2.1"), few(50)).unwrap();
        rates.check(PAIR, EventSender::Browser, address(1), few(1)).unwrap_err();
    }

    #[test]
    fn limits_of_addresses_that_stopped_sending_are_removed() {
        let (rates, now) = rates();
        let stranger = |n: usize| Some(IpAddr::from(u32::try_from(n).unwrap().to_be_bytes()));
        for n in 0..PRUNE_EVERY {
            *now.lock().unwrap() += Duration::from_millis(100);
            rates.check(PAIR, EventSender::Browser, stranger(n), few(1)).unwrap();
        }
        assert!(rates.addresses.len() < 100, "{}", rates.addresses.len());
    }

    #[test]
    fn an_address_that_sends_large_events_all_day_fills_no_disk() {
        let (rates, now) = rates();
        let (large, step) = (Size { events: 1, bytes: limits::EVENT_MAX }, Duration::from_millis(200));
        let mut taken = 0;
        for _ in 0..(24 * 60 * 60 * 5) {
            *now.lock().unwrap() += step;
            if rates.check(PAIR, EventSender::Browser, address(1), large).is_ok() {
                taken += large.bytes;
            }
        }
        let day = 10 * 1024 * usize::try_from(limits::ADDRESS_KIB_PER_DAY).unwrap();
        assert!(taken > day && taken <= 2 * day, "{taken} of {day}");
        let refused = rates.check(PAIR, EventSender::Browser, address(1), large).unwrap_err();
        assert!(refused.message.contains("one address may leave 40 MiB of events a day"), "{refused:?}");
        *now.lock().unwrap() += refused.wait;
        rates.check(PAIR, EventSender::Browser, address(1), large).unwrap();
        rates.check(PAIR, EventSender::Browser, address(2), large).unwrap();
    }

    #[test]
    fn many_addresses_together_fill_no_disk_either() {
        let (rates, _) = rates();
        let day = 100 * 1024 * usize::try_from(limits::PROGRAM_KIB_PER_DAY).unwrap();
        let most = Size { events: 1, bytes: 32 * 1024 * 1024 };
        let mut taken = 0;
        for n in 0..110u32 {
            let stranger = Some(IpAddr::from(n.to_be_bytes()));
            taken += rates.check((7, false), EventSender::Browser, stranger, most).map_or(0, |()| most.bytes);
        }
        assert!(taken <= day && taken + most.bytes > day, "{taken} of {day}");
        rates.check(PAIR, EventSender::Server, address(1), most).unwrap();
    }
}
