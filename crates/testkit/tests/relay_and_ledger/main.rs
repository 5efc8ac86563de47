//! Relay and ledger together, from what is sent to what is in the books.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod journey;
mod kit;
mod stage;
mod stripe;
