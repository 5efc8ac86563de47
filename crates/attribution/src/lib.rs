//! The rules: pure functions from facts to decisions. A trigger listens for an event, evaluates its rules, and pays its
//! commission (triggers.md). What a claim may do is decided here too (trust.md).
//!
//! What this crate does not do: any I/O, read a clock (`now` is a parameter), compute with floats, or know
//! how facts are stored. Evaluating never fails; what could fail is refused when a trigger is compiled.

mod cap;
pub mod claim;
mod commission;
mod drip;
mod evaluate;
mod facts;
pub mod rule;
mod window;

pub use cap::{CapKey, CapUse, CapUses};
pub use commission::{Percent, reverse};
pub use evaluate::{CompiledTrigger, Installment, MessageText, TriggerDecision, explain};
pub use facts::{
    ActionFacts, CustomerFacts, DealFacts, Facts, LeadFacts, LinkFacts, PartnershipFacts, ProductFacts,
    RecordFacts, TransactionFacts,
};
pub use rule::AskedAgain;
