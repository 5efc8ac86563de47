//! A whole Headwater in one process, for tests: relay and ledger behind their own routers, connected as in
//! `headwater serve`. The test sets the clock and steps delivery, and ids and random numbers are the same in each run,
//! so a test never waits and is deterministic.
//!
//! What this crate does not do: run outside tests, or replace our own code by mocks. A test sets the answers of other
//! systems with [`Headwater::intercept`].
#![allow(clippy::unwrap_used, reason = "an error in the kit fails the test that called it")]

mod caller;
mod clock;
mod destination;
mod furnish;
mod headwater;
mod program;
pub mod stripe;

pub use caller::{Answer, Caller};
pub use clock::{Clock, DAY, HOUR, MINUTE, START};
pub use destination::{Asked, Heard, Reply};
pub use furnish::{CATALOGUE, Offer, PARTNERS};
pub use headwater::{Headwater, Options};
pub use program::{Event, Program, Sender};
