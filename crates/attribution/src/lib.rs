//! The rules: pure functions from facts to decisions. What a partner earns is decided here and nowhere else.
//!
//! No I/O, no clock (`now` is a parameter), no float. The same facts give the same decisions for ever, which is
//! what makes a commission explainable.
//!
//! What this crate does not do: find facts or keep decisions (the ledger does both).

pub mod commission;
pub mod evaluate;
pub mod facts;
pub mod rule;
mod window;

pub use evaluate::{Decision, Explained, Outcome, Program, evaluate, explain};
pub use facts::{CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts};
