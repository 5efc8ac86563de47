//! Turns what was recorded into rewards: gathers the facts, calls `attribution`, writes what it decided.

mod correct;
mod earn;
mod gather;
mod hold;
mod moves;
mod signup;

use headwater_attribution::claim::Claims;
use headwater_attribution::{CompiledTrigger, Facts, RecordFacts, explain};
use headwater_protocol::v2::{Confirmation, ProductClaims, TransactionExplanation, TriggerEvent};
use headwater_protocol::{Millis, Source};
use headwater_store::Unit;

use super::paid_for::{as_paid, linked};
use super::trigger::{self, ListeningTrigger};
use super::{Ctx, Refusal, RefusalKind, reward};
use crate::store::customer::{self, CustomerRow};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::product::ProductRow;
use crate::store::transaction::{self, TransactionRow};

use correct::Standing;
use earn::{Evaluation, EventRef};
use gather::{Policy, claims_of, history, history_at, policy};

pub(crate) use correct::Correction;
pub(crate) use earn::{DRIP, EarnOutcome};
pub(crate) use gather::{History, Known, facts};
pub(crate) use hold::{hold_reopened, of_installment, refresh_holds};
pub(crate) use moves::joined;
use moves::move_partner;
pub(crate) use signup::{customer_created, customer_credited};

/// Why an event is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It has just been recorded.
    Recorded,
    /// A payment was linked to a product that came later. Only triggers that ask about products are evaluated; the
    /// others have already been evaluated when the payment was recorded, and a product changes nothing for them.
    Linked,
    /// A fact behind it was corrected: what should not have been earned is taken back, what should have been is
    /// earned now, and the rest stays.
    Corrected(Correction),
}

/// Rows of a payment that the caller has already read, to spare queries. A missing one is looked up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Preloaded<'a> {
    /// The paying customer.
    pub(crate) owner: Option<&'a CustomerRow>,
    /// What is paid for.
    pub(crate) linked: Option<&'a ProductRow>,
}

/// Something that triggers may listen for, other than a signup or a payment.
pub(crate) struct Occurrence {
    /// Identifies it for ever, as `action:` and the action's number: each trigger acts once for it.
    pub(crate) key: String,
    /// Who earns, unless archived or declined.
    pub(crate) partner: PartnershipRow,
    /// Its customer, where it has one.
    pub(crate) customer: Option<CustomerRow>,
    /// The product that it is about, of `product_updated`.
    pub(crate) product: Option<ProductRow>,
    /// The action, deal, lead or link that it is about.
    pub(crate) record: Option<RecordFacts>,
}

/// Evaluates the triggers that listen for what has just been recorded, in the unit of work that recorded it. Reads
/// what they ask for only if there are any; `None` when nobody earns with it. The caller must hold the program's lock.
pub(crate) fn event(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: TriggerEvent,
    occurred: impl FnOnce(&mut Unit<'_>) -> Result<Option<Occurrence>, Refusal>,
) -> Result<(), Refusal> {
    let triggers = trigger::ready(unit, ctx, event)?;
    event_with(unit, ctx, (event, &triggers), occurred)
}

/// The same with the triggers that listen, which the caller has.
pub(crate) fn event_with(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (listened, triggers): (TriggerEvent, &[ListeningTrigger]),
    occurred: impl FnOnce(&mut Unit<'_>) -> Result<Option<Occurrence>, Refusal>,
) -> Result<(), Refusal> {
    match pay_event(unit, ctx, (listened, triggers), occurred)? {
        Some((event, partner, outcome)) => move_partner(unit, ctx, &event, partner, outcome),
        None => Ok(()),
    }
}

/// The same without moving the partner; `None` when nobody earns with it.
fn pay_event(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (listened, triggers): (TriggerEvent, &[ListeningTrigger]),
    occurred: impl FnOnce(&mut Unit<'_>) -> Result<Option<Occurrence>, Refusal>,
) -> Result<Option<(EventRef, PartnershipRow, EarnOutcome)>, Refusal> {
    if triggers.is_empty() {
        return Ok(None);
    }
    let Some(occurred) = occurred(unit)? else { return Ok(None) };
    let Some(partner) = active(occurred.partner) else { return Ok(None) };
    let (owner, product) = (occurred.customer.as_ref(), occurred.product.as_ref());
    let event = EventRef { key: occurred.key, customer: owner.map(|row| row.id), txn: None, at: ctx.now };
    let mut claims = owner.map(claims_of).unwrap_or_default();
    claims.product = product.is_some_and(|row| row.confirmed_at.is_none());
    let policy = policy(unit, ctx, claims)?;
    let history = match owner {
        Some(owner) => history(unit, compiled(triggers), owner.id, "USD")?,
        None => (0, 0),
    };
    let known = Known { customer: owner, txn: None, product, record: occurred.record, history };
    let facts = facts(ctx, listened, &partner, known)?;
    let decided =
        Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at: ctx.now };
    let outcome = decided.pay(unit, ctx, triggers)?;
    Ok(Some((event, partner, outcome)))
}

fn compiled(triggers: &[ListeningTrigger]) -> impl Iterator<Item = &CompiledTrigger> {
    triggers.iter().map(|ready| &ready.compiled)
}

/// Evaluates the triggers that listen for payments, in the unit of work that recorded, linked or corrected it.
pub(crate) fn transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    preloaded: Preloaded<'_>,
    reason: Reason,
) -> Result<(), Refusal> {
    if let Reason::Corrected(what) = reason {
        correct_transaction(unit, ctx, txn, preloaded, what)?;
        return repeat_refunds(unit, ctx, txn);
    }
    let partner = credited(unit, txn.partnership)?;
    let mut triggers = match partner {
        Some(_) => trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?,
        None => [].into(),
    };
    if reason == Reason::Linked {
        triggers = triggers.iter().filter(|ready| ready.compiled.asks_products()).cloned().collect();
    }
    if let Some(partner) = partner.filter(|_| !triggers.is_empty()) {
        let event = event_of(txn);
        let history = match reason {
            Reason::Linked => history_at(unit, compiled(&triggers), txn)?,
            _ => history(unit, compiled(&triggers), txn.customer, &txn.currency)?,
        };
        let (facts, claims, policy) = of_transaction(unit, ctx, txn, preloaded, (&partner, history))?;
        let decided =
            Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at: ctx.now };
        let outcome = decided.pay(unit, ctx, &triggers)?;
        move_partner(unit, ctx, &event, partner, outcome)?;
    }
    repeat_refunds(unit, ctx, txn)
}

