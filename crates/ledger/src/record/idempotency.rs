//! `Idempotency-Key`: a repeated request gets the stored answer of the first.
//!
//! Only successful answers are stored. A refused request changed nothing, so repeating it is harmless, and it may
//! succeed once the cause is gone.

use headwater_protocol::Millis;
use headwater_protocol::limits::IDEMPOTENCY_HOURS;
use headwater_store::{StoreError, Unit};

use super::{Ctx, Refusal, RefusalKind};
use crate::store::idempotency::{self, AnswerRow};

/// A request's idempotency key and its hash.
pub(crate) struct IdempotentRequest {
    /// The sender's key.
    pub(crate) key: String,
    /// SHA-256 of method, path with query, and body.
    pub(crate) hash: [u8; 32],
}

impl IdempotentRequest {
    /// Keeps a partner's keys apart from the vendor's and other partners': a key that somebody else has used would
    /// otherwise return their answer. No header contains the character in front.
    pub(crate) fn keep_for_partner(&mut self, partnership: i64) {
        self.key = format!("\u{1}{partnership} {}", self.key);
    }
}

/// An answer as it is stored: status and JSON text.
pub(crate) struct StoredAnswer {
    /// HTTP status.
    pub(crate) status: u16,
    /// JSON text.
    pub(crate) body: String,
}

const HOUR: i64 = 60 * 60 * 1000;

/// Answers stored before this time have expired.
fn expired_before(now: Millis) -> i64 {
    now.plus(-IDEMPOTENCY_HOURS * HOUR).0
}

/// Deletes up to `limit` expired answers; returns how many. Never within a request: days of expired answers would
/// make one sender wait.
pub(crate) fn prune(unit: &mut Unit<'_>, now: Millis, limit: i64) -> Result<usize, StoreError> {
    idempotency::delete_before(unit, expired_before(now), limit)
}

/// Runs `work`, unless it has succeeded under this key before, and stores the answer in the same unit of work.
pub(crate) fn once(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    request: Option<&IdempotentRequest>,
    mut work: impl FnMut(&mut Unit<'_>, &Ctx) -> Result<StoredAnswer, Refusal>,
) -> Result<StoredAnswer, Refusal> {
    let Some(request) = request else {
        let ctx = ctx.with_versions(unit)?;
        return work(unit, &ctx);
    };
    let (whose, expired_before) = ((ctx.program, ctx.test), expired_before(ctx.real_now));
    let before = idempotency::find(unit, whose, &request.key, expired_before)?;
    let versions = before.as_ref().map(|before| before.versions);
    if let Some(first) = before.and_then(|before| before.first) {
        if first.request_hash != request.hash {
            return Err(Refusal::new(
                RefusalKind::Conflict,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            )
            .field("Idempotency-Key")
            .hint("send a new key with a new request, the same key only with the same path and body"));
        }
        let status = u16::try_from(first.status).unwrap_or(200);
        return Ok(StoredAnswer { status, body: first.answer });
    }
    let answer = work(unit, &Ctx { versions, ..ctx.clone() })?;
    let row = AnswerRow {
        request_hash: request.hash,
        status: i64::from(answer.status),
        answer: answer.body.clone(),
    };
    idempotency::insert(unit, whose, &request.key, &row, ctx.real_now.0)?;
    Ok(answer)
}
