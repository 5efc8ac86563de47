//! Deliveries to webhooks: claimed, settled, listed and sent again (triggers.md section 4).

use std::collections::HashMap;

use headwater_protocol::Millis;
use headwater_protocol::limits::{
    WEBHOOK_AGE_MAX, WEBHOOK_ANSWER_SHOWN, WEBHOOK_BACKOFF_MAX, WEBHOOK_BACKOFF_MIN, WEBHOOK_DELIVERIES_MAX,
    WEBHOOK_LEASE, WEBHOOK_LOG_DAYS, WEBHOOK_LOG_MAX, WEBHOOK_REQUEST_SHOWN, WEBHOOK_RETRY_AFTER_MAX,
    WEBHOOKS_UNDER_WAY_MAX,
};
use headwater_protocol::v2::{DeliveryStatus, List, WebhookDelivery};
use headwater_store::{StoreError, Unit};
use sha2::{Digest as _, Sha256};

use super::list::{self as page_of, ListRequest};
use super::outgoing;
use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind, filter};
use crate::store::delivery::{self, DeliveryRow};
use crate::store::list::{Condition, Listing, find, page};
use crate::store::webhook::{self, WebhookRow};

/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What was or will be sent to webhooks.
pub(crate) struct Deliveries;

impl Resource for Deliveries {
    const NAME: &'static str = "delivery";
    const LISTING: &'static Listing = &delivery::LISTING;
    type Row = DeliveryRow;
    type Wire = WebhookDelivery;

    fn render(_: &Ctx, _: Option<i64>, row: DeliveryRow) -> Result<WebhookDelivery, Refusal> {
        Ok(render(row))
    }
}

