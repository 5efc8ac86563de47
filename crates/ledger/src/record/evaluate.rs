//! Turns a recorded customer or payment into rewards: gathers the facts, calls `attribution`, writes what it decided.

use headwater_attribution::claim::{Claims, Hold, hold};
use headwater_attribution::{
    CompiledTrigger, CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts, evaluate,
    explain,
};
use headwater_protocol::v2::{
    Confirmation, ProductClaims, ProductStatus, SignupClaims, TransactionExplanation, TriggerEvent,
};
use headwater_protocol::{Currency, Millis, Source};
use headwater_store::Unit;

use super::paid_for::{as_paid, linked};
use super::{Ctx, Refusal, RefusalKind, program, reward, save, trigger};
use crate::store::customer::{self, CustomerRow};
use crate::store::partnership::{self, PartnershipRow};
use crate::store::product::ProductRow;
use crate::store::reward::{self as rewards, EarnedBy};
use crate::store::totals;
use crate::store::transaction::{self, TransactionRow};

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
    Corrected,
}

/// Rows of a payment that the caller has already read, to spare queries. A missing one is looked up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Preloaded<'a> {
    /// The paying customer.
    pub(crate) owner: Option<&'a CustomerRow>,
    /// What is paid for.
    pub(crate) linked: Option<&'a ProductRow>,
}

/// What is paid for.
struct EventRef {
    /// Identifies the event for ever: a trigger pays once for each.
    key: String,
    customer: i64,
    txn: Option<i64>,
}

/// A reward to be written: what a trigger pays for an event.
struct Earning {
    partnership: i64,
    trigger: i64,
    description: String,
    amount: i64,
    currency: Currency,
    hold: Option<Hold>,
}

/// Evaluates the triggers that listen for a new customer, in the unit of work that recorded or corrected it.
/// `partner` is the credited one, when the caller has read it.
pub(crate) fn customer_created(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    owner: &CustomerRow,
    partner: Option<PartnershipRow>,
    reason: Reason,
) -> Result<(), Refusal> {
    let event = EventRef { key: format!("customer:{}", owner.id), customer: owner.id, txn: None };
    let mut earnings = Vec::new();
    let partner = match partner {
        Some(partner) => active(partner),
        None => credited(unit, owner.partnership)?,
    };
    if let Some(partner) = partner {
        let triggers = trigger::ready(unit, ctx, TriggerEvent::CustomerCreated)?;
        if !triggers.is_empty() {
            let compiled: Vec<_> = triggers.iter().map(|ready| &ready.compiled).collect();
            let history = history(unit, &compiled, owner.id, Currency::USD.code())?;
            let facts = Facts {
                event: TriggerEvent::CustomerCreated,
                transaction: None,
                customer: customer_facts(owner, history),
                partnership: partnership_facts(&partner),
                products: Vec::new(),
            };
            let claims = claims_of(owner);
            let policy = policy(unit, ctx, claims)?;
            earnings = decide(ctx, &partner, &triggers, &facts, (claims, policy));
        }
    }
    write_rewards(unit, ctx, &event, earnings, reason)
}

/// Evaluates the triggers that listen for payments, in the unit of work that recorded, linked or corrected it.
pub(crate) fn transaction(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    preloaded: Preloaded<'_>,
    reason: Reason,
) -> Result<(), Refusal> {
    let key = format!("transaction:{}", txn.id);
    let event = EventRef { key, customer: txn.customer, txn: Some(txn.id) };
    let mut earnings = Vec::new();
    if let Some(partner) = credited(unit, txn.partnership)? {
        let mut triggers = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
        if reason == Reason::Linked {
            triggers = triggers.iter().filter(|ready| ready.compiled.asks_products()).cloned().collect();
        }
        if !triggers.is_empty() {
            let (facts, claims, policy) =
                transaction_facts(unit, ctx, txn, preloaded, (&partner, &triggers))?;
            earnings = decide(ctx, &partner, &triggers, &facts, (claims, policy));
        }
    }
    write_rewards(unit, ctx, &event, earnings, reason)?;
    // What is earned only now has no reversals yet: repeat the refunds that came before.
    if txn.refunded_total != 0 || txn.archived {
        reward::reverse_transaction(unit, ctx, txn)?;
    }
    Ok(())
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
    let (facts, ..) = transaction_facts(unit, ctx, txn, preloaded, (&partner, &triggers))?;
    let compiled: Vec<_> = triggers.iter().map(|ready| ready.compiled.clone()).collect();
    explanation.triggers = explain(&compiled, &facts, ctx.now);
    explanation.partnership_key = Some(partner.key);
    Ok(explanation)
}

