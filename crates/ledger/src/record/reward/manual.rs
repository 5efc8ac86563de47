//! Rewards that the company gives by itself; no trigger pays them.

use headwater_protocol::field::check_length;
use headwater_protocol::key::Prefix;
use headwater_protocol::limits::DESCRIPTION_MAX;
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{CreateReward, Reward, RewardTarget, RewardTargetType};
use headwater_protocol::{Currency, FieldError};
use headwater_store::Unit;

use super::blank;
use super::view::render;
use crate::record::{Ctx, Refusal, RefusalKind, lookup, partnership, save};
use crate::store::reward::{self, RewardRow};
use crate::store::transaction;

/// What a reward is for.
#[derive(Default)]
struct Earner {
    partnership: Option<i64>,
    customer: Option<i64>,
    txn: Option<i64>,
    currency: Option<Currency>,
}

/// Gives a reward, which waits for approval like any other.
pub(crate) fn record(unit: &mut Unit<'_>, ctx: &Ctx, new: &CreateReward) -> Result<Reward, Refusal> {
    let key = ctx.mint(Prefix::Reward);
    record_as(unit, ctx, new, key)
}

/// The same under a key that no reward has.
pub(crate) fn record_as(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    new: &CreateReward,
    key: String,
) -> Result<Reward, Refusal> {
    check_amount("amount", new.amount)?;
    if new.amount < 1 {
        let message = "amount must be at least 1, in minor units";
        return Err(Refusal::invalid("out_of_range", "amount", message)
            .hint("what was earned is taken back by a refund, or by declining the reward"));
    }
    check_length("description", &new.description, 1, DESCRIPTION_MAX)?;
    let (field, earner) = match (&new.target, &new.partner_key) {
        (None, None) => return Err(FieldError::required("target").into()),
        (Some(_), Some(_)) => {
            let message = "'partner_key' is not allowed beside 'target'";
            return Err(Refusal::invalid("invalid_value", "partner_key", message));
        }
        (None, Some(name)) => ("partner_key", of_partner(unit, ctx, name, "partner_key")?),
        (Some(target), None) => ("target.key", of_target(unit, ctx, target)?),
    };
    let partnership = require_active(unit, earner.partnership, field)?;
    let currency = new.currency.or(earner.currency).unwrap_or(Currency::USD);
    let row = RewardRow {
        key,
        customer: earner.customer,
        txn: earner.txn,
        description: new.description.clone(),
        ..blank(ctx, partnership, new.amount, currency)
    };
    save::new_reward(unit, ctx, &row)?;
    let made = reward::find_by_id(unit, row.id)?.unwrap_or(row);
    Ok(render(made, false))
}

fn of_partner(unit: &mut Unit<'_>, ctx: &Ctx, name: &str, field: &str) -> Result<Earner, Refusal> {
    let found = partnership::find(unit, ctx, name)?;
    let row = found.ok_or_else(|| Refusal::not_found("partnership", name).field(field))?;
    Ok(Earner { partnership: Some(row.id), ..Earner::default() })
}

fn of_target(unit: &mut Unit<'_>, ctx: &Ctx, target: &RewardTarget) -> Result<Earner, Refusal> {
    let (field, name) = ("target.key", target.key.as_str());
    match target.r#type {
        RewardTargetType::Partnership | RewardTargetType::Manual => of_partner(unit, ctx, name, field),
        RewardTargetType::Customer => {
            let found = lookup::by_key(unit, ctx, name)?;
            let row = found.ok_or_else(|| Refusal::not_found("customer", name).field(field))?;
            Ok(Earner { partnership: row.partnership, customer: Some(row.id), ..Earner::default() })
        }
        RewardTargetType::Transaction => {
            let found = transaction::find(unit, ctx.scope(), name)?;
            let row = found.ok_or_else(|| Refusal::not_found("transaction", name).field(field))?;
            Ok(Earner {
                partnership: row.partnership,
                customer: Some(row.customer),
                txn: Some(row.id),
                currency: row.currency.parse().ok(),
            })
        }
    }
}

/// The number of the partnership that earns.
fn require_active(unit: &mut Unit<'_>, earner: Option<i64>, field: &str) -> Result<i64, Refusal> {
    let refuse =
        |code: &str, message: &str| Err(Refusal::new(RefusalKind::Conflict, code, message).field(field));
    let found = earner.map(|id| partnership::find_by_id(unit, id)).transpose()?.flatten();
    match found {
        None => refuse("no_partner", "no partner is credited with the target, so nobody can earn with it"),
        Some(row) if row.archived => refuse("partnership_archived", "an archived partnership earns nothing"),
        Some(row) if row.approved_status == "declined" => {
            refuse("partnership_declined", "a partner whom the program has declined earns nothing")
        }
        Some(row) => Ok(row.id),
    }
}
