//! The ledger at scale: stored totals, compiled triggers, pruning, and `check`.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod check;
mod due;
mod kept;
mod past;
mod test_ledger;
mod totals;
