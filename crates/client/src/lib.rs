//! The typed client of API v2: over HTTP to our ledger or to hosted PartnerStack, or straight into a router
//! in the same process. Every delivery of the relay goes through it, so a test of the one road tests the
//! other.
//!
//! What this crate does not do: retry, queue or decide. [`ClientError::is_transient`] says whether trying
//! again can help; `relay` stores when.

mod api;
mod credential;
mod error;
mod http;

pub use api::Query;
pub use credential::Credential;
pub use error::{AddressError, ClientError};
pub use http::{Client, connections};
