//! Requests that change something. Each is one unit of work, and a POST with an `Idempotency-Key` can be repeated
//! safely. The store may run a unit again after undoing it, so `work` must not consume its input.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use axum::extract::State;
use headwater_store::Unit;
use serde::Serialize;

use super::auth::{Vendor, VendorOrPartner, Viewer as _};
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use crate::Ledger;
use crate::record::idempotency::{self, IdempotentRequest};
use crate::record::{Ctx, Refusal};

/// Runs the work of a POST once for each `Idempotency-Key`. The answer is stored in the same unit of work.
pub(crate) async fn post<T: Serialize + Send + 'static>(
    ledger: &Ledger,
    ctx: Ctx,
    request: Option<IdempotentRequest>,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<Answer<T>, Refusal> + Send + 'static,
) -> ApiResult<T> {
    let (program, queueing) = (ctx.program, ctx.clone());
    let mut stored = move |unit: &mut Unit<'_>, ctx: &Ctx| work(unit, ctx).map(Answer::into_stored);
    let work = move |unit: &mut Unit<'_>| idempotency::once(unit, &ctx, request.as_ref(), &mut stored);
    let answer = ledger.change(program, work).await?;
    ledger.notify_queued(&queueing);
    Ok(Answer::stored(answer))
}

/// Runs the work of a PATCH, PUT or DELETE. Each states the wanted result, so repeating it is harmless and needs no
/// key.
pub(crate) async fn change<T: Serialize + Send + 'static>(
    ledger: &Ledger,
    ctx: Ctx,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<Answer<T>, Refusal> + Send + 'static,
) -> ApiResult<T> {
    let (program, queueing) = (ctx.program, ctx.clone());
    let work = move |unit: &mut Unit<'_>| {
        let ctx = ctx.with_versions(unit)?;
        work(unit, &ctx).map(Answer::into_stored)
    };
    let answer = ledger.change(program, work).await?;
    ledger.notify_queued(&queueing);
    Ok(Answer::stored(answer))
}

/// Which records an operation writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Writes {
    /// Those of the key pair's own mode, production or test.
    OwnMode,
    /// Those that production and test share, which test keys may not write (trust.md section 1.8).
    Shared,
}

impl Writes {
    /// The context of a request that may write these records.
    pub(crate) fn ctx(self, vendor: Vendor, ledger: &Ledger) -> Result<Ctx, Refusal> {
        match self {
            Self::OwnMode => Ok(vendor.ctx(ledger)),
            Self::Shared => vendor.shared(ledger),
        }
    }
}

/// The future of a handler that is made by a function.
pub(crate) type Answering<T> = Pin<Box<dyn Future<Output = ApiResult<T>> + Send>>;

/// A handler that makes an object of a body.
pub(crate) fn create<New: Clone + Send + 'static, T: Serialize + Send + 'static>(
    writes: Writes,
    message: impl Into<Cow<'static, str>>,
    record: fn(&mut Unit<'_>, &Ctx, New) -> Result<T, Refusal>,
) -> impl Fn(State<Ledger>, Vendor, Posted<New>) -> Answering<T> + Clone + Send + Sync + 'static {
    let message = message.into();
    move |State(ledger), vendor, posted: Posted<New>| {
        let message = message.clone();
        Box::pin(async move {
            let Posted { value, idempotent } = posted;
            let work = move |unit: &mut Unit<'_>, ctx: &Ctx| {
                Ok(Answer::new(200, &message, record(unit, ctx, value.clone())?))
            };
            post(&ledger, writes.ctx(vendor, &ledger)?, idempotent, work).await
        })
    }
}

/// A handler that makes an object of a body for the vendor, or for the partner who calls, whose number `record` gets.
pub(crate) fn create_for<New: Clone + Send + 'static, T: Serialize + Send + 'static>(
    writes: Writes,
    message: &'static str,
    record: fn(&mut Unit<'_>, &Ctx, Option<i64>, New) -> Result<T, Refusal>,
) -> impl Fn(State<Ledger>, VendorOrPartner, Posted<New>) -> Answering<T> + Clone + Send + Sync + 'static {
    move |State(ledger), caller, posted: Posted<New>| {
        Box::pin(async move {
            let viewer = caller.partnership();
            let Posted { value, idempotent } = posted.kept_for(viewer);
            let ctx = match caller {
                VendorOrPartner::Vendor(vendor) => writes.ctx(vendor, &ledger)?,
                VendorOrPartner::Partner(_) => caller.ctx(&ledger),
            };
            let work = move |unit: &mut Unit<'_>, ctx: &Ctx| {
                Ok(Answer::new(200, message, record(unit, ctx, viewer, value.clone())?))
            };
            post(&ledger, ctx, idempotent, work).await
        })
    }
}

/// A handler that does something to the object that the path names, with a body that says what, once for each
/// `Idempotency-Key`.
pub(crate) fn act<Order: Clone + Send + 'static, T: Serialize + Send + 'static>(
    writes: Writes,
    message: impl Into<Cow<'static, str>>,
    record: fn(&mut Unit<'_>, &Ctx, &str, Order) -> Result<T, Refusal>,
) -> impl Fn(State<Ledger>, Vendor, Key, Posted<Order>) -> Answering<T> + Clone + Send + Sync + 'static {
    let message = message.into();
    move |State(ledger), vendor, Key(key), posted: Posted<Order>| {
        let message = message.clone();
        Box::pin(async move {
            let Posted { value, idempotent } = posted;
            let work = move |unit: &mut Unit<'_>, ctx: &Ctx| {
                Ok(Answer::new(200, &message, record(unit, ctx, &key, value.clone())?))
            };
            post(&ledger, writes.ctx(vendor, &ledger)?, idempotent, work).await
        })
    }
}

/// A handler that changes the object that the path names.
pub(crate) fn update<Change: Clone + Send + 'static, T: Serialize + Send + 'static>(
    writes: Writes,
    message: impl Into<Cow<'static, str>>,
    record: fn(&mut Unit<'_>, &Ctx, &str, Change) -> Result<T, Refusal>,
) -> impl Fn(State<Ledger>, Vendor, Key, Posted<Change>) -> Answering<T> + Clone + Send + Sync + 'static {
    let message = message.into();
    move |State(ledger), vendor, Key(key), posted: Posted<Change>| {
        let message = message.clone();
        Box::pin(async move {
            let work = move |unit: &mut Unit<'_>, ctx: &Ctx| {
                Ok(Answer::new(200, &message, record(unit, ctx, &key, posted.value.clone())?))
            };
            change(&ledger, writes.ctx(vendor, &ledger)?, work).await
        })
    }
}

/// A handler without a body: archives or deletes the object that the path names, or makes something of it whose
/// answer is not stored because it holds a secret.
pub(crate) fn without_body<T: Serialize + Send + 'static>(
    writes: Writes,
    message: impl Into<Cow<'static, str>>,
    record: fn(&mut Unit<'_>, &Ctx, &str) -> Result<T, Refusal>,
) -> impl Fn(State<Ledger>, Vendor, Key) -> Answering<T> + Clone + Send + Sync + 'static {
    let message = message.into();
    move |State(ledger), vendor, Key(key)| {
        let message = message.clone();
        Box::pin(async move {
            let work = move |unit: &mut Unit<'_>, ctx: &Ctx| {
                Ok(Answer::new(200, &message, record(unit, ctx, &key)?))
            };
            change(&ledger, writes.ctx(vendor, &ledger)?, work).await
        })
    }
}
