//! A program's test clock: time for its test records, which the company moves forward by hand. While it is in use, test
//! records earn test rewards, which production never sees (triggers.md section 1).

use headwater_protocol::Millis;
use headwater_protocol::limits::TEST_CLOCK_DAYS_MAX;
use headwater_protocol::v2::TestClockState;
use headwater_store::Unit;

use super::{Ctx, Refusal, RefusalKind};
use crate::store::due;

/// The clock as it is for this request.
pub(crate) fn get(ctx: &Ctx) -> Result<TestClockState, Refusal> {
    require_test(ctx)?;
    Ok(TestClockState { now: ctx.now, in_use: ctx.test_clock })
}

/// Moves the clock forward; returns how many milliseconds it then is ahead of the real one. It never goes back: what has
/// become due stays so.
pub(crate) fn advance(unit: &mut Unit<'_>, ctx: &Ctx, to: Millis) -> Result<i64, Refusal> {
    require_test(ctx)?;
    let (ahead, most) = (to.since(ctx.real_now), TEST_CLOCK_DAYS_MAX * Millis::DAY);
    if to < ctx.now || ahead > most {
        let message = format!(
            "advance_to must lie from the test clock's time, {}, to {TEST_CLOCK_DAYS_MAX} days from now, {}",
            ctx.now.0,
            ctx.real_now.plus(most).0
        );
        return Err(Refusal::invalid("out_of_range", "advance_to", message)
            .hint("DELETE /api/v2/test_clock sets it back to the real time"));
    }
    due::set_test_clock(unit, ctx.program, Some(ahead))?;
    Ok(ahead)
}

/// Takes the clock out of use: test records go by the real time again and earn nothing.
pub(crate) fn reset(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<(), Refusal> {
    require_test(ctx)?;
    Ok(due::set_test_clock(unit, ctx.program, None)?)
}

fn require_test(ctx: &Ctx) -> Result<(), Refusal> {
    if ctx.test {
        return Ok(());
    }
    let message = "the test clock is for test records; production goes by the real time";
    Err(Refusal::new(RefusalKind::Forbidden, "test_keys_only", message).hint("use the test key pair"))
}
