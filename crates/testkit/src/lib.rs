//! A whole Headwater in one process, for tests: relay and ledger behind their own routers, connected as in
//! `headwater serve`. The test sets the clock and steps delivery, and ids and random numbers are the same in each run,
//! so a test never waits and is deterministic.
//!
//! What this crate does not do: run outside tests, or replace our own code by mocks. A test sets the answers of other
//! systems with [`Headwater::intercept`].
#![allow(clippy::unwrap_used, reason = "an error in the kit fails the test that called it")]

mod caller;
mod catalogue;
mod clock;
mod destination;
mod headwater;
mod inner;
mod program;
pub mod stripe;

pub use caller::{ApiAnswer, ApiCaller};
pub use catalogue::{CATALOGUE, PARTNERS, TestOffer};
pub use clock::{DAY, HOUR, MINUTE, START, TestClock};
pub use destination::{Exchange, Reply, SentRequest};
pub use headwater::Headwater;
pub use inner::KitOptions;
pub use program::{TestEvent, TestProgram, TestSender};
