//! From facts to decisions: each trigger once, in order.

use headwater_protocol::field::FieldError;
use headwater_protocol::v2::{Eligibility, Explanation, FailedRule, Rule, TriggerAction, TriggerEvent};
use headwater_protocol::{Currency, Millis};
use serde_json::Value;

use crate::commission::Payout;
use crate::facts::{Facts, PartnershipFacts};
use crate::rule::{self, CompiledRule};

/// A trigger ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledTrigger {
    /// `trig_…`
    pub key: String,
    /// For the program's own people.
    pub name: String,
    event: TriggerEvent,
    rules: CompiledRule,
    payout: Payout,
    eligibility: Eligibility,
}

impl CompiledTrigger {
    /// Checks a trigger as a whole. Evaluating a trigger that passed never fails.
    ///
    /// # Errors
    /// Names the path of the member at fault, and what is allowed there.
    pub fn compile(
        (key, name): (&str, &str),
        event: TriggerEvent,
        rules: &Rule,
        action: &TriggerAction,
        eligibility: &Eligibility,
    ) -> Result<Self, FieldError> {
        Ok(Self {
            key: key.to_owned(),
            name: name.to_owned(),
            event,
            rules: rule::compile(rules, event)?,
            payout: Payout::compile(action, event)?,
            eligibility: eligibility.clone(),
        })
    }

    /// Whether a rule asks for sums over the customer's payments.
    pub fn needs_history(&self) -> bool {
        self.rules.needs_history()
    }

    /// Whether a rule is about products. Only such triggers are evaluated again when a payment is linked to its
    /// product later.
    pub fn asks_products(&self) -> bool {
        self.rules.asks_products()
    }

    /// What the trigger pays; `None` if that is nothing.
    fn pay(&self, facts: &Facts) -> Option<(i64, Currency)> {
        let payment = facts.transaction.as_ref().map(|payment| (payment.amount, payment.currency));
        let paid = match (self.payout, payment) {
            // A negative payment, which goes back to the customer, earns no fixed sum. A share of it is negative.
            (Payout::Flat(..), Some((..0, _))) | (Payout::Share(_), None) => None,
            (Payout::Flat(amount, currency), _) => Some((amount, currency)),
            (Payout::Share(percent), Some((amount, currency))) => Some((percent.of(amount), currency)),
        };
        paid.filter(|(amount, _)| *amount != 0)
    }

    /// Why the trigger does not fire whatever its rules say; `None` if only the rules decide.
    fn refuse(&self, facts: &Facts) -> Option<FailedRule> {
        let (path, actual, reason) = if self.event != facts.event {
            ("event", Value::Null, "the trigger listens for another event")
        } else if is_test(facts) {
            ("test", Value::Bool(true), "records made with test keys earn nothing")
        } else {
            return refuse_partner(&self.eligibility, &facts.partnership);
        };
        Some(FailedRule { path: path.to_owned(), rule: None, actual, reason: reason.to_owned() })
    }
}

fn is_test(facts: &Facts) -> bool {
    facts.customer.test || facts.transaction.as_ref().is_some_and(|payment| payment.test)
}

fn refuse_partner(wanted: &Eligibility, partner: &PartnershipFacts) -> Option<FailedRule> {
    let in_group =
        |name: &String| partner.group.as_ref().is_some_and(|(key, slug)| name == key || name == slug);
    let failed = |path: &str, actual: Value, reason: &str| {
        Some(FailedRule { path: path.to_owned(), rule: None, actual, reason: reason.to_owned() })
    };
    if !wanted.groups.is_empty() && !wanted.groups.iter().any(in_group) {
        let actual = partner.group.as_ref().map_or(Value::Null, |(key, _)| key.as_str().into());
        return failed("eligibility.groups", actual, "the partner is in none of the groups the offer is for");
    }
    if !wanted.tags.is_empty() && !wanted.tags.iter().any(|tag| partner.tags.contains(tag)) {
        let actual = partner.tags.clone().into();
        return failed("eligibility.tags", actual, "the partner has none of the tags the offer is for");
    }
    None
}

/// What a trigger decided to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// `trig_…`
    pub trigger: String,
    /// Minor units, never zero; negative for a share of money that went back.
    pub amount: i64,
    /// Currency of `amount`.
    pub currency: Currency,
}

/// Evaluates each trigger once, in the order given.
pub fn evaluate(triggers: &[CompiledTrigger], facts: &Facts, now: Millis) -> Vec<Commission> {
    let fire = |trigger: &CompiledTrigger| {
        if trigger.refuse(facts).is_some() || !trigger.rules.matches(facts, now) {
            return None;
        }
        let (amount, currency) = trigger.pay(facts)?;
        Some(Commission { trigger: trigger.key.clone(), amount, currency })
    };
    triggers.iter().filter_map(fire).collect()
}

/// Says for each trigger whether it fires and, if not, which rule failed first, with the values compared. The same
/// triggers fire as in [`evaluate`].
pub fn explain(triggers: &[CompiledTrigger], facts: &Facts, now: Millis) -> Vec<Explanation> {
    let one = |trigger: &CompiledTrigger| {
        let mut failed = trigger.refuse(facts).or_else(|| trigger.rules.failed(facts, now));
        let paid = trigger.pay(facts);
        if failed.is_none() && paid.is_none() {
            let reason = "the commission of this payment is zero".to_owned();
            failed = Some(FailedRule { path: "action".to_owned(), rule: None, actual: Value::Null, reason });
        }
        let paid = paid.filter(|_| failed.is_none());
        Explanation {
            trigger: trigger.key.clone(),
            name: trigger.name.clone(),
            fired: failed.is_none(),
            amount: paid.map(|(amount, _)| amount),
            currency: paid.map(|(_, currency)| currency),
            failed,
        }
    };
    triggers.iter().map(one).collect()
}

#[cfg(test)]
pub(crate) mod tests;
