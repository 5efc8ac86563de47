//! Webhooks: where a program's events are sent, and with which secrets they are signed (triggers.md section 4).

use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{KEY_OVERLAP_HOURS_MAX, WEBHOOKS_MAX};
use headwater_protocol::v2::{
    CreateWebhook, OutgoingWebhook, RotateWebhook, UpdateWebhook, Warning, WebhookDelivery, WebhookEvent,
};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::delivery::Deliveries;
use super::outgoing::target::check_target;
use super::outgoing::{self, sign};
use super::resource::{Resource, require};
use super::{Ctx, Refusal, RefusalKind};
use crate::store::delivery;
use crate::store::list::Listing;
use crate::store::webhook::{self, WebhookRow};

/// Milliseconds of an hour.
const HOUR: i64 = 60 * 60 * 1000;

/// A program's webhooks.
pub(crate) struct Webhooks;

impl Resource for Webhooks {
    const NAME: &'static str = "webhook";
    const LISTING: &'static Listing = &webhook::LISTING;
    type Row = WebhookRow;
    type Wire = OutgoingWebhook;

    fn render(ctx: &Ctx, _: Option<i64>, row: WebhookRow) -> Result<OutgoingWebhook, Refusal> {
        Ok(render(ctx, row))
    }
}

/// A webhook as the API shows it, without its secret.
fn render(ctx: &Ctx, row: WebhookRow) -> OutgoingWebhook {
    OutgoingWebhook {
        key: row.key,
        target: row.target,
        events: row.events.iter().filter_map(|name| WebhookEvent::from_name(name)).collect(),
        secret: None,
        old_secret_until: row.old_secret_until.filter(|until| *until > ctx.now.0).map(Millis),
        paused: row.paused,
        paused_reason: row.paused_reason,
        failing_since: row.failing_since.map(Millis),
        archived: row.archived,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    }
}

/// A webhook, with a warning when its target does not answer.
pub(crate) fn get(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
) -> Result<(OutgoingWebhook, Vec<Warning>), Refusal> {
    let shown = render(ctx, require::<Webhooks>(unit, ctx, None, key)?);
    let warning = |code: &str, field: &str, hint: String| Warning {
        code: code.to_owned(),
        field: field.to_owned(),
        hint,
    };
    let warnings = if shown.paused {
        let hint = "nothing is sent; correct the target, then POST /api/v2/webhooks/{key}/resume";
        vec![warning("webhook_paused", "paused_reason", hint.to_owned())]
    } else if shown.failing_since.is_some() {
        let hint = "every attempt has failed since then; after three days the webhook is paused";
        vec![warning("webhook_failing", "failing_since", hint.to_owned())]
    } else {
        Vec::new()
    };
    Ok((shown, warnings))
}

/// Adds a webhook. Its secret is in the answer, and in no other.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateWebhook) -> Result<OutgoingWebhook, Refusal> {
    let active = webhook::list_active(unit, ctx.program)?.len();
    if i64::try_from(active).is_ok_and(|active| active >= WEBHOOKS_MAX) {
        let message = format!("a program has at most {WEBHOOKS_MAX} webhooks");
        return Err(Refusal::new(RefusalKind::Conflict, "too_many_webhooks", message)
            .hint("archive one: DELETE /api/v2/webhooks/{key}"));
    }
    let key = super::own_key(ctx, Prefix::Webhook, new.key)?;
    if Webhooks::find(unit, ctx, None, &key)?.is_some() {
        let message = format!("a webhook with key '{key}' exists");
        return Err(Refusal::new(RefusalKind::Conflict, "webhook_exists", message).field("key"));
    }
    let row = WebhookRow {
        id: ctx.next_id(),
        program: ctx.program,
        key,
        target: target(ctx, &new.target)?,
        events: events(&new.events)?,
        secret: sign::mint_secret(&ctx.random()),
        old_secret: None,
        old_secret_until: None,
        paused: false,
        paused_reason: None,
        failing_since: None,
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
    };
    webhook::insert(unit, &row)?;
    outgoing::changed(unit, ctx)?;
    Ok(with_secret(ctx, row))
}

fn with_secret(ctx: &Ctx, row: WebhookRow) -> OutgoingWebhook {
    let secret = Some(row.secret.clone());
    OutgoingWebhook { secret, ..render(ctx, row) }
}

