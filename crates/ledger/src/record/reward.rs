//! Rewards and their reversals. Sum of rows = balance (docs/decisions/0003-reversals.md).

use headwater_protocol::field::check_optional;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::DESCRIPTION_MAX;
use headwater_protocol::v2::{List, Reward, RewardCustomer, RewardStatus, UpdateReward};
use headwater_protocol::{Currency, FieldError, Millis};
use headwater_store::Unit;

use super::{Ctx, Kind, Refusal, customer, list as page_of, partnership};
use crate::store::list::{Condition, Page};
use crate::store::reward::{self, Names, RewardRow, Standing};
use crate::store::transaction::TransactionRow;

/// Why a reward was declined by a refund.
const REFUNDED: &str = "refunded";

fn scope(ctx: &Ctx) -> (i64, bool) {
    (ctx.program, ctx.test)
}

/// A reward that waits for approval.
pub(crate) fn blank(ctx: &Ctx, partnership: i64, amount: i64, currency: Currency) -> RewardRow {
    RewardRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Reward),
        test: ctx.test,
        partnership,
        customer: None,
        txn: None,
        trigger: None,
        event_key: None,
        amount,
        currency: currency.code().to_owned(),
        description: String::new(),
        status: RewardStatus::Pending.name().to_owned(),
        reverses: None,
        reason: None,
        ready_at: None,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        names: Names::default(),
    }
}

/// Takes back what a payment earned, in proportion to what the customer got back in total. Does nothing the
/// second time.
pub(crate) fn reverse_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
) -> Result<(), Refusal> {
    let refunded = if txn.archived { txn.amount } else { txn.refunded_total };
    for (earned, already) in reward::list_earned(unit, txn.id)? {
        let step = headwater_attribution::reverse(earned.amount, txn.amount, refunded, already);
        if step != 0 {
            reward::insert(unit, ctx.program, &reversal(ctx, &earned, step))?;
        }
        let whole = already + step == earned.amount;
        if whole && earned.status != RewardStatus::Paid.name() {
            let declined =
                Standing { status: RewardStatus::Declined.name(), reason: Some(REFUNDED), at: ctx.now.0 };
            reward::set_standing(unit, earned.id, &declined)?;
        }
    }
    Ok(())
}

/// A row that takes `step` from a reward. It stands where the reward stands; what was paid is owed back.
fn reversal(ctx: &Ctx, earned: &RewardRow, step: i64) -> RewardRow {
    let paid = earned.status == RewardStatus::Paid.name();
    let status = if paid { RewardStatus::Pending.name().to_owned() } else { earned.status.clone() };
    RewardRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Reward),
        event_key: None,
        amount: -step,
        status,
        reverses: Some(earned.id),
        reason: Some(REFUNDED.to_owned()),
        ready_at: None,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        ..earned.clone()
    }
}

fn require(unit: &mut Unit<'_>, ctx: &Ctx, viewer: Option<i64>, key: &str) -> Result<RewardRow, Refusal> {
    let found = reward::find(unit, scope(ctx), key)?;
    found
        .filter(|row| viewer.is_none_or(|viewer| row.partnership == viewer))
        .ok_or_else(|| Refusal::not_found("reward", key))
}

/// A reward; in a partner's view, one of their own.
pub(crate) fn get(unit: &mut Unit<'_>, ctx: &Ctx, viewer: Option<i64>, key: &str) -> Result<Reward, Refusal> {
    require(unit, ctx, viewer, key).map(|row| render(row, viewer.is_some()))
}

/// What narrows a list of rewards.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    pub(crate) status: Option<String>,
    pub(crate) partnership_key: Option<String>,
    pub(crate) customer_key: Option<String>,
    pub(crate) transaction: Option<String>,
}

