//! Queues events for a program's webhooks, in the unit of work that caused them (triggers.md section 4). A program
//! without webhooks pays nothing: the version of its webhooks, 0, is read with the request's idempotency key.

pub(crate) mod sign;
pub(crate) mod target;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_protocol::key::Prefix;
use headwater_protocol::limits::COMPILED_PROGRAMS_MAX;
use headwater_protocol::v2::{DeliveryStatus, WebhookEvent};
use headwater_store::{StoreError, Unit};
use serde::{Deserialize, Serialize};

use super::{Ctx, Refusal, RefusalKind};
use crate::store::delivery::{self, DeliveryRow};
use crate::store::webhook;

/// Something that happened, and whose personal data its object holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutgoingEvent {
    event: WebhookEvent,
    customer: Option<i64>,
}

impl OutgoingEvent {
    /// An event of an object that may hold a customer's personal data.
    pub(crate) fn new(event: WebhookEvent, customer: Option<i64>) -> Self {
        Self { event, customer }
    }

    /// What happened.
    pub(crate) fn event(self) -> WebhookEvent {
        self.event
    }

    /// An event of an object with a customer's personal data. Deleting the customer with this number empties it.
    pub(crate) fn of_customer(event: WebhookEvent, customer: i64) -> Self {
        Self { event, customer: Some(customer) }
    }
}

/// An event of an object without any customer's data.
impl From<WebhookEvent> for OutgoingEvent {
    fn from(event: WebhookEvent) -> Self {
        Self { event, customer: None }
    }
}

/// A webhook as queueing needs it.
struct Subscriber {
    webhook: i64,
    key: String,
    paused: bool,
    events: Vec<WebhookEvent>,
}

/// The webhooks of each program, as they were read last. A user must first compare the version with the one that its
/// own unit of work sees: a cached change may be uncommitted, or rolled back.
#[derive(Default)]
pub(crate) struct WebhookCache {
    programs: Mutex<HashMap<i64, VersionedSubscribers>>,
}

struct VersionedSubscribers {
    version: i64,
    subscribers: Arc<[Subscriber]>,
}

/// Gives a program's webhooks a new version. Every change of them must end here, or caches stay stale.
pub(crate) fn changed(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<(), StoreError> {
    webhook::set_version(unit, ctx.program, ctx.next_id())
}

fn subscribers(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<Arc<[Subscriber]>, StoreError> {
    let version = ctx.versions(unit)?.webhooks;
    if version == 0 {
        return Ok(Arc::new([]));
    }
    let cached = || ctx.ids.webhooks.programs.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cached().get(&ctx.program).filter(|known| known.version == version) {
        return Ok(Arc::clone(&known.subscribers));
    }
    let rows = webhook::list_active(unit, ctx.program)?.into_iter().map(|row| Subscriber {
        webhook: row.id,
        key: row.key,
        paused: row.paused,
        events: row.events.iter().filter_map(|name| WebhookEvent::from_name(name)).collect(),
    });
    let subscribers: Arc<[Subscriber]> = rows.collect();
    let mut cached = cached();
    if cached.len() >= COMPILED_PROGRAMS_MAX {
        cached.clear();
    }
    cached.insert(ctx.program, VersionedSubscribers { version, subscribers: Arc::clone(&subscribers) });
    Ok(subscribers)
}

/// The names under which an event is sent.
fn names(event: WebhookEvent) -> impl Iterator<Item = WebhookEvent> {
    [Some(event), event.alias()].into_iter().flatten()
}

/// Whether any webhook of the program listens for the event, so that its object has to be read.
pub(crate) fn listens(unit: &mut Unit<'_>, ctx: &Ctx, event: WebhookEvent) -> Result<bool, StoreError> {
    let subscribers = subscribers(unit, ctx)?;
    Ok(names(event).any(|name| subscribers.iter().any(|one| one.events.contains(&name))))
}

/// Queues an event for each webhook that listens for it. `wire` is the object as API v2 shows it to the vendor, with
/// its `key`. Several changes of an object by one request are one event, with the last state.
pub(crate) fn queue<W: Serialize>(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    what: impl Into<OutgoingEvent>,
    wire: &W,
) -> Result<(), Refusal> {
    let OutgoingEvent { event, customer } = what.into();
    let subscribers = subscribers(unit, ctx)?;
    let mut object = None;
    for name in names(event) {
        for one in subscribers.iter().filter(|one| one.events.contains(&name)) {
            let (key, text) = match &object {
                Some(known) => known,
                None => object.insert(described(wire)?),
            };
            queue_for(unit, ctx, one, &QueuedEvent { name: name.name(), key, text, customer })?;
        }
    }
    Ok(())
}

/// The object's key, and its JSON text.
fn described<W: Serialize>(wire: &W) -> Result<(String, String), Refusal> {
    #[derive(Deserialize)]
    struct Keyed {
        key: String,
    }
    let unusable =
        |_| Refusal::new(RefusalKind::Internal, "internal", "an object without a key cannot be an event");
    let text = serde_json::to_string(wire).map_err(unusable)?;
    let Keyed { key } = serde_json::from_str(&text).map_err(unusable)?;
    Ok((key, text))
}

/// An event with its object.
struct QueuedEvent<'a> {
    name: &'a str,
    /// The object's key.
    key: &'a str,
    /// The object as JSON.
    text: &'a str,
    customer: Option<i64>,
}

impl QueuedEvent<'_> {
    /// The object's members and `event`.
    fn body(&self, name: &str) -> String {
        format!("{{\"event\":\"{name}\",{}", self.text.strip_prefix('{').unwrap_or(self.text))
    }

    /// Whether an `earlier` event that was not sent yet can carry this one's state in its place: an update's, after an
    /// update or a creation.
    fn continues(&self, earlier: &str) -> bool {
        let (Some((kind, what)), Some((earlier_kind, before))) =
            (self.name.split_once('.'), earlier.split_once('.'))
        else {
            return false;
        };
        kind == earlier_kind && what == "updated" && matches!(before, "updated" | "created")
    }
}

