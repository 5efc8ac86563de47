//! Triggers: validated as a whole before they are stored, so that every stored one can be evaluated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_attribution::CompiledTrigger;
use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{COMPILED_PROGRAMS_MAX, DESCRIPTION_MAX, NAME_MAX, TRIGGERS_MAX};
use headwater_protocol::v2::{CreateTrigger, Rule, Trigger, TriggerEvent, UpdateTrigger};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resource::Resource;
use super::{Ctx, Refusal, RefusalKind};
use crate::store::list::Listing;
use crate::store::trigger::{self, TriggerRow};

/// Groups and tags that an offer may name, together.
const ELIGIBILITY_MAX: usize = 100;

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("wire types have text keys and no floats that could fail")
}

/// Adds a trigger, last in the order of evaluation.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: CreateTrigger) -> Result<Trigger, Refusal> {
    let (count, highest) = trigger::count(unit, ctx.program)?;
    if usize::try_from(count).is_ok_and(|count| count >= TRIGGERS_MAX) {
        let message = format!("a program has at most {TRIGGERS_MAX} triggers");
        return Err(Refusal::new(RefusalKind::Conflict, "too_many_triggers", message)
            .hint("archive one: DELETE /api/v2/triggers/{key}"));
    }
    let made = Trigger {
        key: ctx.mint(Prefix::Trigger),
        name: new.name,
        offer_description: new.offer_description,
        event: new.event,
        rules: new.rules.unwrap_or(Rule::All(Vec::new())),
        action: new.action,
        eligibility: new.eligibility,
        position: highest + 1,
        active: true,
        archived: false,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    check(&made)?;
    trigger::insert(unit, ctx.program, &to_row(ctx.next_id(), &made))?;
    changed(unit, ctx)?;
    Ok(made)
}

fn check(made: &Trigger) -> Result<(), FieldError> {
    check_length("name", &made.name, 1, NAME_MAX)?;
    check_length("offer_description", &made.offer_description, 1, DESCRIPTION_MAX)?;
    if made.eligibility.groups.len() + made.eligibility.tags.len() > ELIGIBILITY_MAX {
        let message = format!("eligibility must name at most {ELIGIBILITY_MAX} groups and tags");
        return Err(FieldError::new("out_of_range", "eligibility", message));
    }
    compile(made).map(drop)
}

fn compile(made: &Trigger) -> Result<CompiledTrigger, FieldError> {
    let names = (made.key.as_str(), made.name.as_str());
    CompiledTrigger::compile(names, made.event, &made.rules, &made.action, &made.eligibility)
}

fn to_row(id: i64, made: &Trigger) -> TriggerRow {
    TriggerRow {
        id,
        key: made.key.clone(),
        name: made.name.clone(),
        offer_description: made.offer_description.clone(),
        event: made.event.name().to_owned(),
        rules: text(&made.rules),
        action: text(&made.action),
        eligibility: text(&made.eligibility),
        position: made.position,
        active: made.active,
        archived: made.archived,
        created_at: made.created_at.0,
        updated_at: made.updated_at.0,
    }
}

/// A stored trigger as the API shows it. One that a newer version wrote and this one cannot read is an internal
/// error.
fn render(row: TriggerRow) -> Result<Trigger, Refusal> {
    let event = TriggerEvent::from_name(&row.event).ok_or_else(|| unreadable(&row.key))?;
    Ok(Trigger {
        event,
        rules: read(&row.key, &row.rules)?,
        action: read(&row.key, &row.action)?,
        eligibility: read(&row.key, &row.eligibility)?,
        key: row.key,
        name: row.name,
        offer_description: row.offer_description,
        position: row.position,
        active: row.active,
        archived: row.archived,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
    })
}

fn read<T: DeserializeOwned>(key: &str, stored: &str) -> Result<T, Refusal> {
    serde_json::from_str(stored).map_err(|_| unreadable(key))
}

fn unreadable(key: &str) -> Refusal {
    Refusal::new(RefusalKind::Internal, "internal", format!("trigger {key} was written by another version"))
}

/// A compiled trigger, with what its rewards need.
#[derive(Clone)]
pub(crate) struct ListeningTrigger {
    pub(crate) id: i64,
    pub(crate) compiled: CompiledTrigger,
    pub(crate) offer_description: String,
}

/// The compiled triggers of each program, as they were read last. A user must first compare the version with the one
/// that its own unit of work sees: a cached change may be uncommitted, or rolled back.
#[derive(Default)]
pub(crate) struct TriggerCache {
    programs: Mutex<HashMap<i64, CompiledTriggers>>,
}

