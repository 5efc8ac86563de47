//! A whole Headwater in one process, for tests: relay and ledger behind their own routers, joined as
//! `headwater serve` joins them. The clock is set by hand, ids and randomness come in one order, and delivery is
//! stepped by the test, so that nothing has to be waited for.
//!
//! What this crate does not do: run outside tests, or stand in for anything of ours. A test scripts the answers of
//! other people's systems with [`Headwater::intercept`].
#![allow(clippy::unwrap_used, reason = "what the kit cannot do fails the test that asked for it")]

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
