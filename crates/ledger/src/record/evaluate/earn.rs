//! From what triggers decide to rows of rewards: caps, installments, corrections.

use headwater_attribution::claim::{Claims, Hold, hold};
use headwater_attribution::{
    CapKey, CapUses, CompiledTrigger, Facts, Installment, MessageText, TriggerDecision,
};
use headwater_protocol::v2::RewardStatus;
use headwater_protocol::{Currency, Millis};
use headwater_store::Unit;

use super::gather::Policy;
use crate::record::{Ctx, Refusal, reward, save, trigger::ListeningTrigger};
use crate::store::cap::{self, CapScope};
use crate::store::due::{self, DueRow};
use crate::store::reward::RewardRow;

/// The kind of a due installment.
pub(crate) const DRIP: &str = "drip";

/// What is paid for.
#[derive(Debug, Clone)]
pub(super) struct EventRef {
    /// Identifies the event for ever: a trigger pays once for each.
    pub(super) key: String,
    pub(super) customer: Option<i64>,
    pub(super) txn: Option<i64>,
    /// When it happened, as far as a correction can tell that finds no reward of it.
    pub(super) at: Millis,
}

impl EventRef {
    /// The key of the reward with this number, from 0, among those of one trigger. The first has the event's own, so
    /// that a trigger which has paid at once does not pay again in installments.
    fn key_of(&self, number: usize) -> String {
        if number == 0 { self.key.clone() } else { format!("{}#{}", self.key, number + 1) }
    }

    pub(super) fn is_of(&self, row: &RewardRow) -> bool {
        let rest = row.event_key.as_ref().and_then(|key| key.strip_prefix(self.key.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    }
}

/// A reward to be written: what a trigger pays for an event.
pub(super) struct Earning {
    event_key: String,
    trigger: i64,
    description: String,
    amount: i64,
    currency: Currency,
    hold: Option<Hold>,
    due: Option<Millis>,
    counts: Vec<CapKey>,
    /// The time as of which the rules were asked.
    asked_at: Millis,
}

/// Everything that decides about one event.
pub(super) struct Evaluation<'a> {
    pub(super) event: &'a EventRef,
    /// The partnership's number.
    pub(super) partnership: i64,
    pub(super) facts: &'a Facts,
    pub(super) claims: Claims,
    pub(super) policy: Policy,
    /// The time as of which the rules are asked: now, but for what is replayed.
    pub(super) at: Millis,
}

/// What came of an evaluation.
#[derive(Debug, Default)]
pub(crate) struct EarnOutcome {
    /// Minor units of each reward that was added.
    pub(crate) added: Vec<(i64, Currency)>,
    /// The triggers that move the partner, and to which group.
    pub(super) moves: Vec<(i64, String)>,
    /// The triggers that send the partner a message.
    pub(super) messages: Vec<(i64, MessageText)>,
}

impl Evaluation<'_> {
    fn scope(&self, ctx: &Ctx, trigger: i64) -> CapScope {
        let customer = self.event.customer.unwrap_or_default();
        CapScope { trigger, test: ctx.test, partnership: self.partnership, customer }
    }

    /// Evaluates triggers in their order and adds the rewards they pay; those that exist stay.
    pub(super) fn pay(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        triggers: &[ListeningTrigger],
    ) -> Result<EarnOutcome, Refusal> {
        let mut outcome = EarnOutcome::default();
        for ready in triggers {
            match ready.compiled.decide(self.facts, self.at) {
                None => {}
                Some(TriggerDecision::GroupMove(group)) => outcome.moves.push((ready.id, group)),
                Some(TriggerDecision::Message(message)) => outcome.messages.push((ready.id, message)),
                Some(TriggerDecision::Pay(amount, currency)) => {
                    for earning in self.earnings(unit, ctx, ready, (amount, currency), self.at)? {
                        let paid = (earning.amount, earning.currency);
                        // When the first exists, the trigger has paid for this event before, in whatever parts.
                        if !self.add(unit, ctx, earning)? {
                            break;
                        }
                        outcome.added.push(paid);
                    }
                }
            }
        }
        Ok(outcome)
    }

