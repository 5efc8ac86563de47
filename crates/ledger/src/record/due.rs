//! The scheduler: what has become due is done in small steps, each thing once, in the unit of work that removes it from
//! the list (`store::due`). Other kinds of due things are added to [`run`].

use headwater_protocol::Millis;
use headwater_protocol::limits::{DUE_RETRY, DUE_STEP};
use headwater_store::{StoreError, Unit};

use super::evaluate::DRIP;
use super::{Ctx, Refusal, RefusalKind, drip};
use crate::store::due::{self, DueRow};

/// Some due things of one program and mode.
#[derive(Debug, Clone)]
pub(crate) struct DueBatch {
    pub(crate) program: i64,
    pub(crate) test: bool,
    pub(crate) rows: Vec<DueRow>,
}

/// The next things that are due: production's first, then those of test records under a test clock.
pub(crate) fn next(unit: &mut Unit<'_>, now: Millis) -> Result<Option<DueBatch>, StoreError> {
    if let Some(program) = due::next_program(unit, now.0)? {
        let rows = due::list(unit, (program, false), now.0, DUE_STEP)?;
        return Ok(Some(DueBatch { program, test: false, rows }));
    }
    let Some((program, ahead)) = due::next_test_program(unit, now.0)? else { return Ok(None) };
    let rows = due::list(unit, (program, true), now.plus(ahead).0, DUE_STEP)?;
    Ok(Some(DueBatch { program, test: true, rows }))
}

/// Some due test things of one program.
pub(crate) fn next_of_test_clock(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<DueBatch, StoreError> {
    let rows = due::list(unit, (ctx.program, true), ctx.now.0, DUE_STEP)?;
    Ok(DueBatch { program: ctx.program, test: true, rows })
}

/// Does what is due, unless another process has done it. Each thing happens at its own time, not at that of the step,
/// so that a ledger which was down for a day does the same.
pub(crate) fn run(unit: &mut Unit<'_>, ctx: &Ctx, rows: &[DueRow]) -> Result<(), Refusal> {
    for row in rows {
        if !due::take(unit, row.id)? {
            continue;
        }
        let ctx = Ctx { now: Millis(row.due_at), ..ctx.clone() };
        match row.kind.as_str() {
            DRIP => drip::settle(unit, &ctx, row.subject)?,
            other => {
                let message = format!("due things of the kind '{other}' were written by another version");
                return Err(Refusal::new(RefusalKind::Internal, "internal", message));
            }
        }
    }
    Ok(())
}

/// Puts off a thing that could not be done, so that it does not hold up the others.
pub(crate) fn postpone(unit: &mut Unit<'_>, ctx: &Ctx, row: &DueRow) -> Result<(), StoreError> {
    due::postpone(unit, row.id, ctx.now.plus(DUE_RETRY).0)
}
