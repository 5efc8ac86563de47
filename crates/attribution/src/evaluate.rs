//! From facts and a program's triggers to decisions, in trigger order, each trigger once.

use protocol::v2::{Eligibility, TriggerAction};
use protocol::{Currency, Millis};

use crate::commission;
use crate::facts::Facts;
use crate::rule::{Compiled, Failure};

/// One trigger, ready to be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `trig_…`
    pub key: String,
    /// When it fires.
    pub rules: Compiled,
    /// What it does.
    pub action: TriggerAction,
    /// For whom.
    pub eligibility: Eligibility,
}

/// A reward to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The trigger that fired.
    pub trigger: String,
    /// Minor units, above zero.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

/// What one trigger made of the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It fired and earned.
    Fired(Decision),
    /// It fired, and the commission came to nothing.
    EarnedNothing,
    /// Test customers earn nobody anything.
    Test,
    /// The partner is in none of the groups, or has none of the tags.
    NotEligible,
    /// A rule did not hold.
    Failed(Failure),
}

/// A trigger and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The trigger.
    pub trigger: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// The rewards the facts earn.
pub fn evaluate(triggers: &[Program], facts: &Facts, now: Millis) -> Vec<Decision> {
    triggers
        .iter()
        .filter_map(|trigger| match trigger.outcome(facts, now) {
            Outcome::Fired(decision) => Some(decision),
            _ => None,
        })
        .collect()
}

/// For each trigger whether it fired and, if not, the first rule that failed. The same function decides as in
/// [`evaluate`]: an explanation cannot drift from the decision.
pub fn explain(triggers: &[Program], facts: &Facts, now: Millis) -> Vec<Explained> {
    triggers
        .iter()
        .map(|trigger| Explained { trigger: trigger.key.clone(), outcome: trigger.outcome(facts, now) })
        .collect()
}

impl Program {
    fn outcome(&self, facts: &Facts, now: Millis) -> Outcome {
        if facts.customer.test {
            return Outcome::Test;
        }
        if !eligible(&self.eligibility, facts) {
            return Outcome::NotEligible;
        }
        if let Some(failure) = self.rules.failure(facts, now) {
            return Outcome::Failed(failure);
        }
        let paid = facts.transaction.as_ref().map(|paid| (paid.amount, paid.currency));
        let earned = match (&self.action, paid) {
            (action, Some((amount, currency))) => commission::earned(action, amount, currency),
            (TriggerAction::CommissionFlat { amount, currency }, None) => Some((*amount, *currency)),
            (TriggerAction::CommissionPercent { .. }, None) => None,
        };
        earned.map_or(Outcome::EarnedNothing, |(amount, currency)| {
            Outcome::Fired(Decision { trigger: self.key.clone(), amount, currency })
        })
    }
}

fn eligible(eligibility: &Eligibility, facts: &Facts) -> bool {
    let partner = &facts.partnership;
    let in_group = eligibility.groups.is_empty()
        || partner
            .group
            .as_ref()
            .is_some_and(|(key, slug)| eligibility.groups.iter().any(|group| group == key || group == slug));
    let has_tag =
        eligibility.tags.is_empty() || eligibility.tags.iter().any(|tag| partner.tags.contains(tag));
    in_group && has_tag
}