/// A target in its normal form, or the refusal.
fn target(ctx: &Ctx, text: &str) -> Result<String, FieldError> {
    check_target(text, ctx.private_targets)
        .map(String::from)
        .map_err(|message| FieldError::new("invalid_value", "target", message))
}

/// Names of events, each once.
fn events(given: &[WebhookEvent]) -> Result<Vec<String>, FieldError> {
    if given.is_empty() {
        let message = "events must name at least one event, as customer.created";
        return Err(FieldError::new("out_of_range", "events", message));
    }
    let mut names: Vec<String> = Vec::new();
    for name in given.iter().map(|event| event.name()) {
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A webhook that is not archived.
fn require_active(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<WebhookRow, Refusal> {
    let row = require::<Webhooks>(unit, ctx, None, key)?;
    if row.archived {
        let message = format!("webhook {} was archived", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "webhook_archived", message)
            .hint("POST /api/v2/webhooks makes a new one"));
    }
    Ok(row)
}

/// Writes a changed webhook.
fn save(unit: &mut Unit<'_>, ctx: &Ctx, row: &mut WebhookRow) -> Result<(), Refusal> {
    row.updated_at = ctx.now.0;
    webhook::update(unit, row)?;
    Ok(outgoing::changed(unit, ctx)?)
}

/// Changes a webhook for what is sent from now on, also for what waits already.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: UpdateWebhook,
) -> Result<OutgoingWebhook, Refusal> {
    let mut row = require_active(unit, ctx, key)?;
    if let Some(text) = change.target {
        row.target = target(ctx, &text)?;
    }
    if let Some(given) = change.events {
        row.events = events(&given)?;
    }
    save(unit, ctx, &mut row)?;
    Ok(render(ctx, row))
}

/// Archives a webhook: nothing is sent any more. Its log stays as long as any.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<OutgoingWebhook, Refusal> {
    let mut row = require::<Webhooks>(unit, ctx, None, key)?;
    if !row.archived {
        row.archived = true;
        delivery::fail_all(unit, row.id, "the webhook was archived", ctx.now.0)?;
        save(unit, ctx, &mut row)?;
    }
    Ok(render(ctx, row))
}

/// Replaces the secret; the old one signs too until the overlap ends. The new one is in the answer, and in no other.
pub(crate) fn rotate(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    request: &RotateWebhook,
) -> Result<OutgoingWebhook, Refusal> {
    let hours = request.overlap_hours;
    if !(0..=KEY_OVERLAP_HOURS_MAX).contains(&hours) {
        let message = format!("overlap_hours must lie between 0 and {KEY_OVERLAP_HOURS_MAX}, got {hours}");
        return Err(Refusal::invalid("out_of_range", "overlap_hours", message));
    }
    let mut row = require_active(unit, ctx, key)?;
    let old = std::mem::replace(&mut row.secret, sign::mint_secret(&ctx.random()));
    row.old_secret = Some(old).filter(|_| hours > 0);
    row.old_secret_until = row.old_secret.is_some().then_some(ctx.now.0 + hours * HOUR);
    save(unit, ctx, &mut row)?;
    Ok(with_secret(ctx, row))
}

/// Resumes a paused webhook: what was held is sent, each object's events in their order, with three days from now.
pub(crate) fn resume(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<OutgoingWebhook, Refusal> {
    let mut row = require_active(unit, ctx, key)?;
    if row.paused {
        (row.paused, row.paused_reason, row.failing_since) = (false, None, None);
        delivery::release(unit, row.id, ctx.now.0)?;
        save(unit, ctx, &mut row)?;
        ctx.queued.store(true, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(render(ctx, row))
}

/// Sends a test event.
pub(crate) fn ping(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<WebhookDelivery, Refusal> {
    let row = require_active(unit, ctx, key)?;
    if row.paused {
        let message = format!("webhook {} is paused; nothing is sent", row.key);
        return Err(Refusal::new(RefusalKind::Conflict, "webhook_paused", message)
            .hint("POST /api/v2/webhooks/{key}/resume"));
    }
    let queued = outgoing::ping(unit, ctx, (row.id, &row.key))?;
    Deliveries::render(ctx, None, queued)
}