/// Evaluates a payment anew, as of the time when it was evaluated first.
fn correct_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    preloaded: Preloaded<'_>,
    what: Correction,
) -> Result<(), Refusal> {
    let event = event_of(txn);
    let standing = Standing::of(unit, ctx, &event)?;
    let Some(partner) = standing.partner(unit, txn.partnership)? else {
        return standing.take_back_all(unit, ctx);
    };
    let triggers = standing.triggers(unit, ctx, (TriggerEvent::TransactionCreated, what))?;
    if triggers.is_empty() {
        return Ok(());
    }
    let history = history_at(unit, compiled(&triggers), txn)?;
    let (facts, claims, policy) = of_transaction(unit, ctx, txn, preloaded, (&partner, history))?;
    let at = standing.from;
    let decided = Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at };
    let earns = active(partner).is_some();
    decided.correct(unit, ctx, standing, (&triggers, what, earns))
}

/// What is earned only now has no reversals yet: repeats the refunds that came before.
fn repeat_refunds(unit: &mut Unit<'_>, ctx: &Ctx, txn: &TransactionRow) -> Result<(), Refusal> {
    if txn.refunded_total != 0 || txn.archived {
        reward::reverse_transaction(unit, ctx, txn)?;
    }
    Ok(())
}

/// Lets one trigger pay for a payment of the past, unless it has done so. Its rules are asked as of the time of the
/// payment; `history` is the customer's as it was then.
pub(crate) fn replay(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    (ready, history): (&ListeningTrigger, History),
) -> Result<EarnOutcome, Refusal> {
    let event = event_of(txn);
    let Some(partner) = credited(unit, txn.partnership)? else { return Ok(EarnOutcome::default()) };
    let (facts, claims, policy) = of_transaction(unit, ctx, txn, Preloaded::default(), (&partner, history))?;
    let decided = Evaluation {
        event: &event,
        partnership: partner.id,
        facts: &facts,
        claims,
        policy,
        at: Millis(txn.created_at),
    };
    let outcome = decided.pay(unit, ctx, std::slice::from_ref(ready))?;
    let added = outcome.added.clone();
    move_partner(unit, ctx, &event, partner, outcome)?;
    if !added.is_empty() {
        repeat_refunds(unit, ctx, txn)?;
    }
    Ok(EarnOutcome { added, ..EarnOutcome::default() })
}

fn event_of(txn: &TransactionRow) -> EventRef {
    EventRef {
        key: format!("transaction:{}", txn.id),
        customer: Some(txn.customer),
        txn: Some(txn.id),
        at: Millis(txn.created_at),
    }
}