/// The partnership that earns; `None` when it is archived or was declined.
fn credited(unit: &mut Unit<'_>, partnership: Option<i64>) -> Result<Option<PartnershipRow>, Refusal> {
    let Some(id) = partnership else { return Ok(None) };
    Ok(partnership::find_by_id(unit, id)?.and_then(active))
}

fn active(partner: PartnershipRow) -> Option<PartnershipRow> {
    Some(partner).filter(|row| !row.archived && row.approved_status != "declined")
}

fn require_customer(unit: &mut Unit<'_>, id: i64) -> Result<CustomerRow, Refusal> {
    customer::find_by_id(unit, id)?.ok_or_else(|| {
        Refusal::new(RefusalKind::Internal, "internal", "the customer to evaluate does not exist")
    })
}

/// Evaluates anew the provider's payments made since a product's status changed, because the change may arrive after
/// them.
pub(crate) fn reevaluate_since(unit: &mut Unit<'_>, ctx: &Ctx, changed: &ProductRow) -> Result<(), Refusal> {
    let preloaded = Preloaded { owner: None, linked: Some(changed) };
    for paid in transaction::list_of_product(unit, changed.id)? {
        if paid.source == Source::Billing && changed.occurred_at.is_some_and(|at| at <= paid.created_at) {
            transaction(unit, ctx, &paid, preloaded, Reason::Corrected)?;
        }
    }
    Ok(())
}

/// Number of payments and revenue of a customer; zeros without a query when no rule asks.
fn history(
    unit: &mut Unit<'_>,
    triggers: &[&CompiledTrigger],
    customer: i64,
    currency: &str,
) -> Result<(i64, i64), Refusal> {
    if triggers.iter().any(|trigger| trigger.needs_history()) {
        return Ok(totals::history(unit, customer, currency)?);
    }
    Ok((0, 0))
}

/// The program's settings for claims. They are read only where a fact is a claim.
type Policy = (SignupClaims, ProductClaims);

fn policy(unit: &mut Unit<'_>, ctx: &Ctx, claims: Claims) -> Result<Policy, Refusal> {
    if claims == Claims::default() {
        return Ok(Policy::default());
    }
    let row = program::find(unit, ctx.program)?;
    Ok((row.claims.signups, row.claims.products))
}

fn transaction_facts(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    txn: &TransactionRow,
    preloaded: Preloaded<'_>,
    (partner, triggers): (&PartnershipRow, &[trigger::ListeningTrigger]),
) -> Result<(Facts, Claims, Policy), Refusal> {
    let (read, found);
    let owner = if let Some(owner) = preloaded.owner {
        owner
    } else {
        read = require_customer(unit, txn.customer)?;
        &read
    };
    let mut linked = match preloaded.linked.filter(|_| txn.product.is_some()) {
        Some(row) if txn.source != Source::Billing => Some(row),
        Some(row) => {
            // A cancellation or change of plan after the payment must not change what it earns.
            found = Some(as_paid(unit, txn, row.clone())?);
            found.as_ref()
        }
        None => {
            found = linked(unit, txn)?;
            found.as_ref()
        }
    };
    let compiled: Vec<_> = triggers.iter().map(|ready| &ready.compiled).collect();
    let history = history(unit, &compiled, txn.customer, &txn.currency)?;
    let mut claims = claims_of(owner);
    claims.product = linked.is_some_and(|row| row.confirmed_at.is_none());
    let policy = policy(unit, ctx, claims)?;
    // The program ignores products that only a page has named: evaluate as if there were none.
    if claims.product && policy.1 == ProductClaims::Ignore {
        linked = None;
        claims.product = false;
    }
    let payment = TransactionFacts {
        amount: txn.amount,
        currency: txn.currency.parse()?,
        category_key: txn.category_key.clone(),
        product_key: txn.product_text.clone(),
        metadata: txn.metadata.clone().unwrap_or_default(),
        test: txn.test,
        created_at: Millis(txn.created_at),
    };
    let facts = Facts {
        event: TriggerEvent::TransactionCreated,
        transaction: Some(payment),
        customer: customer_facts(owner, history),
        partnership: partnership_facts(partner),
        products: linked.into_iter().map(product_facts).collect(),
    };
    Ok((facts, claims, policy))
}