    /// The rewards of one trigger for this event, after its caps.
    pub(super) fn earnings(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        ready: &ListeningTrigger,
        (amount, currency): (i64, Currency),
        from: Millis,
    ) -> Result<Vec<Earning>, Refusal> {
        let compiled = &ready.compiled;
        let mut made = compiled.installments(amount, from);
        if compiled.has_caps() {
            let mut uses = uses(unit, &self.scope(ctx, ready.id), &made, currency)?;
            made = compiled.limit(made, currency, from, &mut uses);
        }
        let hold = hold(self.facts.event, compiled.asks_products(), self.claims, self.policy);
        let earning = |(number, made): (usize, Installment)| Earning {
            event_key: self.event.key_of(number),
            trigger: ready.id,
            description: ready.offer_description.clone(),
            amount: made.amount,
            currency,
            hold,
            due: made.due,
            counts: made.counts,
            asked_at: from,
        };
        Ok(made.into_iter().enumerate().map(earning).collect())
    }

    /// Adds a reward; `false` if the trigger has paid for the event before. What is not due yet is scheduled.
    pub(super) fn add(&self, unit: &mut Unit<'_>, ctx: &Ctx, earning: Earning) -> Result<bool, Refusal> {
        let waits = earning.due.filter(|due| *due > ctx.now);
        let mut row = RewardRow {
            customer: self.event.customer,
            txn: self.event.txn,
            trigger: Some(earning.trigger),
            event_key: Some(earning.event_key),
            description: earning.description,
            ready_at: earning.due.map(|due| due.0),
            asked_at: (earning.asked_at != ctx.now).then_some(earning.asked_at.0),
            ..reward::blank(ctx, self.partnership, earning.amount, earning.currency)
        };
        if waits.is_some() {
            RewardStatus::Scheduled.name().clone_into(&mut row.status);
        } else {
            reward::apply_hold(&mut row, earning.hold);
        }
        if !save::new_reward(unit, ctx, &row)? {
            return Ok(false);
        }
        if !earning.counts.is_empty() {
            cap::count(unit, &self.scope(ctx, earning.trigger), &earning.counts, row.id)?;
        }
        if let Some(due_at) = waits {
            let due_row =
                DueRow { id: ctx.next_id(), kind: DRIP.to_owned(), subject: row.id, due_at: due_at.0 };
            due::insert(unit, ctx.scope(), &due_row)?;
        }
        Ok(true)
    }

    /// What the caps of a trigger have counted, without this event's own rewards: for an explanation.
    pub(super) fn uses_without_own(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        ready: &ListeningTrigger,
    ) -> Result<CapUses, Refusal> {
        let compiled: &CompiledTrigger = &ready.compiled;
        let (true, Some(txn)) = (compiled.has_caps(), self.event.txn) else { return Ok(CapUses::new()) };
        let Some(TriggerDecision::Pay(amount, currency)) = compiled.decide(self.facts, ctx.now) else {
            return Ok(CapUses::new());
        };
        let scope = self.scope(ctx, ready.id);
        let mut uses = uses(unit, &scope, &compiled.installments(amount, ctx.now), currency)?;
        for (key, used) in &mut uses {
            let own = cap::of_event(unit, &scope, key, txn)?;
            used.amount -= own.amount;
            used.rewards -= own.rewards;
        }
        Ok(uses)
    }
}

/// What was counted under each key that installments name.
fn uses(
    unit: &mut Unit<'_>,
    scope: &CapScope,
    made: &[Installment],
    currency: Currency,
) -> Result<CapUses, Refusal> {
    let mut uses = CapUses::new();
    for key in made.iter().flat_map(|made| &made.counts) {
        if !uses.contains_key(key) {
            uses.insert(*key, cap::find(unit, scope, key, currency.code())?);
        }
    }
    Ok(uses)
}
