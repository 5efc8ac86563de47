//! Tests of the ledger through its router, as a client uses it.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod answers;
mod auth;
mod bounds;
mod claims;
mod contract;
mod conversions;
mod corrections;
mod customers;
mod deliveries;
mod evaluation;
mod histories;
mod holds;
mod links;
mod lists;
mod names;
mod openapi;
mod operating;
mod partners;
mod payments;
mod products;
mod receiver;
mod refunds;
mod repeats;
mod seed_000;
mod settings;
mod shop;
mod test_ledger;
mod triggers;
mod views;
mod webhook_events;
mod webhooks;