fn render(row: DeliveryRow) -> WebhookDelivery {
    let pending = row.status == DeliveryStatus::Pending;
    WebhookDelivery {
        key: row.key,
        webhook: row.webhook_key,
        event: row.event,
        object: row.object,
        status: row.status,
        attempts: row.attempts,
        next_attempt_at: pending.then_some(Millis(row.due_at)),
        request: beginning(&row.body, WEBHOOK_REQUEST_SHOWN),
        answer_status: row.answer_status,
        answer: row.answer,
        error: row.error,
        test: row.test,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

/// The first characters of a text.
fn beginning(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn find_webhook(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<WebhookRow, Refusal> {
    let scope = webhook::LISTING.scope(ctx.scope(), None);
    find(unit, &webhook::LISTING, scope, key)?.ok_or_else(|| Refusal::not_found("webhook", key))
}

/// A page of a webhook's deliveries.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    webhook_key: &str,
    request: &ListRequest,
) -> Result<List<WebhookDelivery>, Refusal> {
    let webhook = find_webhook(unit, ctx, webhook_key)?;
    let mut scope = delivery::LISTING.scope(ctx.scope(), None);
    scope.push(Condition::int("delivery.webhook =", webhook.id));
    let conditions = filter::conditions(unit, ctx, None, request)?;
    let slice = page(unit, &delivery::LISTING, &scope, conditions, &request.page)?;
    page_of::render(&request.page, slice, render)
}

fn require(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (webhook_key, key): (&str, &str),
) -> Result<(WebhookRow, DeliveryRow), Refusal> {
    let webhook = find_webhook(unit, ctx, webhook_key)?;
    let mut scope = delivery::LISTING.scope(ctx.scope(), None);
    scope.push(Condition::int("delivery.webhook =", webhook.id));
    let found = find(unit, &delivery::LISTING, scope, key)?;
    Ok((webhook, found.ok_or_else(|| Refusal::not_found("delivery", key))?))
}

/// A delivery of a webhook.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, keys: (&str, &str)) -> Result<WebhookDelivery, Refusal> {
    require(unit, ctx, keys).map(|(_, row)| render(row))
}

/// Sends a delivery again, under the same id, or a pending one at once.
pub(crate) fn resend(unit: &mut Unit<'_>, ctx: &Ctx, keys: (&str, &str)) -> Result<WebhookDelivery, Refusal> {
    let (webhook, mut row) = require(unit, ctx, keys)?;
    let conflict = |code: &str, message: String| Refusal::new(RefusalKind::Conflict, code, message);
    if webhook.archived {
        return Err(conflict("webhook_archived", format!("webhook {} was archived", webhook.key)));
    }
    if webhook.paused {
        return Err(conflict("webhook_paused", format!("webhook {} is paused", webhook.key))
            .hint("POST /api/v2/webhooks/{key}/resume"));
    }
    row.status = match row.status {
        DeliveryStatus::Erased => {
            return Err(conflict("delivery_erased", format!("the text of {} was deleted", row.key)));
        }
        DeliveryStatus::Waiting => {
            let message = format!("{} waits for an earlier event of {}", row.key, row.object);
            return Err(conflict("delivery_waiting", message).hint("send the earlier one again"));
        }
        DeliveryStatus::Delivered | DeliveryStatus::Failed
            if delivery::last_open(unit, row.webhook, &row.lane)?.is_some() =>
        {
            DeliveryStatus::Waiting
        }
        _ => DeliveryStatus::Pending,
    };
    (row.due_at, row.tried_since, row.settled_at) = (ctx.now.0, ctx.now.0, None);
    row.updated_at = ctx.now.0;
    delivery::update(unit, &row)?;
    ctx.queued.store(true, std::sync::atomic::Ordering::Relaxed);
    Ok(render(row))
}

/// A delivery to be attempted, with its webhook.
pub(crate) struct ClaimedDelivery {
    pub(crate) row: DeliveryRow,
    pub(crate) webhook: WebhookRow,
}

/// Claims what is due. `under_way` counts this process's unfinished attempts for each webhook, so that one that hangs
/// does not keep the others from being served.
pub(crate) fn claim(
    unit: &mut Unit<'_>,
    now: Millis,
    under_way: &HashMap<i64, u32>,
    process: i64,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let busy: u32 = under_way.values().sum();
    let mut room = u32::try_from(WEBHOOKS_UNDER_WAY_MAX).unwrap_or(u32::MAX).saturating_sub(busy);
    let mut claimed = Vec::new();
    if room == 0 {
        return Ok(claimed);
    }
    for webhook in webhook::list_due(unit, now.0)? {
        let own = under_way.get(&webhook.id).copied().unwrap_or_default();
        let limit = WEBHOOK_DELIVERIES_MAX.saturating_sub(own).min(room);
        if limit == 0 {
            continue;
        }
        let rows = delivery::claim(unit, webhook.id, (now.0, WEBHOOK_LEASE), limit, process)?;
        room -= u32::try_from(rows.len()).unwrap_or(room);
        claimed.extend(rows.into_iter().map(|row| ClaimedDelivery { row, webhook: webhook.clone() }));
    }
    Ok(claimed)
}

/// How an attempt ended.
pub(crate) struct WebhookAttempt {
    /// The HTTP status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// Seconds that the target asks to wait.
    pub(crate) retry_after: Option<u64>,
    /// The beginning of the answer's body.
    pub(crate) answer: Option<String>,
    /// Why there was no answer.
    pub(crate) error: Option<String>,
}

impl WebhookAttempt {
    fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Why it failed, as the end of a sentence.
    fn reason(&self) -> String {
        match (self.status, &self.error) {
            (Some(status @ 300..=399), _) => {
                format!("answered {status}: redirects are not followed, because they may lead anywhere")
            }
            (Some(status), _) => format!("answered {status}"),
            (None, Some(error)) => error.clone(),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// Records how an attempt ended. A webhook is paused when its target says it is gone, or when every attempt has failed
/// for three days. A delivery that fails for three days while others succeed is given up alone. Returns the reason
/// when the webhook was paused.
pub(crate) fn settle(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    claimed: &DeliveryRow,
    attempt: &WebhookAttempt,
) -> Result<Option<String>, Refusal> {
    // It may be settled already: erased, or delivered by an attempt after this one's lease.
    let Some(mut row) = delivery::find_open(unit, claimed.id)? else { return Ok(None) };
    let Some(mut webhook) = webhook::find_by_id(unit, row.webhook)? else { return Ok(None) };
    let now = ctx.now.0;
    row.updated_at = now;
    row.answer_status = attempt.status.map(i64::from);
    // PostgreSQL cannot store the character NUL.
    row.answer =
        attempt.answer.as_ref().map(|text| beginning(text, WEBHOOK_ANSWER_SHOWN).replace('\0', "\u{fffd}"));
    row.error = (!attempt.succeeded()).then(|| attempt.reason());
    if attempt.succeeded() {
        if webhook.failing_since.take().is_some() {
            webhook::update(unit, &webhook)?;
        }
        finish(unit, &mut row, DeliveryStatus::Delivered, now)?;
        return Ok(None);
    }
    // This attempt outlived its lease, and another has begun: that one decides when the next is due.
    if row.attempts != claimed.attempts || row.status != DeliveryStatus::Pending {
        return Ok(None);
    }
    let failing_since = *webhook.failing_since.get_or_insert(now);
    row.due_at = now + wait(&row.key, row.attempts, attempt.retry_after);
    let gone = attempt.status == Some(410);
    if gone || row.due_at > failing_since + WEBHOOK_AGE_MAX {
        delivery::update(unit, &row)?;
        let reason = if gone {
            "the target answered 410: it is gone".to_owned()
        } else {
            format!("no attempt succeeded for three days; the last one: {}", attempt.reason())
        };
        (webhook.paused, webhook.paused_reason, webhook.updated_at) = (true, Some(reason.clone()), now);
        webhook::update(unit, &webhook)?;
        delivery::hold(unit, webhook.id, now)?;
        outgoing::changed(unit, ctx)?;
        return Ok(Some(reason));
    }
    if failing_since == now {
        webhook::update(unit, &webhook)?;
    }
    // Others have succeeded since this one was first tried: the target works, and does not take this one.
    let others_succeed = failing_since > row.tried_since + WEBHOOK_LEASE;
    if others_succeed && row.due_at > row.tried_since + WEBHOOK_AGE_MAX {
        finish(unit, &mut row, DeliveryStatus::Failed, now)?;
    } else {
        delivery::update(unit, &row)?;
    }
    Ok(None)
}

/// Settles a delivery, and lets the next event of its object be sent.
fn finish(
    unit: &mut Unit<'_>,
    row: &mut DeliveryRow,
    status: DeliveryStatus,
    now: i64,
) -> Result<(), StoreError> {
    (row.status, row.settled_at, row.due_at) = (status, Some(now), now);
    delivery::update(unit, row)?;
    delivery::promote(unit, row.webhook, &row.lane, now)
}

/// Milliseconds until the next attempt: between 1 and a bound that doubles with each attempt, or what the target asks
/// for if that is longer. The jitter is a hash of id and attempt: distributed like a random number, but the same in
/// every run of a test.
fn wait(key: &str, attempt: i64, retry_after: Option<u64>) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 24) - 1).unwrap_or(0);
    let bound = WEBHOOK_BACKOFF_MIN.saturating_mul(1 << doublings).min(WEBHOOK_BACKOFF_MAX);
    let digest = Sha256::new().chain_update(key).chain_update(attempt.to_be_bytes()).finalize();
    let draw = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let jittered = i64::from(draw) % bound + 1;
    let asked =
        retry_after.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000));
    jittered.max(asked.min(WEBHOOK_RETRY_AFTER_MAX))
}

/// When the next delivery falls due.
pub(crate) fn next_due(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    webhook::next_due(unit)
}

/// Makes deliveries due at once that processes had claimed which have ended. `living` are the others.
pub(crate) fn release_dead(unit: &mut Unit<'_>, living: &[i64], now: Millis) -> Result<usize, StoreError> {
    delivery::release_dead(unit, living, now.0)
}

/// Deletes up to `limit` deliveries of each webhook that are older than the log is kept, or beyond its size. Returns
/// the most that were deleted of one.
pub(crate) fn prune(unit: &mut Unit<'_>, now: Millis, limit: i64) -> Result<usize, StoreError> {
    let before = now.plus(-WEBHOOK_LOG_DAYS * DAY).0;
    let mut most = 0;
    for (webhook, program) in webhook::list_all(unit)? {
        for test in [false, true] {
            let whose = (webhook, program, test);
            most = most.max(delivery::prune(unit, whose, before, (WEBHOOK_LOG_MAX, limit))?);
        }
    }
    Ok(most)
}

#[cfg(test)]
mod tests;
