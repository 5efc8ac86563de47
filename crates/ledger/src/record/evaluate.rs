//! From a recorded fact to rewards: gathers the facts, asks `attribution`, writes what it decided.

use headwater_attribution::{
    CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts, TriggerProgram, evaluate, explain,
};
use headwater_protocol::v2::{ProductStatus, TransactionExplanation, TriggerEvent};
use headwater_protocol::{Currency, Millis};
use headwater_store::Unit;

use super::trigger::Ready;
use super::{Ctx, Kind, Refusal, reward, trigger};
use crate::store::customer::{self, CustomerRow};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::product;
use crate::store::reward as rewards;
use crate::store::transaction::{self, TransactionRow};

/// Evaluates the triggers that listen for a new customer, in the unit that recorded it.
pub(crate) fn customer_created(unit: &mut Unit<'_>, ctx: &Ctx, customer: i64) -> Result<(), Refusal> {
    let owner = require_customer(unit, customer)?;
    let Some(partner) = credited(unit, owner.partnership)? else { return Ok(()) };
    let (programs, ready) = trigger::ready(unit, ctx, TriggerEvent::CustomerCreated)?;
    if programs.is_empty() {
        return Ok(());
    }
    let history = history(unit, &programs, customer, Currency::USD.code())?;
    let facts = Facts {
        event: TriggerEvent::CustomerCreated,
        transaction: None,
        customer: customer_facts(&owner, history),
        partnership: partnership_facts(&partner),
        products: Vec::new(),
    };
    let event = Event { key: format!("customer:{customer}"), customer, txn: None };
    pay(unit, ctx, &partner, &event, &facts, &programs, &ready)
}

/// When a payment is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// When it is recorded.
    Recorded,
    /// When it is linked to a product that came later. Only triggers that ask about products are asked:
    /// the others have had their say and behave as if products did not exist.
    Linked,
}

/// Evaluates the triggers that listen for payments, in the unit that recorded or linked it.
pub(crate) fn transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    moment: Moment,
) -> Result<(), Refusal> {
    let Some(partner) = credited(unit, txn.partnership)? else { return Ok(()) };
    let (mut programs, mut ready) = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
    if moment == Moment::Linked {
        (programs, ready) =
            programs.into_iter().zip(ready).filter(|(program, _)| program.asks_products()).unzip();
    }
    if programs.is_empty() {
        return Ok(());
    }
    let facts = transaction_facts(unit, txn, &partner, &programs)?;
    let event = Event { key: format!("transaction:{}", txn.id), customer: txn.customer, txn: Some(txn.id) };
    pay(unit, ctx, &partner, &event, &facts, &programs, &ready)
}

/// Says of each trigger what it makes of a payment now.
pub(crate) fn explain_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
) -> Result<TransactionExplanation, Refusal> {
    let mut told = TransactionExplanation {
        transaction: txn.key.clone(),
        product_key: txn.names.product_key.clone(),
        partnership_key: None,
        triggers: Vec::new(),
    };
    let Some(partner) = credited(unit, txn.partnership)? else { return Ok(told) };
    let (programs, _) = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
    let facts = transaction_facts(unit, txn, &partner, &programs)?;
    told.triggers = explain(&programs, &facts, ctx.now);
    told.partnership_key = Some(partner.key);
    Ok(told)
}

/// Who earns; nobody when the partnership has ended or was refused.
fn credited(unit: &mut Unit<'_>, partnership: Option<i64>) -> Result<Option<PartnershipRow>, Refusal> {
    let Some(id) = partnership else { return Ok(None) };
    let found = partnership::find_by_id(unit, id)?;
    Ok(found.filter(|row| !row.archived && row.approved_status != "declined"))
}

fn require_customer(unit: &mut Unit<'_>, id: i64) -> Result<CustomerRow, Refusal> {
    customer::find_by_id(unit, id)?
        .ok_or_else(|| Refusal::new(Kind::Internal, "internal", "the customer to evaluate is gone"))
}

/// Payments and revenue of a customer; not counted when no rule asks.
fn history(
    unit: &mut Unit<'_>,
    programs: &[TriggerProgram],
    customer: i64,
    currency: &str,
) -> Result<(i64, i64), Refusal> {
    if programs.iter().any(TriggerProgram::needs_history) {
        return Ok(transaction::history(unit, customer, currency)?);
    }
    Ok((0, 0))
}

fn transaction_facts(
    unit: &mut Unit<'_>,
    txn: &TransactionRow,
    partner: &PartnershipRow,
    programs: &[TriggerProgram],
) -> Result<Facts, Refusal> {
    let owner = require_customer(unit, txn.customer)?;
    let history = history(unit, programs, txn.customer, &txn.currency)?;
    let linked = match txn.product {
        Some(id) => product::find_by_id(unit, id)?,
        None => None,
    };
    let linked = linked.map(|row| ProductFacts {
        key: row.key,
        name: row.names.book_name,
        product_book_key: row.names.book_key,
        status: ProductStatus::from_name(&row.status).unwrap_or_default(),
        created_at: Millis(row.created_at),
    });
    let payment = TransactionFacts {
        amount: txn.amount,
        currency: txn.currency.parse()?,
        category_key: txn.category_key.clone(),
        product_key: txn.product_text.clone(),
        metadata: txn.metadata.clone().unwrap_or_default(),
        test: txn.test,
        created_at: Millis(txn.created_at),
    };
    Ok(Facts {
        event: TriggerEvent::TransactionCreated,
        transaction: Some(payment),
        customer: customer_facts(&owner, history),
        partnership: partnership_facts(partner),
        products: linked.into_iter().collect(),
    })
}

fn customer_facts(row: &CustomerRow, (transaction_count, total_revenue): (i64, i64)) -> CustomerFacts {
    CustomerFacts {
        fields: row.meta.clone().unwrap_or_default(),
        test: row.test,
        created_at: Millis(row.created_at),
        total_revenue,
        transaction_count,
    }
}

fn partnership_facts(row: &PartnershipRow) -> PartnershipFacts {
    PartnershipFacts {
        group: row.group_facts.as_ref().map(|(key, _, slug, _, _)| (key.clone(), slug.clone())),
        tags: row.tags.clone(),
        created_at: Millis(row.created_at),
    }
}

/// What is paid for.
struct Event {
    /// Names the event for ever: a trigger pays once for each.
    key: String,
    customer: i64,
    txn: Option<i64>,
}

fn pay(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    partner: &PartnershipRow,
    event: &Event,
    facts: &Facts,
    programs: &[TriggerProgram],
    ready: &[Ready],
) -> Result<(), Refusal> {
    for decision in evaluate(programs, facts, ctx.now) {
        let fired = programs.iter().zip(ready).find(|(program, _)| program.key == decision.trigger);
        let Some((_, fired)) = fired else { continue };
        let row = rewards::RewardRow {
            customer: Some(event.customer),
            txn: event.txn,
            trigger: Some(fired.id),
            event_key: Some(event.key.clone()),
            description: fired.offer_description.clone(),
            ..reward::blank(ctx, partner.id, decision.amount, decision.currency)
        };
        rewards::insert(unit, ctx.program, &row)?;
    }
    Ok(())
}
