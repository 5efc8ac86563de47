//! The ledger when there is much in it: kept totals, compiled triggers, pruning, and the check of it all.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod check;
mod company;
mod kept;
mod totals;
