//! Rewards and their reversals. The sum of a partner's rows is its balance (docs/decisions/0003-reversals.md).

mod manual;
pub(super) mod view;

use headwater_attribution::claim::Hold;
use headwater_protocol::field::check_optional;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::DESCRIPTION_MAX;
use headwater_protocol::v2::{Reward, RewardStatus, UpdateReward};
use headwater_protocol::{Currency, FieldError};
use headwater_store::Unit;

use super::resource::require;
use super::{Ctx, Refusal, RefusalKind, save};
use crate::store::cap;
use crate::store::reward::{self, EarnedBy, RewardNames, RewardRow, StatusChange};
use crate::store::transaction::TransactionRow;

pub(crate) use manual::{record, record_as};
use view::render;
pub(crate) use view::{Rewards, offer_key};

/// Why a reward was declined by a refund.
const REFUNDED: &str = "refunded";
/// Why an installment ended: when it was due, the rules of its trigger no longer held.
const RULES_FAILED: &str = "rules_no_longer_hold";
/// Why a reward was taken back that rested on a claim that was corrected (trust.md section 1).
const CORRECTED: &str = "claim_corrected";

/// An empty reward that waits for approval.
pub(crate) fn blank(ctx: &Ctx, partnership: i64, amount: i64, currency: Currency) -> RewardRow {
    RewardRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Reward),
        test: ctx.test,
        partnership,
        customer: None,
        txn: None,
        trigger: None,
        action: None,
        invoice: None,
        event_key: None,
        amount,
        currency: currency.code().to_owned(),
        description: String::new(),
        status: RewardStatus::Pending.name().to_owned(),
        reverses: None,
        reason: None,
        ready_at: None,
        asked_at: None,
        reopens_as: None,
        capped: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        names: RewardNames::default(),
    }
}

/// Puts a new reward on hold until the claim it rests on is confirmed.
pub(crate) fn apply_hold(row: &mut RewardRow, hold: Option<Hold>) {
    if let Some(hold) = hold {
        RewardStatus::Hold.name().clone_into(&mut row.status);
        row.reason = Some(hold.reason().to_owned());
    }
}

/// Whether a reward is on hold because of a claim. One that a person put on hold is not.
pub(crate) fn rests_on_claims(row: &RewardRow) -> bool {
    let reason = row.reason.as_deref();
    row.status == RewardStatus::Hold.name() && Hold::ALL.iter().any(|hold| reason == Some(hold.reason()))
}

/// Whether a reward was neither approved nor declined nor held.
pub(crate) fn is_pending(row: &RewardRow) -> bool {
    row.status == RewardStatus::Pending.name()
}

/// Whether all of a reward was taken back by a refund, before it was paid.
pub(crate) fn is_refunded(row: &RewardRow) -> bool {
    row.status == RewardStatus::Declined.name() && row.reason.as_deref() == Some(REFUNDED)
}

/// Whether it is an installment that has ended for good.
pub(crate) fn has_ended(row: &RewardRow) -> bool {
    row.reason.as_deref() == Some(RULES_FAILED)
}

/// Whether all of it was taken back for good, so that nobody decides about it any more.
fn is_taken_back(row: &RewardRow) -> bool {
    let reasons = [RULES_FAILED, CORRECTED];
    row.status == RewardStatus::Declined.name()
        && row.reason.as_deref().is_some_and(|why| reasons.contains(&why))
}

/// Makes an installment a reward like any other, once it is due.
pub(crate) fn release_installment(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &RewardRow,
    hold: Option<Hold>,
) -> Result<(), Refusal> {
    let status = if hold.is_some() { RewardStatus::Hold } else { RewardStatus::Pending };
    let to = StatusChange { status: status.name(), reason: hold.map(Hold::reason), at: ctx.now.0 };
    save::reward_status(unit, ctx, row.id, &to)
}

