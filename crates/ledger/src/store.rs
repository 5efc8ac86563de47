//! The lowest layer: SQL and rows, nothing else. Every statement runs on SQLite and on PostgreSQL.

mod check;
pub(crate) mod click;
pub(crate) mod credential;
pub(crate) mod customer;
pub(crate) mod delivery;
pub(crate) mod erasure;
pub(crate) mod group;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod member;
pub(crate) mod partnership;
pub(crate) mod product;
pub(crate) mod product_book;
pub(crate) mod program;
pub(crate) mod provider_id;
pub(crate) mod record_change;
pub(crate) mod replaced_credential;
pub(crate) mod reward;
mod schema;
pub(crate) mod totals;
pub(crate) mod transaction;
pub(crate) mod trigger;
pub(crate) mod webhook;

pub use check::check;
pub use schema::MIGRATIONS;
