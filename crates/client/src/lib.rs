//! The typed client of API v2: over HTTP to our ledger or to hosted PartnerStack, or straight into a router in the same
//! process. Every delivery of the relay goes through it, whichever of the two it uses, so that both behave alike.
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