/// Ends an installment for good: takes back what is left of it, declines it, and makes room under its caps. It stays
/// the event's, so that no replay earns it again.
pub(crate) fn end_installment(unit: &mut Unit<'_>, ctx: &Ctx, row: &RewardRow) -> Result<(), Refusal> {
    let rest = row.amount - reward::taken(unit, row.id)?;
    if rest != 0 {
        save::new_reward(unit, ctx, &reversal(ctx, row, rest, RULES_FAILED))?;
    }
    let to =
        StatusChange { status: RewardStatus::Declined.name(), reason: Some(RULES_FAILED), at: ctx.now.0 };
    save::reward_status(unit, ctx, row.id, &to)?;
    if row.capped {
        cap::release(unit, row.id)?;
    }
    Ok(())
}

/// Whether a reward is paid or on an invoice, whose amount is fixed: it never changes any more, and what is taken from
/// it is set off against later rewards.
pub(crate) fn is_settled(row: &RewardRow) -> bool {
    row.status == RewardStatus::Paid.name() || row.invoice.is_some()
}

/// Puts an existing reward on hold, changes the reason, or releases it. A status that a person has set stays.
pub(crate) fn update_hold(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    row: &RewardRow,
    hold: Option<Hold>,
) -> Result<(), Refusal> {
    let waits = rests_on_claims(row);
    let reason = hold.map(Hold::reason);
    if !(waits || (is_pending(row) && hold.is_some())) || (waits && row.reason.as_deref() == reason) {
        return Ok(());
    }
    let status = if hold.is_some() { RewardStatus::Hold } else { RewardStatus::Pending };
    save::reward_status(unit, ctx, row.id, &StatusChange { status: status.name(), reason, at: ctx.now.0 })
}

/// Takes back a reward that rested on a claim that was corrected. `already` is what its reversals have taken.
pub(crate) fn take_back(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    earned: &RewardRow,
    already: i64,
) -> Result<(), Refusal> {
    let rest = earned.amount - already;
    if rest != 0 {
        save::new_reward(unit, ctx, &reversal(ctx, earned, rest, CORRECTED))?;
    }
    if !is_settled(earned) {
        let declined =
            StatusChange { status: RewardStatus::Declined.name(), reason: Some(CORRECTED), at: ctx.now.0 };
        save::reward_status(unit, ctx, earned.id, &declined)?;
    }
    Ok(reward::retire(unit, earned.id, ctx.now.0)?)
}

/// Takes back what a payment earned, in proportion to the total that was refunded, or restores some of it when that
/// total has shrunk. Repeating it changes nothing.
pub(crate) fn reverse_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
) -> Result<(), Refusal> {
    let refunded = if txn.archived { txn.amount } else { txn.refunded_total };
    reverse_earned(unit, ctx, EarnedBy::ByPayment(txn.id), (txn.amount, refunded))
}

/// Takes back all that an action earned.
pub(crate) fn reverse_action(unit: &mut Unit<'_>, ctx: &Ctx, action: i64) -> Result<(), Refusal> {
    reverse_earned(unit, ctx, EarnedBy::ByAction(action), (1, 1))
}

fn reverse_earned(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    by: EarnedBy,
    (whole, refunded): (i64, i64),
) -> Result<(), Refusal> {
    for (earned, already) in reward::list_earned(unit, by)? {
        if has_ended(&earned) {
            continue;
        }
        let step = headwater_attribution::reverse(earned.amount, whole, refunded, already);
        if step != 0 {
            save::new_reward(unit, ctx, &reversal(ctx, &earned, step, REFUNDED))?;
        }
        let whole = already + step == earned.amount;
        // The total has shrunk: a reward that the refund had declined is open again.
        if is_refunded(&earned) && !whole {
            let again = StatusChange { status: reopened(ctx, &earned), reason: None, at: ctx.now.0 };
            save::reward_status(unit, ctx, earned.id, &again)?;
        }
        // What a person has declined stays that person's decision, also when the refund is undone.
        if whole && !is_settled(&earned) && earned.status != RewardStatus::Declined.name() {
            let declined =
                StatusChange { status: RewardStatus::Declined.name(), reason: Some(REFUNDED), at: ctx.now.0 };
            let waits =
                if rests_on_claims(&earned) { RewardStatus::Pending.name() } else { earned.status.as_str() };
            reward::keep_status(unit, earned.id, waits)?;
            save::reward_status(unit, ctx, earned.id, &declined)?;
        }
    }
    Ok(())
}

