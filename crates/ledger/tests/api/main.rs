//! Tests of the ledger through its router, as a client uses it.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod actions;
mod answers;
mod auth;
mod bounds;
mod changes;
mod claims;
mod contract;
mod conversions;
mod corrections;
mod customers;
mod evaluation;
mod histories;
mod holds;
mod invoices;
mod links;
mod lists;
mod names;
mod openapi;
mod operating;
mod partner_view;
mod partners;
mod payments;
mod products;
mod refunds;
mod repeats;
mod rewards;
mod seed_000;
mod seed_003;
mod seed_004;
mod settings;
mod shop;
mod test_ledger;
mod triggers;
mod v1;
mod views;
