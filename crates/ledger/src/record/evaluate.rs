//! From a recorded fact to rewards: gathers the facts, asks `attribution`, writes what it decided.

use ::store::Unit;

use super::{Ctx, Refusal};

/// Evaluates the triggers that listen for a new customer, in the unit that recorded it.
#[allow(clippy::unnecessary_wraps, reason = "the triggers' own floor fills it")]
pub(crate) fn customer_created(_unit: &mut Unit<'_>, _ctx: &Ctx, _customer: i64) -> Result<(), Refusal> {
    Ok(())
}
