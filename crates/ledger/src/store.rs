//! The lowest layer: SQL and rows, nothing else. Every statement runs on SQLite and on PostgreSQL.

pub(crate) mod application;
pub(crate) mod cap;
mod check;
pub(crate) mod click;
pub(crate) mod credential;
pub(crate) mod customer;
pub(crate) mod deal_file;
pub(crate) mod due;
pub(crate) mod erasure;
pub(crate) mod firing;
pub(crate) mod form_template;
pub(crate) mod group;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod member;
pub(crate) mod partnership;
pub(crate) mod past_payment;
pub(crate) mod product;
pub(crate) mod product_book;
pub(crate) mod program;
pub(crate) mod provider_id;
pub(crate) mod record_change;
pub(crate) mod replaced_credential;
pub(crate) mod reward;
pub(crate) mod sale;
mod schema;
pub(crate) mod stage;
pub(crate) mod tier;
pub(crate) mod totals;
pub(crate) mod transaction;
pub(crate) mod trigger;

pub use check::check;
pub use schema::MIGRATIONS;