/// A page of rewards; in a partner's view, of their own. Drips that are not due come only when asked for.
pub(crate) fn list(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    viewer: Option<i64>,
    filters: Filters,
    page: &Page,
) -> Result<List<Reward>, Refusal> {
    let scheduled = RewardStatus::Scheduled.name();
    let mut conditions = vec![match filters.status {
        None => Condition::text("reward.status <>", scheduled),
        Some(status) => Condition::text("reward.status =", parse_status(&status)?.name()),
    }];
    if let Some(name) = filters.partnership_key.filter(|_| viewer.is_none()) {
        let id = partnership::find(unit, ctx, &name)?.map_or(0, |row| row.id);
        conditions.push(Condition::int("reward.partnership =", id));
    }
    if let Some(name) = filters.customer_key {
        let key = match viewer {
            None => customer::find(unit, ctx, &name)?.map_or(name, |row| row.key),
            Some(_) => name,
        };
        conditions.push(Condition::text("customer.key =", key));
    }
    conditions.extend(filters.transaction.map(|key| Condition::text("txn.key =", key)));
    let slice = reward::list(unit, scope(ctx), viewer, conditions, page)?;
    page_of::render(page, slice, |row| render(row, viewer.is_some()))
}

fn parse_status(text: &str) -> Result<RewardStatus, FieldError> {
    RewardStatus::from_name(text).ok_or_else(|| {
        let names = RewardStatus::ALL.map(RewardStatus::name).join(", ");
        FieldError::new("invalid_value", "status", format!("status must be one of {names}"))
    })
}

/// Approves, declines, holds or marks as paid. A reversal of a reward that is not paid moves with it.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: &UpdateReward,
) -> Result<Reward, Refusal> {
    let row = require(unit, ctx, None, key)?;
    check_optional("reason", change.reason.as_deref(), 1, DESCRIPTION_MAX)?;
    if change.status == RewardStatus::Scheduled {
        let message = "status must be approved, declined, hold, pending or paid";
        return Err(FieldError::new("invalid_value", "status", message).into());
    }
    if change.status == RewardStatus::Declined && change.reason.is_none() {
        return Err(Refusal::from(FieldError::required("reason")).hint("say why the reward is declined"));
    }
    if row.status == change.status.name() && row.reason.as_deref() == Some(REFUNDED) {
        return Ok(render(row, false));
    }
    if row.status != change.status.name() {
        refuse_move(unit, &row, change.status)?;
    }
    let reason = match change.status {
        RewardStatus::Declined => change.reason.as_deref(),
        _ => row.reverses.and(row.reason.as_deref()),
    };
    let to = Standing { status: change.status.name(), reason, at: ctx.now.0 };
    if row.status != to.status || row.reason.as_deref() != reason {
        reward::set_standing(unit, row.id, &to)?;
    }
    get(unit, ctx, None, key)
}

fn refuse_move(unit: &mut Unit<'_>, row: &RewardRow, to: RewardStatus) -> Result<(), Refusal> {
    let refuse =
        |code: &str, message: String| Err(Refusal::new(Kind::Conflict, code, message).field("status"));
    if row.status == RewardStatus::Paid.name() {
        return refuse("reward_paid", format!("reward {} is paid; that stays", row.key));
    }
    let Some(original) = row.reverses else {
        if row.reason.as_deref() == Some(REFUNDED) {
            return refuse("reward_refunded", format!("reward {} was reversed by a refund", row.key));
        }
        return Ok(());
    };
    let paid = reward::find_by_id(unit, original)?.is_some_and(|row| row.status == RewardStatus::Paid.name());
    if !paid {
        let message = format!("{} reverses a reward that is not paid, and moves with it", row.key);
        return refuse("reversal_follows", message);
    }
    if to == RewardStatus::Declined {
        return refuse(
            "reversal_owed",
            format!("{} takes back what was paid; it cannot be declined", row.key),
        );
    }
    Ok(())
}

/// A reward as the wire shows it. A partner sees neither the trigger nor who the customer is.
fn render(row: RewardRow, for_partner: bool) -> Reward {
    let names = row.names;
    let status = RewardStatus::from_name(&row.status).unwrap_or(RewardStatus::Hold);
    let customer = names.customer_key.map(|key| RewardCustomer {
        key,
        email: names.customer_email.filter(|_| !for_partner),
        external_key: names.customer_site_key.filter(|_| !for_partner),
    });
    Reward {
        key: row.key,
        amount: row.amount,
        currency: row.currency.parse().unwrap_or(Currency::USD),
        description: row.description.clone(),
        reward_status: status,
        status,
        action: None,
        customer,
        offer: Some(row.description),
        partnership: names.partnership_key,
        transaction: names.transaction_key,
        trigger: names.trigger_key.filter(|_| !for_partner),
        reverses: names.reverses_key,
        reason: row.reason,
        invoice: None,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        ready_at: row.ready_at.map(Millis),
    }
}