/// Evaluates the triggers that listen for products whose status or catalogue entry has changed. Each pays once for
/// a product, an entry and a status.
pub(crate) fn product_updated(unit: &mut Unit<'_>, ctx: &Ctx, changed: &ProductRow) -> Result<(), Refusal> {
    event(unit, ctx, TriggerEvent::ProductUpdated, |unit| {
        let Some(partner) = credited(unit, changed.partnership)? else { return Ok(None) };
        let customer = Some(require_customer(unit, changed.customer)?);
        let key = format!("product:{}:{}:{}", changed.id, changed.product_book, changed.status);
        Ok(Some(Occurrence { key, partner, customer, product: Some(changed.clone()), record: None }))
    })
}

/// Explains for each trigger whether it would pay for a payment now, and why.
pub(crate) fn explain_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
) -> Result<TransactionExplanation, Refusal> {
    let owner = require_customer(unit, txn.customer)?;
    let linked = linked(unit, txn)?;
    let preloaded = Preloaded { owner: Some(&owner), linked: linked.as_ref() };
    let mut explanation = TransactionExplanation {
        transaction: txn.key.clone(),
        product_key: txn.names.product_key.clone(),
        partnership_key: None,
        customer: Confirmation {
            source: owner.source.name().to_owned(),
            confirmed_at: owner.confirmed_at.map(Millis),
            contested: owner.contested,
        },
        product: linked.as_ref().map(|row| Confirmation {
            source: row.source.name().to_owned(),
            confirmed_at: row.confirmed_at.map(Millis),
            contested: false,
        }),
        triggers: Vec::new(),
    };
    let Some(partner) = credited(unit, txn.partnership)? else { return Ok(explanation) };
    let triggers = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
    let history = history_at(unit, compiled(&triggers), txn)?;
    let (facts, claims, policy) = of_transaction(unit, ctx, txn, preloaded, (&partner, history))?;
    let event = event_of(txn);
    let decided =
        Evaluation { event: &event, partnership: partner.id, facts: &facts, claims, policy, at: ctx.now };
    for ready in triggers.iter() {
        let uses = decided.uses_without_own(unit, ctx, ready)?;
        explanation.triggers.push(explain(&ready.compiled, &facts, &uses, ctx.now));
    }
    explanation.partnership_key = Some(partner.key);
    Ok(explanation)
}

/// The partnership that earns; `None` when it is archived or was declined.
pub(crate) fn credited(
    unit: &mut Unit<'_>,
    partnership: Option<i64>,
) -> Result<Option<PartnershipRow>, Refusal> {
    let Some(id) = partnership else { return Ok(None) };
    Ok(partnership::find_by_id(unit, id)?.and_then(active))
}

fn active(partner: PartnershipRow) -> Option<PartnershipRow> {
    Some(partner).filter(|row| !row.archived && row.approved_status != "declined")
}

fn require_customer(unit: &mut Unit<'_>, id: i64) -> Result<CustomerRow, Refusal> {
    customer::find_by_id(unit, id)?.ok_or_else(|| missing("customer to evaluate"))
}

fn missing(what: &str) -> Refusal {
    Refusal::new(RefusalKind::Internal, "internal", format!("the {what} does not exist"))
}

/// Evaluates anew the provider's payments made since a product's status changed, because the change may arrive after
/// them.
pub(crate) fn reevaluate_since(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (changed, since): (&ProductRow, i64),
) -> Result<(), Refusal> {
    let preloaded = Preloaded { owner: None, linked: Some(changed) };
    for paid in transaction::list_of_product(unit, changed.id)? {
        if paid.source == Source::Billing && since <= paid.created_at {
            transaction(unit, ctx, &paid, preloaded, Reason::Corrected(Correction::Product))?;
        }
    }
    Ok(())
}

/// The facts of a payment, with the claims among them and what the program does about claims.
fn of_transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    preloaded: Preloaded<'_>,
    (partner, history): (&PartnershipRow, History),
) -> Result<(Facts, Claims, Policy), Refusal> {
    let (read, found);
    let owner = if let Some(owner) = preloaded.owner {
        owner
    } else {
        read = require_customer(unit, txn.customer)?;
        &read
    };
    if let Some(row) = preloaded.linked.filter(|_| txn.product.is_some()) {
        // A cancellation or change of plan after the payment must not change what it earns.
        found = Some(as_paid(unit, txn, row.clone())?);
    } else {
        found = linked(unit, txn)?;
    }
    let mut linked = found.as_ref();
    let mut claims = claims_of(owner);
    claims.product = linked.is_some_and(|row| row.confirmed_at.is_none());
    let policy = policy(unit, ctx, claims)?;
    // The program ignores products that only a page has named: evaluate as if there were none.
    if claims.product && policy.1 == ProductClaims::Ignore {
        linked = None;
        claims.product = false;
    }
    let known = Known { customer: Some(owner), txn: Some(txn), product: linked, record: None, history };
    Ok((facts(ctx, TriggerEvent::TransactionCreated, partner, known)?, claims, policy))
}
