//! What each visitor does, and which requests fail: all of it follows from the seed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::random::Random;

/// A visitor who signs up once.
#[derive(Debug)]
pub(crate) struct Plan {
    /// From 0; also the name of the visitor's own site.
    pub(crate) number: usize,
    pub(crate) customer: String,
    /// How the first visit ends, one of [`ENDINGS`].
    ending: &'static str,
    /// Milliseconds until then, from the signup on.
    after: u64,
    /// Milliseconds on the next page, where there is one.
    stay: u64,
    /// Whether the visit is in a window of its own, which stays visible; otherwise in a tab that the next one covers.
    window: bool,
    /// Whether the browser has Web Locks. Old browsers, and pages without TLS, use the script's lease instead.
    locks: bool,
    /// Whether nothing listens at the relay's address during the first visit.
    pub(crate) down: bool,
    /// How many tabs the visitor opens on coming back; 0 for one who stays away.
    tabs: u64,
    /// Milliseconds until then.
    away: u64,
}

/// How a tab goes away after a signup.
const ENDINGS: [&str; 8] = [
    // The page closes its window.
    "closes",
    // Somebody else closes it.
    "closed",
    // The page leads to another one of the site, which has the script too; to one without it; to another site.
    "next",
    "plain",
    "elsewhere",
    // A form is submitted.
    "form",
    // The page signs up only in `pagehide`: when the director closes its window, or when another page loads.
    // (Chromium sends no `pagehide` to a page that closes itself.)
    "hides",
    "leaves",
];

impl Plan {
    /// The plan as the pages read it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "number": self.number, "customer": self.customer, "ending": self.ending, "after": self.after,
            "stay": self.stay, "window": self.window, "locks": self.locks, "tabs": self.tabs, "away": self.away,
        })
    }
}

/// The plans of all visitors for this seed.
pub(crate) fn throw(seed: u64, visitors: usize) -> Vec<Plan> {
    let mut random = Random::new(seed);
    (0..visitors).map(|number| visitor(&mut random, number)).collect()
}

fn visitor(random: &mut Random, number: usize) -> Plan {
    Plan {
        number,
        customer: format!("c{:016x}", random.next()),
        ending: random.pick(&ENDINGS),
        after: moment(random),
        stay: moment(random),
        window: random.below(2) == 0,
        locks: random.below(6) != 0,
        down: random.below(8) == 0,
        tabs: random.pick(&[0, 0, 1, 2]),
        away: random.below(500),
    }
}

/// A delay in milliseconds: often none, seldom long enough for a failed attempt and a second one.
fn moment(random: &mut Random) -> u64 {
    let bound = random.pick(&[1, 1, 20, 20, 100, 400, 2500]);
    random.below(bound)
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The connection is closed before the relay receives anything.
    LostRequest,
    /// The connection is closed after the relay has answered.
    LostAnswer,
    /// The connection is closed in the middle of the answer.
    CutAnswer,
    /// This status, with `Retry-After` in seconds. `false` leaves out the headers that let a page read it, as an answer
    /// that a proxy makes up does.
    Status(u16, Option<u32>, bool),
    /// The relay receives the request late.
    LateRequest(Duration),
    /// The page receives the answer late.
    LateAnswer(Duration),
}

/// The fault of one request of a visitor. It depends on nothing else, so that a seed repeats it whatever the timing of
/// other visitors is.
pub(crate) fn fault(seed: u64, visitor: usize, request: usize) -> Fault {
    let own = u64::try_from(visitor * 1000 + request).expect("small");
    let mut random = Random::new(Random::new(seed ^ own.rotate_left(32)).next());
    let late = Duration::from_millis(500 + random.below(4000));
    let faults = [
        Fault::None,
        Fault::None,
        Fault::LostRequest,
        Fault::LostAnswer,
        Fault::CutAnswer,
        Fault::Status(429, Some(1), true),
        Fault::Status(429, None, true),
        Fault::Status(500, None, true),
        Fault::Status(503, Some(1), true),
        Fault::Status(503, None, false),
        Fault::LateRequest(late),
        Fault::LateAnswer(late),
    ];
    random.pick(&faults)
}
