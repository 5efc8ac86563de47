//! The ledger through its router, as a client meets it.

mod answers;
mod auth;
mod customers;
mod desk;
mod links;
mod lists;
mod partners;
mod repeats;
