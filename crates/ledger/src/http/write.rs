//! Requests that change something: each is one unit of work, and a POST can be repeated safely. The unit itself can be
//! run again after it was undone: it takes nothing out of what it was given.

use axum::response::Response;
use headwater_store::Unit;

use super::body::Posted;
use super::envelope;
use super::error::Failure;
use crate::Books;
use crate::record::idempotency::{self, Answer};
use crate::record::{Ctx, Refusal};

/// Does the work of a POST once for each `Idempotency-Key`, in one unit with the answer it keeps.
pub(crate) async fn post(
    books: &Books,
    ctx: Ctx,
    posted: Posted,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<Answer, Refusal> + Send + 'static,
) -> Result<Response, Failure> {
    let (request, program) = (posted.idempotent(), ctx.program);
    let work = move |unit: &mut Unit<'_>| idempotency::once(unit, &ctx, request.as_ref(), &mut work);
    let answer = books.change(program, work).await?;
    Ok(envelope::respond(answer))
}

/// Does the work of a PATCH, PUT or DELETE: each says how things shall be, so that repeating it is harmless.
pub(crate) async fn change(
    books: &Books,
    ctx: Ctx,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<Answer, Refusal> + Send + 'static,
) -> Result<Response, Failure> {
    let answer = books.change(ctx.program, move |unit| work(unit, &ctx)).await?;
    Ok(envelope::respond(answer))
}
