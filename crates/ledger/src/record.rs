//! The middle layer: what each request means. It knows nothing of HTTP; every function runs inside one unit of work
//! that its caller opened.

pub(crate) mod action;
mod answers;
pub(crate) mod application;
pub(crate) mod claim;
pub(crate) mod click;
pub(crate) mod conversion;
pub(crate) mod credential;
mod ctx;
pub(crate) mod customer;
pub(crate) mod deal;
pub(crate) mod deal_file;
pub(crate) mod delivery;
mod drip;
pub(crate) mod due;
pub(crate) mod erasure;
pub(crate) mod evaluate;
pub(crate) mod filter;
pub(crate) mod form_template;
pub(crate) mod group;
pub(crate) mod idempotency;
pub(crate) mod import;
pub(crate) mod invoice;
pub(crate) mod lead;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod marketplace;
pub(crate) mod member;
pub(crate) mod message;
pub(crate) mod offer;
pub(crate) mod outgoing;
mod paid_for;
pub(crate) mod partnership;
pub(crate) mod past;
pub(crate) mod product;
pub(crate) mod product_book;
pub(crate) mod program;
mod refusal;
pub(crate) mod resource;
pub(crate) mod reward;
pub(crate) mod sale;
mod save;
pub(crate) mod secret;
pub(crate) mod stage;
pub(crate) mod team;
pub(crate) mod test_clock;
pub(crate) mod tier;
pub(crate) mod transaction;
pub(crate) mod trigger;
pub(crate) mod unmatched;
pub(crate) mod v1;
pub(crate) mod webhook;

pub(crate) use ctx::{Ctx, Ids};
pub use refusal::{Refusal, RefusalKind};

use headwater_protocol::key::Prefix;

/// Checks how many objects one request names.
pub(crate) fn check_many(field: &str, count: usize, most: u32) -> Result<(), Refusal> {
    if (1..=most as usize).contains(&count) {
        return Ok(());
    }
    let message = format!("{field} must have 1 to {most} entries, got {count}");
    Err(Refusal::invalid("out_of_range", field, message))
}

/// The key of a new object: the given one, when it has the right form, or a new one.
pub(crate) fn own_key(ctx: &Ctx, prefix: Prefix, given: Option<String>) -> Result<String, Refusal> {
    let Some(key) = given else { return Ok(ctx.mint(prefix)) };
    if prefix.matches(&key) {
        return Ok(key);
    }
    let message = format!(
        "key must be '{}' and 1 to 64 letters and digits, got '{}'",
        prefix.text(),
        refusal::short(&key)
    );
    Err(Refusal::invalid("invalid_value", "key", message))
}