/// The triggers that listen for each event, in the order of evaluation.
#[derive(Clone)]
struct CompiledTriggers {
    version: i64,
    by_event: Arc<HashMap<TriggerEvent, Arc<[ListeningTrigger]>>>,
}

impl CompiledTriggers {
    fn of(&self, event: TriggerEvent) -> Arc<[ListeningTrigger]> {
        self.by_event.get(&event).cloned().unwrap_or_default()
    }
}

/// The triggers that listen for `event`, in the order of evaluation.
pub(crate) fn ready(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: TriggerEvent,
) -> Result<Arc<[ListeningTrigger]>, Refusal> {
    let version = ctx.versions(unit)?.triggers;
    ready_at(unit, ctx, event, version)
}

/// The same for a caller that has read the version of the program's triggers: without a statement, when they are
/// cached.
pub(crate) fn ready_at(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: TriggerEvent,
    version: i64,
) -> Result<Arc<[ListeningTrigger]>, Refusal> {
    let cached = || ctx.ids.triggers.programs.lock().unwrap_or_else(PoisonError::into_inner);
    let known = cached().get(&ctx.program).filter(|known| known.version == version).cloned();
    if let Some(known) = known {
        return Ok(known.of(event));
    }
    let mut listening: HashMap<TriggerEvent, Vec<ListeningTrigger>> = HashMap::new();
    for row in trigger::list_active(unit, ctx.program)? {
        let (event, ready) = listen(row)?;
        listening.entry(event).or_default().push(ready);
    }
    let by_event = listening.into_iter().map(|(event, triggers)| (event, triggers.into())).collect();
    let found = CompiledTriggers { version, by_event: Arc::new(by_event) };
    let mut cached = cached();
    if cached.len() >= COMPILED_PROGRAMS_MAX {
        cached.clear();
    }
    cached.insert(ctx.program, found.clone());
    Ok(found.of(event))
}

/// A stored trigger, compiled, and what it listens for.
fn listen(row: TriggerRow) -> Result<(TriggerEvent, ListeningTrigger), Refusal> {
    let id = row.id;
    let made = render(row)?;
    let compiled = compile(&made)?;
    Ok((made.event, ListeningTrigger { id, compiled, offer_description: made.offer_description }))
}

/// A trigger by its number, compiled, also when it is no longer active.
pub(crate) fn find_compiled(
    unit: &mut Unit<'_>,
    id: i64,
) -> Result<Option<(TriggerEvent, ListeningTrigger)>, Refusal> {
    trigger::find_by_id(unit, id)?.map(listen).transpose()
}

/// Gives a program's triggers a new version. Every change of them must end here, or caches stay stale.
fn changed(unit: &mut Unit<'_>, ctx: &Ctx) -> Result<(), Refusal> {
    Ok(trigger::set_version(unit, ctx.program, ctx.next_id())?)
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<TriggerRow, Refusal> {
    trigger::find(unit, ctx.program, key)?.ok_or_else(|| Refusal::not_found("trigger", key))
}

/// A program's triggers.
pub(crate) struct Triggers;

impl Resource for Triggers {
    const NAME: &'static str = "trigger";
    const LISTING: &'static Listing = &trigger::LISTING;
    type Row = TriggerRow;
    type Wire = Trigger;

    fn render(_: &Ctx, _: Option<i64>, row: TriggerRow) -> Result<Trigger, Refusal> {
        render(row)
    }
}

/// Changes a trigger for later events; what it has paid stays.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: UpdateTrigger,
) -> Result<Trigger, Refusal> {
    let row = require(unit, ctx, key)?;
    let id = row.id;
    let old = render(row)?;
    let made = Trigger {
        name: change.name.unwrap_or(old.name),
        offer_description: change.offer_description.unwrap_or(old.offer_description),
        rules: change.rules.unwrap_or(old.rules),
        action: change.action.unwrap_or(old.action),
        eligibility: change.eligibility.unwrap_or(old.eligibility),
        active: change.active.unwrap_or(old.active),
        updated_at: ctx.now,
        ..old
    };
    check(&made)?;
    trigger::update(unit, &to_row(id, &made))?;
    changed(unit, ctx)?;
    Ok(made)
}

/// Archives a trigger: it fires no more.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Trigger, Refusal> {
    let row = require(unit, ctx, key)?;
    let row = TriggerRow { archived: true, updated_at: ctx.now.0, ..row };
    trigger::update(unit, &row)?;
    changed(unit, ctx)?;
    render(row)
}
