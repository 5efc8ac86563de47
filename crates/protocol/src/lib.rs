//! The vocabulary that all crates of Headwater share: keys, money, time, referral text, the event envelope, the wire
//! types of API v2 and every limit. No I/O, no clock, no randomness; all of it compiles to wasm.
//!
//! What this crate does not do: decide anything (`attribution`), or talk to anyone (`client`, `relay`, `ledger`).
#![cfg_attr(not(feature = "wire"), no_std)]

extern crate alloc;

pub mod cookie;
pub mod credit;
pub mod limits;
pub mod lines;
pub mod queue;
pub mod referral;

#[cfg(feature = "wire")]
pub mod event;
#[cfg(feature = "wire")]
pub mod field;
#[cfg(feature = "wire")]
pub mod key;
#[cfg(feature = "wire")]
pub mod money;
#[cfg(feature = "wire")]
mod source;
#[cfg(feature = "wire")]
pub mod time;
#[cfg(feature = "wire")]
pub mod v2;

#[cfg(feature = "wire")]
pub use event::EventId;
#[cfg(feature = "wire")]
pub use field::FieldError;
#[cfg(feature = "wire")]
pub use money::Currency;
#[cfg(feature = "wire")]
pub use source::{SOURCE_HEADER, Source};
#[cfg(feature = "wire")]
pub use time::Millis;

#[cfg(all(test, feature = "wire"))]
mod tests;