/// The status of a reward once the refund that declined it is undone: scheduled if it is not due yet, approved or held if
/// the company had decided so, and else pending. A claim that it rests on is looked at anew (`evaluate::hold_reopened`).
fn reopened(ctx: &Ctx, row: &RewardRow) -> &'static str {
    let decided = [RewardStatus::Approved, RewardStatus::Hold].map(RewardStatus::name);
    let before = decided.into_iter().find(|status| row.reopens_as.as_deref() == Some(*status));
    match before {
        Some(status) => status,
        None if row.ready_at.is_some_and(|due| due > ctx.now.0) => RewardStatus::Scheduled.name(),
        None => RewardStatus::Pending.name(),
    }
}

/// A row that takes `step` from a reward, or restores it where `step` has the other sign. It has the reward's status,
/// except that the reversal of one that is paid, or is on an invoice, is pending: the amount is owed back.
fn reversal(ctx: &Ctx, earned: &RewardRow, step: i64, reason: &str) -> RewardRow {
    let status =
        if is_settled(earned) { RewardStatus::Pending.name().to_owned() } else { earned.status.clone() };
    RewardRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Reward),
        event_key: None,
        amount: -step,
        status,
        invoice: None,
        reverses: Some(earned.id),
        reason: Some(reason.to_owned()),
        capped: false,
        created_at: ctx.now.0,
        updated_at: ctx.now.0,
        ..earned.clone()
    }
}

/// Approves, declines, holds or marks a reward as paid. The reversals of a reward that is not paid change with it.
pub(crate) fn update(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    change: &UpdateReward,
) -> Result<Reward, Refusal> {
    let row = require::<Rewards>(unit, ctx, None, key)?;
    check_optional("reason", change.reason.as_deref(), 1, DESCRIPTION_MAX)?;
    if change.status == RewardStatus::Scheduled {
        let message = "status must be approved, declined, hold, pending or paid";
        return Err(FieldError::new("invalid_value", "status", message).into());
    }
    if change.status == RewardStatus::Declined && change.reason.is_none() {
        return Err(Refusal::from(FieldError::required("reason")).hint("say why the reward is declined"));
    }
    if row.status == change.status.name() && (row.reason.as_deref() == Some(REFUNDED) || is_taken_back(&row))
    {
        return Ok(render(row, false));
    }
    if row.status != change.status.name() {
        refuse_move(unit, &row, change.status)?;
    }
    let reason = match change.status {
        RewardStatus::Declined => change.reason.as_deref(),
        _ => row.reverses.and(row.reason.as_deref()),
    };
    let to = StatusChange { status: change.status.name(), reason, at: ctx.now.0 };
    if row.status != to.status || row.reason.as_deref() != reason {
        save::reward_status(unit, ctx, row.id, &to)?;
    }
    Ok(render(require::<Rewards>(unit, ctx, None, key)?, false))
}

fn refuse_move(unit: &mut Unit<'_>, row: &RewardRow, to: RewardStatus) -> Result<(), Refusal> {
    let refuse =
        |code: &str, message: String| Err(Refusal::new(RefusalKind::Conflict, code, message).field("status"));
    if row.invoice.is_some() && row.status != RewardStatus::Paid.name() {
        let message = format!("reward {} is on an invoice; mark the invoice as paid", row.key);
        return refuse("reward_invoiced", message);
    }
    if row.status == RewardStatus::Paid.name() {
        return refuse("reward_paid", format!("reward {} is paid; that cannot be undone", row.key));
    }
    if is_taken_back(row) && row.reverses.is_none() {
        let message =
            format!("reward {} was taken back; what was earned instead is a reward of its own", row.key);
        return refuse("reward_taken_back", message);
    }
    let Some(original) = row.reverses else {
        if row.reason.as_deref() == Some(REFUNDED) {
            return refuse("reward_refunded", format!("reward {} was reversed by a refund", row.key));
        }
        return Ok(());
    };
    let paid = reward::find_by_id(unit, original)?.is_some_and(|row| is_settled(&row));
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
