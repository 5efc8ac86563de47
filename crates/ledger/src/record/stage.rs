//! Stages of deals and statuses of leads. A group without stages of its own uses those that name no group.

use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{NAME_MAX, STAGES_MAX};
use headwater_protocol::v2::{CreateStage, List, SalesCycle, Stage, UpdateStage};
use headwater_protocol::{FieldError, Millis};
use headwater_store::Unit;

use super::list::ListRequest;
use super::resource::{Resource, get, require};
use super::{Ctx, Refusal, RefusalKind, filter, partnership};
use crate::store::list::{Condition, Listing};
use crate::store::stage::{self, StageRow};

/// Positions run from 0 to this.
pub(crate) const POSITION_MAX: i64 = 1_000_000;

/// Stages of deals, statuses of leads.
pub(crate) struct Stages;

impl Resource for Stages {
    const NAME: &'static str = "stage";
    const LISTING: &'static Listing = &stage::LISTING;
    type Row = StageRow;
    type Wire = Stage;

    fn render(_: &Ctx, _: Option<i64>, row: StageRow) -> Result<Stage, Refusal> {
        Ok(Stage {
            key: row.key,
            cycle: row.cycle,
            name: row.name,
            group_key: row.group_key,
            outcome: row.outcome,
            position: row.position,
            archived: row.archived,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.updated_at),
        })
    }
}

/// The cycle that a path names.
pub(crate) fn cycle(name: &str) -> Result<SalesCycle, Refusal> {
    SalesCycle::from_name(name)
        .ok_or_else(|| Refusal::not_found("sales_cycle", name).hint("there are 'deal' and 'lead'"))
}

/// Makes a stage of the cycle that the path names.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    cycle_name: &str,
    new: CreateStage,
) -> Result<Stage, Refusal> {
    let cycle = cycle(cycle_name)?;
    check_length("name", &new.name, 1, NAME_MAX)?;
    check_position(new.position)?;
    let key = super::own_key(ctx, Prefix::Stage, new.key)?;
    let group = match &new.group_key {
        Some(name) => Some(partnership::find_group(unit, ctx, name)?.id),
        None => None,
    };
    if stage::count(unit, ctx.program)? >= i64::try_from(STAGES_MAX).unwrap_or(i64::MAX) {
        let message = format!("a program has at most {STAGES_MAX} stages");
        return Err(Refusal::new(RefusalKind::Conflict, "too_many_stages", message));
    }
    let known = stage::list_of_cycle(unit, ctx.program, cycle)?;
    let own = || known.iter().filter(|row| row.group == group);
    if own().any(|row| row.name.eq_ignore_ascii_case(&new.name)) {
        let message = format!("a stage with name '{}' exists", new.name);
        return Err(Refusal::new(RefusalKind::Conflict, "stage_exists", message).field("name"));
    }
    if Stages::find(unit, ctx, None, &key)?.is_some() {
        let message = format!("a stage with key '{key}' exists");
        return Err(Refusal::new(RefusalKind::Conflict, "stage_exists", message).field("key"));
    }
    let last = own().map(|row| row.position).max().unwrap_or(0);
    let row = StageRow {
        id: ctx.next_id(),
        key,
        cycle,
        group,
        name: new.name,
        outcome: new.outcome.unwrap_or_default(),
        position: new.position.unwrap_or((last + 1).min(POSITION_MAX)),
        archived: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        group_key: None,
    };
    stage::insert(unit, ctx.program, &row)?;
    get::<Stages>(unit, ctx, None, &row.key)
}

fn check_position(position: Option<i64>) -> Result<(), FieldError> {
    if position.is_none_or(|position| (0..=POSITION_MAX).contains(&position)) {
        return Ok(());
    }
    let message = format!("position must be an integer from 0 to {POSITION_MAX}");
    Err(FieldError::new("out_of_range", "position", message))
}

/// Changes a stage. Its name stays, because deals and leads keep it.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: &UpdateStage,
) -> Result<Stage, Refusal> {
    let mut row = require::<Stages>(unit, ctx, None, key)?;
    check_position(change.position)?;
    row.outcome = change.outcome.unwrap_or(row.outcome);
    row.position = change.position.unwrap_or(row.position);
    row.archived = change.archived.unwrap_or(row.archived);
    row.updated_at = ctx.now.0;
    stage::update(unit, &row)?;
    Stages::render(ctx, None, row)
}

/// Archives a stage: deals and leads that are in it stay there, and no other can enter it.
pub(crate) fn archive(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<Stage, Refusal> {
    update(unit, ctx, key, &UpdateStage { archived: Some(true), ..UpdateStage::default() })
}

/// The stages that deals or leads of a group may be in: the group's own, or those of no group.
fn of_group(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    cycle: SalesCycle,
    group: Option<i64>,
) -> Result<Vec<StageRow>, Refusal> {
    let all = stage::list_of_cycle(unit, ctx.program, cycle)?;
    let group = group.filter(|_| all.iter().any(|row| row.group == group));
    Ok(all.into_iter().filter(|row| row.group == group).collect())
}

/// The stage that a deal or lead of a group enters: the one that is named, in any case, or the group's first.
pub(crate) fn check(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    cycle: SalesCycle,
    group: Option<i64>,
    given: Option<&str>,
) -> Result<String, Refusal> {
    let stages = of_group(unit, ctx, cycle, group)?;
    let found = match given {
        Some(name) => stages.iter().find(|row| row.name.eq_ignore_ascii_case(name)),
        None => stages.first(),
    };
    if let Some(found) = found {
        return Ok(found.name.clone());
    }
    let field = if cycle == SalesCycle::Deal { "stage" } else { "status" };
    let names: Vec<_> = stages.iter().map(|row| format!("'{}'", row.name)).collect();
    let given = super::refusal::short(given.unwrap_or_default());
    let message = format!("{field}: '{given}' is not one of [{}]", names.join(", "));
    Err(Refusal::invalid("invalid_value", field, message)
        .hint(format!("GET /api/v2/sales-cycles/{}/stages lists them", cycle.name())))
}

/// A page of the stages of a cycle, in their order unless the request asks for another. With `group_key`, and for a
/// partner, those that apply to that group.
pub(crate) fn list_of_cycle(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    cycle_name: &str,
    mut request: ListRequest,
) -> Result<List<Stage>, Refusal> {
    let cycle = cycle(cycle_name)?;
    let group = match (viewer, request.asked("group_key")) {
        (Some(id), _) => Some(partnership::find_by_id(unit, id)?.and_then(|row| row.group)),
        (None, Some(name)) => Some(Some(partnership::find_group(unit, ctx, name)?.id)),
        (None, None) => None,
    };
    request.asked.retain(|(filter, _)| filter.name != "group_key");
    let mut narrowed = vec![Condition::text("stage.cycle =", cycle.name())];
    if let Some(group) = group {
        let own = of_group(unit, ctx, cycle, group)?.first().and_then(|row| row.group);
        narrowed.push(
            own.map_or_else(|| Condition::fact("stage.grp IS NULL"), |id| Condition::int("stage.grp =", id)),
        );
    }
    // Stages are the company's: a partner reads them, too.
    filter::narrowed::<Stages>(unit, ctx, None, narrowed, &request)
}
