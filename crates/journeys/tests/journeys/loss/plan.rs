//! What each visitor does, thrown before anything happens: a seed is a day.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dice::Dice;

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
    /// In a window of its own, which stays in sight; otherwise in a tab that the next one covers.
    window: bool,
    /// Whether the browser has Web Locks; a tab of an old one, or of a page without TLS, makes do with a lease.
    locks: bool,
    /// Nothing listens where the relay should be, as long as the first visit lasts.
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
    // The page signs up only when it hears that its window is closed, or that another page comes. (Chromium tells
    // no page that closes itself.)
    "hides",
    "leaves",
];

impl Plan {
    /// As the pages read it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "number": self.number, "customer": self.customer, "ending": self.ending, "after": self.after,
            "stay": self.stay, "window": self.window, "locks": self.locks, "tabs": self.tabs, "away": self.away,
        })
    }
}

/// The day of this seed.
pub(crate) fn throw(seed: u64, visitors: usize) -> Vec<Plan> {
    let mut dice = Dice::new(seed);
    (0..visitors).map(|number| visitor(&mut dice, number)).collect()
}

fn visitor(dice: &mut Dice, number: usize) -> Plan {
    Plan {
        number,
        customer: format!("c{:016x}", dice.throw()),
        ending: dice.pick(&ENDINGS),
        after: moment(dice),
        stay: moment(dice),
        window: dice.below(2) == 0,
        locks: dice.below(6) != 0,
        down: dice.below(8) == 0,
        tabs: dice.pick(&[0, 0, 1, 2]),
        away: dice.below(500),
    }
}

/// Milliseconds from now: often at once, seldom after an attempt has failed and another one been made.
fn moment(dice: &mut Dice) -> u64 {
    let bound = dice.pick(&[1, 1, 20, 20, 100, 400, 2500]);
    dice.below(bound)
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The connection ends before the relay has heard anything.
    LostRequest,
    /// The connection ends when the relay has answered.
    LostAnswer,
    /// The answer breaks off.
    CutAnswer,
    /// This status, with the pause to keep, in seconds; without the headers a page may read answers by where a
    /// proxy has made it up.
    Status(u16, Option<u32>, bool),
    /// The relay hears of it late.
    LateRequest(Duration),
    /// The page hears of it late.
    LateAnswer(Duration),
}

/// The fault of a visitor's request number so-and-so, whatever other visitors do meanwhile.
pub(crate) fn fault(seed: u64, visitor: usize, request: usize) -> Fault {
    let own = u64::try_from(visitor * 1000 + request).expect("small");
    let mut dice = Dice::new(Dice::new(seed ^ own.rotate_left(32)).throw());
    let late = Duration::from_millis(500 + dice.below(4000));
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
    dice.pick(&faults)
}
