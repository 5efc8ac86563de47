//! The tracker: finds out who sent this visitor, and tells the relay when the visitor becomes a customer.
//!
//! One source, two builds. `script` is what a page loads with a script tag: `no_std`, because every byte counts. `npm`
//! is for bundlers: typed input, Promises that reject. Both run the modules below; they differ in the surface
//! (`script` or `npm`) and in the code that sends requests.
//!
//! What this crate does not do: decide who earns what, or believe an amount a page claims.
#![cfg_attr(feature = "script", no_std)]

mod browser;
mod consent;
mod pending;
mod referral_cookie;
mod signup;
mod transport;
mod visit;

#[cfg(feature = "npm")]
pub mod npm;
#[cfg(feature = "script")]
pub mod script;