fn queue_for(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    to: &Subscriber,
    event: &QueuedEvent<'_>,
) -> Result<(), StoreError> {
    let kind = event.name.split('.').next().unwrap_or_default();
    // A payment's key may be chosen freely, so it is unique only within its kind and mode.
    let lane = format!("{} {kind} {}", i64::from(ctx.test), event.key);
    let before = delivery::last_open(unit, to.webhook, &lane)?;
    if let Some(before) = &before
        && (before.request, before.created_at) == (ctx.request, ctx.real_now.0)
        && event.continues(&before.event)
        && delivery::replace_body(unit, before.id, &event.body(&before.event))?
    {
        return Ok(());
    }
    let status = match before {
        _ if to.paused => DeliveryStatus::Held,
        Some(_) => DeliveryStatus::Waiting,
        None => DeliveryStatus::Pending,
    };
    let row = DeliveryRow {
        event: event.name.to_owned(),
        object: event.key.to_owned(),
        lane,
        customer: event.customer,
        body: event.body(event.name),
        status,
        ..blank(ctx, to.webhook, &to.key)
    };
    delivery::insert(unit, &row)?;
    ctx.queued.store(true, Ordering::Relaxed);
    Ok(())
}

/// Deletes the texts of a customer that is being deleted from all deliveries.
pub(crate) fn forget(unit: &mut Unit<'_>, ctx: &Ctx, customer: i64) -> Result<(), StoreError> {
    delivery::forget(unit, customer, ctx.real_now.0)
}

/// Deletes the texts about a deal or lead from deliveries that were queued before it became a customer.
pub(crate) fn forget_object(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<(), StoreError> {
    delivery::forget_object(unit, ctx.scope(), key, ctx.real_now.0)
}

/// Queues a `ping` for one webhook, whatever it listens for; returns the delivery.
pub(crate) fn ping(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (webhook, webhook_key): (i64, &str),
) -> Result<DeliveryRow, StoreError> {
    let row = blank(ctx, webhook, webhook_key);
    let row = DeliveryRow {
        event: "ping".to_owned(),
        object: webhook_key.to_owned(),
        // A lane of its own: it tests the target now, whatever waits.
        lane: row.key.clone(),
        body: serde_json::json!({"event": "ping", "key": webhook_key, "created_at": ctx.real_now})
            .to_string(),
        ..row
    };
    delivery::insert(unit, &row)?;
    ctx.queued.store(true, Ordering::Relaxed);
    Ok(row)
}

/// A delivery that is due now, without a body.
fn blank(ctx: &Ctx, webhook: i64, webhook_key: &str) -> DeliveryRow {
    DeliveryRow {
        id: 0,
        program: ctx.program,
        test: ctx.test,
        key: ctx.mint(Prefix::Delivery),
        webhook,
        event: String::new(),
        object: String::new(),
        lane: String::new(),
        customer: None,
        body: String::new(),
        status: DeliveryStatus::Pending,
        request: ctx.request,
        attempts: 0,
        due_at: ctx.real_now.0,
        tried_since: ctx.real_now.0,
        answer_status: None,
        answer: None,
        error: None,
        settled_at: None,
        created_at: ctx.real_now.0,
        updated_at: ctx.real_now.0,
        webhook_key: webhook_key.to_owned(),
    }
}
