//! Runs what is due, for the process that drives it and for a test clock that was moved.

use headwater_protocol::Millis;
use headwater_protocol::v2::TestClockState;
use headwater_store::Unit;

use crate::Ledger;
use crate::record::due::{self, DueBatch};
use crate::record::{Ctx, Refusal, test_clock};

/// Steps that a request to a test clock waits for. A minute of the scheduler does the rest.
const TEST_CLOCK_STEPS: usize = 100;

impl Ledger {
    /// Does some of what is due, in a step of a few milliseconds. `true` when there may be more. Call it repeatedly in
    /// the background, from however many processes: each thing is done once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_due(&self) -> Result<bool, Refusal> {
        let now = self.now();
        let Some(batch) = self.read(move |unit| due::next(unit, now)).await? else { return Ok(false) };
        self.run_batch(batch).await?;
        Ok(true)
    }

    /// Runs a batch as one unit of work. If that fails, runs its things one by one and puts off those that fail.
    async fn run_batch(&self, batch: DueBatch) -> Result<(), Refusal> {
        let DueBatch { program, test, rows } = batch;
        // Test things are due only while the clock is in use, of which this process may not have heard yet.
        let ctx = Ctx { test_clock: test, ..self.ctx(program, test) };
        let run = |rows: Vec<_>, ctx: Ctx| {
            self.change(program, move |unit: &mut Unit<'_>| due::run(unit, &ctx, &rows))
        };
        let whole = run(rows.clone(), ctx.clone()).await;
        self.notify_queued(&ctx);
        if whole.is_ok() {
            return Ok(());
        }
        for row in rows {
            let done = run(vec![row.clone()], ctx.clone()).await;
            self.notify_queued(&ctx);
            let Err(error) = done else { continue };
            tracing::warn!(%error, program, due = row.id, kind = row.kind, "a due thing failed; tried again in an hour");
            let ctx = ctx.clone();
            self.change(program, move |unit: &mut Unit<'_>| due::postpone(unit, &ctx, &row)).await?;
        }
        Ok(())
    }

    /// Moves the test clock of `ctx`'s program and does what then is due by it, up to a bound.
    pub(crate) async fn advance_test_clock(&self, ctx: Ctx, to: Millis) -> Result<TestClockState, Refusal> {
        let program = ctx.program;
        let ahead =
            self.change(program, move |unit: &mut Unit<'_>| test_clock::advance(unit, &ctx, to)).await?;
        self.test_clocks().insert(program, ahead);
        self.settings_changed().await;
        for _ in 0..TEST_CLOCK_STEPS {
            let ctx = self.ctx(program, true);
            let batch = self.read(move |unit| due::next_of_test_clock(unit, &ctx)).await?;
            if batch.rows.is_empty() {
                break;
            }
            self.run_batch(batch).await?;
        }
        test_clock::get(&self.ctx(program, true))
    }

    /// Takes the test clock of `ctx`'s program out of use.
    pub(crate) async fn reset_test_clock(&self, ctx: Ctx) -> Result<TestClockState, Refusal> {
        let program = ctx.program;
        self.change(program, move |unit: &mut Unit<'_>| test_clock::reset(unit, &ctx)).await?;
        self.test_clocks().remove(&program);
        self.settings_changed().await;
        test_clock::get(&self.ctx(program, true))
    }
}
