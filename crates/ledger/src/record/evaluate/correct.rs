//! Corrections: a fact behind an event turns out to have been another. What it has earned is compared with what it should
//! have, as of the time when it was evaluated first; what has changed since then by itself changes nothing.

use headwater_attribution::claim::hold;
use headwater_attribution::{AskedAgain, TriggerDecision};
use headwater_protocol::Millis;
use headwater_protocol::v2::TriggerEvent;
use headwater_store::Unit;

use super::earn::{Evaluation, EventRef};
use crate::record::trigger::{self, ListeningTrigger};
use crate::record::{Ctx, Refusal, reward};
use crate::store::cap;
use crate::store::partner_past;
use crate::store::partnership::{self, GroupFacts, PartnershipRow, TierFacts};
use crate::store::reward::{self as rewards, EarnedBy, RewardRow};

/// What was corrected about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correction {
    /// Who is credited with it.
    Credit,
    /// The product that was paid for.
    Product,
    /// Whose it was, and with that everything.
    Customer,
}

/// A reward, and what its reversals have taken.
type Earned = (RewardRow, i64);

/// What an event has earned and no correction has taken back.
pub(super) struct Standing {
    rows: Vec<Earned>,
    /// When the event was evaluated first.
    pub(super) from: Millis,
}

impl Standing {
    pub(super) fn of(unit: &mut Unit<'_>, ctx: &Ctx, event: &EventRef) -> Result<Self, Refusal> {
        let by = match (event.txn, event.customer) {
            (Some(txn), _) => EarnedBy::ByPayment(txn),
            (None, Some(customer)) => EarnedBy::ForCustomer(customer),
            (None, None) => return Ok(Self { rows: Vec::new(), from: event.at.min(ctx.now) }),
        };
        let mut rows = rewards::list_earned(unit, by)?;
        rows.retain(|(row, _)| event.is_of(row));
        let first = rows.iter().map(|(row, _)| Millis(row.asked_at.unwrap_or(row.created_at))).min();
        // An installment that has ended stays what it is, whoever is credited: it is not earned anew.
        rows.retain(|(row, _)| !reward::has_ended(row));
        Ok(Self { rows, from: first.unwrap_or(event.at.min(ctx.now)) })
    }

    /// The partner credited now, with the group, tags and tier of then. It may be archived or declined since.
    pub(super) fn partner(
        &self,
        unit: &mut Unit<'_>,
        partnership: Option<i64>,
    ) -> Result<Option<PartnershipRow>, Refusal> {
        let Some(id) = partnership else { return Ok(None) };
        let Some(mut row) = partnership::find_by_id(unit, id)? else { return Ok(None) };
        if let Some(past) = partner_past::find(unit, id, self.from.0)? {
            row.tags = past.tags;
            row.group_facts =
                past.group_key.zip(past.group_slug).map(|(key, slug)| GroupFacts::past(key, slug));
            row.tier_facts = past.tier_key.zip(past.tier_name).map(|(key, name)| TierFacts { key, name });
        }
        Ok(Some(row))
    }

    /// The triggers to ask: those that listen now, and those that have paid for the event before they were switched off.
    /// Another product changes nothing for a trigger that does not ask about products.
    pub(super) fn triggers(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        (event, what): (TriggerEvent, Correction),
    ) -> Result<Vec<ListeningTrigger>, Refusal> {
        let mut asked = trigger::ready(unit, ctx, event)?.to_vec();
        for id in self.rows.iter().filter_map(|(row, _)| row.trigger) {
            if asked.iter().all(|ready| ready.id != id) {
                asked.extend(trigger::find_compiled(unit, id)?.map(|(_, ready)| ready));
            }
        }
        asked.retain(|ready| what != Correction::Product || ready.compiled.asks_products());
        Ok(asked)
    }

    /// Takes back everything: nobody is credited with the event any more.
    pub(super) fn take_back_all(self, unit: &mut Unit<'_>, ctx: &Ctx) -> Result<(), Refusal> {
        take_back(unit, ctx, self.rows)
    }
}

fn take_back(unit: &mut Unit<'_>, ctx: &Ctx, rows: Vec<Earned>) -> Result<(), Refusal> {
    for (row, already) in rows {
        if row.capped {
            cap::release(unit, row.id)?;
        }
        reward::take_back(unit, ctx, &row, already)?;
    }
    Ok(())
}

impl Evaluation<'_> {
    /// Keeps what each trigger has paid to the partner credited now, where its rules do not say otherwise; takes back
    /// the rest; and adds what is missing, if the partner still `earns`. What is kept keeps its amount, whatever has
    /// become of the trigger. Nobody is moved or told anything: a move cannot be told from what came after it.
    pub(super) fn correct(
        &self,
        unit: &mut Unit<'_>,
        ctx: &Ctx,
        standing: Standing,
        (triggers, what, earns): (&[ListeningTrigger], Correction, bool),
    ) -> Result<(), Refusal> {
        let mut rows = standing.rows;
        let (mut taken, mut owed) = (Vec::new(), Vec::new());
        for ready in triggers {
            let (own, others): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|(row, _)| row.trigger == Some(ready.id));
            rows = others;
            let same = own.iter().any(|(row, _)| row.partnership == self.partnership);
            if same && self.holds_still(ready, what) {
                let why = hold(self.facts.event, ready.compiled.asks_products(), self.claims, self.policy);
                for (row, _) in own {
                    reward::update_hold(unit, ctx, &row, why)?;
                }
                continue;
            }
            owed.extend(
                self.owed(ready, (what, own.is_empty())).filter(|_| earns && !same).map(|paid| (ready, paid)),
            );
            taken.extend(own);
        }
        // They make room under caps for what is added.
        take_back(unit, ctx, taken)?;
        for (ready, paid) in owed {
            for earning in self.earnings(unit, ctx, ready, paid, self.at)? {
                self.add(unit, ctx, earning)?;
            }
        }
        Ok(())
    }

    /// Whether a trigger that has paid the partner credited now would still do so.
    fn holds_still(&self, ready: &ListeningTrigger, what: Correction) -> bool {
        match what {
            Correction::Credit => true,
            Correction::Product => ready.compiled.holds(self.facts, self.at, AskedAgain::Product),
            Correction::Customer => ready.compiled.decide(self.facts, self.at).is_some(),
        }
    }

    /// What a trigger owes the partner credited now. If it has paid another for the event, it is known to have fired, and
    /// only what it asks about the partner is asked again.
    fn owed(
        &self,
        ready: &ListeningTrigger,
        (what, new): (Correction, bool),
    ) -> Option<(i64, headwater_protocol::Currency)> {
        if !new && what == Correction::Credit {
            let fires = ready.compiled.holds(self.facts, self.at, AskedAgain::Partner);
            return ready.compiled.payout(self.facts).filter(|_| fires);
        }
        match ready.compiled.decide(self.facts, self.at)? {
            TriggerDecision::Pay(amount, currency) => Some((amount, currency)),
            TriggerDecision::GroupMove(_) | TriggerDecision::Message(_) => None,
        }
    }
}
