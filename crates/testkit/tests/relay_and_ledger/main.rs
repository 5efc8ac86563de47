//! Relay and ledger together: what is sent to the relay, and what the ledger holds in the end.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod chargebee;
mod credit;
mod delivery;
mod journey;
mod kit;
mod maxio;
mod months;
mod paddle;
mod payments;
mod privacy;
mod recurly;
mod refunds;
mod shapes;
mod signups;
mod stage;
mod stripe;
mod subscriptions;
