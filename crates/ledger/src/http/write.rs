//! Requests that change something. Each is one unit of work, and a POST with an `Idempotency-Key` can be repeated
//! safely. The store may run a unit again after undoing it, so `work` must not consume its input.

use axum::response::Response;
use headwater_store::Unit;

use super::body::JsonBody;
use super::envelope;
use super::error::ApiFailure;
use crate::Ledger;
use crate::record::idempotency::{self, StoredAnswer};
use crate::record::{Ctx, Refusal};

/// Runs the work of a POST once for each `Idempotency-Key`. The answer is stored in the same unit of work.
pub(crate) async fn post(
    ledger: &Ledger,
    ctx: Ctx,
    posted: JsonBody,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<StoredAnswer, Refusal> + Send + 'static,
) -> Result<Response, ApiFailure> {
    let (request, program) = (posted.idempotent(), ctx.program);
    let work = move |unit: &mut Unit<'_>| idempotency::once(unit, &ctx, request.as_ref(), &mut work);
    let answer = ledger.change(program, work).await?;
    Ok(envelope::respond(answer))
}

/// Runs the work of a PATCH, PUT or DELETE. Each states the wanted result, so repeating it is harmless and needs no
/// key.
pub(crate) async fn change(
    ledger: &Ledger,
    ctx: Ctx,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<StoredAnswer, Refusal> + Send + 'static,
) -> Result<Response, ApiFailure> {
    let answer = ledger.change(ctx.program, move |unit| work(unit, &ctx)).await?;
    Ok(envelope::respond(answer))
}
