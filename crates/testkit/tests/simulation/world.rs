//! What all parts of a run share: the seed's random numbers, virtual time, the trace, and how often faults happen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use headwater_testkit::{DAY, START};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// When every run begins, epoch milliseconds: after the end of every history of the provider, because the relay takes
/// no event for later than its own clock.
const BEGIN: i64 = START + 900 * DAY;

/// How often faults happen in a run, each in thousandths. Drawn for each run, so that some runs have few kinds and many
/// of each.
#[derive(Debug)]
pub(crate) struct FaultRates {
    /// Of the requests, those that the network spoils in any way.
    pub(crate) network: u32,
    /// Of the commits, those before or after whose sync the process is killed.
    pub(crate) crash: u32,
    /// Of the syncs, those that fail.
    pub(crate) sync: u32,
    /// Of the moments at which a clock may be set.
    pub(crate) clock: u32,
    /// Of the runs: whether the ledger is down for hours.
    pub(crate) outage: bool,
}

/// The state of a run.
pub(crate) struct World {
    random: Mutex<fastrand::Rng>,
    trace: Mutex<Trace>,
    begun: Instant,
    skipped: AtomicI64,
    calm: AtomicBool,
    pub(crate) rates: FaultRates,
}

/// What happened, as lines.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) text: String,
    /// How many faults of each kind.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// What must never happen, and did.
    pub(crate) violations: Vec<String>,
}

impl Trace {
    /// The SHA-256 of the text, in hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        hex::encode(Sha256::digest(&self.text))
    }
}

impl World {
    /// The world of a seed. To be made inside a runtime whose clock is paused.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rate = |most: u32| if random.u32(..3) == 0 { 0 } else { random.u32(..=most) };
        let (network, crash, sync, clock) = (rate(300), rate(60), rate(10), rate(400));
        let rates = FaultRates { network, crash, sync, clock, outage: random.u32(..6) == 0 };
        let world = Self {
            random: Mutex::new(random),
            trace: Mutex::default(),
            begun: Instant::now(),
            skipped: AtomicI64::new(0),
            calm: AtomicBool::new(false),
            rates,
        };
        world.note(&format!("seed {seed}, {:?}", world.rates));
        world
    }

    /// The true time, epoch milliseconds.
    pub(crate) fn now(&self) -> i64 {
        BEGIN + self.passed()
    }

    /// Milliseconds since the run began.
    pub(crate) fn passed(&self) -> i64 {
        let elapsed = i64::try_from(self.begun.elapsed().as_millis()).unwrap();
        elapsed + self.skipped.load(Ordering::Relaxed)
    }

    /// Lets wall time pass at once, in which nothing happens.
    pub(crate) fn skip(&self, millis: i64) {
        self.skipped.fetch_add(millis, Ordering::Relaxed);
        self.note(&format!("{millis} ms pass"));
    }

    pub(crate) fn random(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.random.lock().unwrap()
    }

    /// A number of this range.
    pub(crate) fn number(&self, range: Range<u64>) -> u64 {
        self.random().u64(range)
    }

    /// Whether something happens that happens so often, in thousandths; never once the faults have ended.
    pub(crate) fn chance(&self, thousandths: u32) -> bool {
        !self.is_calm() && self.random().u32(..1000) < thousandths
    }

    /// Waits for a number of milliseconds of this range.
    pub(crate) async fn pause(&self, millis: Range<u64>) {
        let millis = self.number(millis);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Ends all faults.
    pub(crate) fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
        self.note("the faults end");
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    pub(crate) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap()
    }

    /// Adds a line to the trace.
    pub(crate) fn note(&self, line: &str) {
        let millis = self.passed();
        let _ = writeln!(self.trace().text, "{:>6}.{:03} {line}", millis / 1000, millis % 1000);
    }

    /// Adds a line about an injected fault.
    pub(crate) fn fault(&self, kind: &'static str, line: &str) {
        *self.trace().faults.entry(kind).or_default() += 1;
        self.note(&format!("FAULT {kind}: {line}"));
    }

    /// Records what must never happen.
    pub(crate) fn violation(&self, line: String) {
        self.note(&format!("VIOLATION {line}"));
        self.trace().violations.push(line);
    }
}
