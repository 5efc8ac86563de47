//! The ledger: programs, partners, links, clicks, customers, products, payments and rewards, behind the REST API that
//! existing clients expect (API v2).
//!
//! Three layers, each importing only the one below: `http` (axum, envelopes, errors), `record` (what each request
//! means, run inside one unit of work), `store` (SQL only).
//!
//! What this crate does not do: accept events from browsers (the relay does), decide what a partner earns
//! (`attribution` does), or read a clock, a random generator or the environment.

mod caller_cache;
mod click_rate;
mod http;
mod import;
mod ledger;
mod record;
mod replay;
mod scheduler;
mod store;
mod webhook_delivery;

pub use ledger::{Ledger, Settings};
pub use record::outgoing::target::{check_target, is_public};
pub use record::program::{Credentials, IngestionProgram, NewProgram};
pub use record::{Refusal, RefusalKind};
pub use store::erasure::Erasure;
pub use store::{MIGRATIONS, check};
pub use webhook_delivery::{Sending, TargetAnswer, WebhookRequest, WebhookTransport};