fn product_facts(row: &ProductRow) -> ProductFacts {
    ProductFacts {
        key: row.key.clone(),
        name: row.names.book_name.clone(),
        product_book_key: row.names.book_key.clone(),
        status: ProductStatus::from_name(&row.status).unwrap_or_default(),
        created_at: Millis(row.created_at),
    }
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
        group: row.group_facts.as_ref().map(|group| (group.key.clone(), group.slug.clone())),
        tags: row.tags.clone(),
        created_at: Millis(row.created_at),
    }
}

/// The rewards that the triggers pay, in the order of evaluation.
fn decide(
    ctx: &Ctx,
    partner: &PartnershipRow,
    triggers: &[trigger::ListeningTrigger],
    facts: &Facts,
    (claims, policy): (Claims, Policy),
) -> Vec<Earning> {
    let each = triggers.iter().filter_map(|ready| {
        let decision = evaluate(std::slice::from_ref(&ready.compiled), facts, ctx.now).pop()?;
        Some(Earning {
            partnership: partner.id,
            trigger: ready.id,
            description: ready.offer_description.clone(),
            amount: decision.amount,
            currency: decision.currency,
            hold: hold(facts.event, ready.compiled.asks_products(), claims, policy),
        })
    });
    each.collect()
}

/// Writes what was earned. After a correction, compares it with the existing rewards: the same ones stay, others are
/// taken back, and missing ones are added.
fn write_rewards(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    event: &EventRef,
    mut earnings: Vec<Earning>,
    reason: Reason,
) -> Result<(), Refusal> {
    if reason == Reason::Corrected {
        let by = event.txn.map_or(EarnedBy::ForCustomer(event.customer), EarnedBy::ByPayment);
        for (row, already) in rewards::list_earned(unit, by)? {
            if row.event_key.as_ref() != Some(&event.key) {
                continue;
            }
            let same = |earning: &Earning| {
                Some(earning.trigger) == row.trigger
                    && earning.partnership == row.partnership
                    && (earning.amount, earning.currency.code()) == (row.amount, row.currency.as_str())
            };
            match earnings.iter().position(same) {
                Some(at) => reward::update_hold(unit, ctx, &row, earnings.remove(at).hold)?,
                None => reward::take_back(unit, ctx, &row, already)?,
            }
        }
    }
    for earning in earnings {
        let mut row = rewards::RewardRow {
            customer: Some(event.customer),
            txn: event.txn,
            trigger: Some(earning.trigger),
            event_key: Some(event.key.clone()),
            description: earning.description,
            ..reward::blank(ctx, earning.partnership, earning.amount, earning.currency)
        };
        reward::apply_hold(&mut row, earning.hold);
        save::new_reward(unit, ctx, &row)?;
    }
    Ok(())
}

/// Computes anew which of this customer's rewards are on hold, after a source has spoken about the customer.
pub(crate) fn refresh_holds(unit: &mut Unit<'_>, ctx: &Ctx, owner: &CustomerRow) -> Result<(), Refusal> {
    let open: Vec<_> = rewards::list_earned(unit, EarnedBy::ForCustomer(owner.id))?
        .into_iter()
        .map(|(row, _)| row)
        .filter(|row| reward::rests_on_claims(row) || (owner.contested && reward::is_pending(row)))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let row = program::find(unit, ctx.program)?;
    let policy = (row.claims.signups, row.claims.products);
    let triggers = trigger::ready(unit, ctx, TriggerEvent::TransactionCreated)?;
    for row in open {
        let mut claims = claims_of(owner);
        let event = match row.txn {
            None => TriggerEvent::CustomerCreated,
            Some(txn) => {
                let paid = transaction::find_by_id(unit, txn)?;
                let linked = paid.map(|paid| linked(unit, &paid)).transpose()?.flatten();
                claims.product = linked.is_some_and(|row| row.confirmed_at.is_none());
                TriggerEvent::TransactionCreated
            }
        };
        // An archived or inactive trigger is not compiled, so assume that it asked about products: its rewards stay
        // on hold.
        let asks = triggers.iter().find(|ready| Some(ready.id) == row.trigger);
        let asks = asks.is_none_or(|ready| ready.compiled.asks_products());
        reward::update_hold(unit, ctx, &row, hold(event, asks, claims, policy))?;
    }
    Ok(())
}

/// Which facts behind a reward for this customer are still claims.
fn claims_of(row: &CustomerRow) -> Claims {
    Claims { customer: row.confirmed_at.is_none(), contested: row.contested, product: false }
}
