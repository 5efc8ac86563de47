//! Tests of the ledger through its router, as a client uses it.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod answers;
mod auth;
mod bounds;
mod caps;
mod claims;
mod contract;
mod conversions;
mod corrections;
mod customers;
mod drips;
mod earnings;
mod evaluation;
mod histories;
mod holds;
mod links;
mod lists;
mod names;
mod openapi;
mod operating;
mod partners;
mod past;
mod payments;
mod products;
mod refunds;
mod repeats;
mod seed_000;
mod seed_001;
mod settings;
mod shop;
mod test_ledger;
mod trigger_events;
mod triggers;
mod views;
