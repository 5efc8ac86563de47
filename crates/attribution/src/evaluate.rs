//! From facts to decisions: each trigger once, in order.

use headwater_protocol::field::{FieldError, check_length};
use headwater_protocol::limits::{MESSAGE_SUBJECT_MAX, MESSAGE_TEXT_MAX};
use headwater_protocol::v2::{Cap, Eligibility, Explanation, FailedRule, Rule, TriggerAction, TriggerEvent};
use headwater_protocol::{Currency, Millis};
use serde_json::Value;

use crate::cap::{self, CapKey, CapUses};
use crate::commission::Payout;
use crate::drip::Schedule;
use crate::facts::{Facts, PartnershipFacts};
use crate::rule::{self, AskedAgain, CompiledRule};

/// A trigger ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledTrigger {
    /// `trig_…`
    pub key: String,
    /// For the program's own people.
    pub name: String,
    event: TriggerEvent,
    rules: CompiledRule,
    action: CompiledAction,
    eligibility: Eligibility,
}

/// What a trigger does.
#[derive(Debug, Clone, PartialEq)]
enum CompiledAction {
    Pay { payout: Payout, caps: Vec<Cap>, drip: Option<Schedule> },
    GroupMove(String),
    Message(MessageText),
}

/// A message to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText {
    /// What it is about.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// What a trigger decided to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerDecision {
    /// To pay a commission, before caps: minor units, never zero, negative for a share of money that went back.
    Pay(i64, Currency),
    /// To move the partner to the group with this key or slug.
    GroupMove(String),
    /// To send the partner a message.
    Message(MessageText),
}

/// One reward of a commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installment {
    /// Its number among all of its commission, from 0.
    pub number: usize,
    /// Minor units.
    pub amount: i64,
    /// When it is due; `None`: at once.
    pub due: Option<Millis>,
    /// Where caps count it.
    pub counts: Vec<CapKey>,
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
            action: CompiledAction::compile(action, event)?,
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

    /// Whether what it pays is bounded, so that [`CompiledTrigger::limit`] needs to know what was paid.
    pub fn has_caps(&self) -> bool {
        matches!(&self.action, CompiledAction::Pay { caps, .. } if !caps.is_empty())
    }

    /// What the trigger does about an event; `None` if it does not fire, or would pay nothing.
    pub fn decide(&self, facts: &Facts, now: Millis) -> Option<TriggerDecision> {
        if self.refuse(facts).is_some() || !self.rules.matches(facts, now) {
            return None;
        }
        self.act(facts)
    }

    /// Whether the rules that are asked again hold for an event that was evaluated at `at`.
    pub fn holds(&self, facts: &Facts, at: Millis, asked: AskedAgain) -> bool {
        let offered = asked == AskedAgain::Product || self.refuse(facts).is_none();
        offered && self.rules.holds(facts, at, asked)
    }

    /// What it pays for an event whatever its rules say, before caps: minor units, never zero; `None` if that is nothing.
    pub fn payout(&self, facts: &Facts) -> Option<(i64, Currency)> {
        match &self.action {
            CompiledAction::Pay { payout, .. } => payout.of(facts),
            CompiledAction::GroupMove(_) | CompiledAction::Message(_) => None,
        }
    }

    fn act(&self, facts: &Facts) -> Option<TriggerDecision> {
        match &self.action {
            CompiledAction::Pay { .. } => {
                self.payout(facts).map(|(amount, currency)| TriggerDecision::Pay(amount, currency))
            }
            CompiledAction::GroupMove(group) => Some(TriggerDecision::GroupMove(group.clone())),
            CompiledAction::Message(message) => Some(TriggerDecision::Message(message.clone())),
        }
    }

    /// The rewards that a commission of this trigger consists of, for an event that was evaluated at `from`. They sum
    /// to `amount`. Caps have not been applied.
    pub fn installments(&self, amount: i64, from: Millis) -> Vec<Installment> {
        let CompiledAction::Pay { caps, drip, .. } = &self.action else { return Vec::new() };
        let parts = match drip {
            None => vec![(amount, None)],
            Some(drip) => {
                drip.installments(amount, from).into_iter().map(|(part, due)| (part, Some(due))).collect()
            }
        };
        let one = |(number, (amount, due)): (usize, (i64, Option<Millis>))| {
            let at = due.unwrap_or(from);
            let counts =
                if amount > 0 { caps.iter().map(|cap| cap::key(cap, at)).collect() } else { Vec::new() };
            Installment { number, amount, due, counts }
        };
        parts.into_iter().enumerate().map(one).collect()
    }

    /// Cuts installments down to what the caps leave, in their order, and counts them in `uses`, which must hold what
    /// was counted so far under each key that they name.
    pub fn limit(
        &self,
        installments: Vec<Installment>,
        currency: Currency,
        from: Millis,
        uses: &mut CapUses,
    ) -> Vec<Installment> {
        let CompiledAction::Pay { caps, .. } = &self.action else { return Vec::new() };
        let cut = |made: Installment| {
            let amount = cap::take(caps, (made.amount, currency), made.due.unwrap_or(from), uses);
            (amount != 0).then_some(Installment { amount, ..made })
        };
        installments.into_iter().filter_map(cut).collect()
    }

    /// Why an installment that is due may not be paid: the first rule that no longer holds. What can change is asked
    /// again; times are compared with `earned_at`, when its event was evaluated (triggers.md section 1).
    pub fn ended(&self, facts: &Facts, earned_at: Millis) -> Option<FailedRule> {
        self.refuse(facts).or_else(|| self.rules.ended(facts, earned_at))
    }

    /// Why the trigger does not fire whatever its rules say; `None` if only the rules decide.
    fn refuse(&self, facts: &Facts) -> Option<FailedRule> {
        let (path, actual, reason) = if self.event != facts.event {
            ("event", Value::Null, "the trigger listens for another event")
        } else if facts.is_test() && !facts.test_clock {
            ("test", Value::Bool(true), "records made with test keys earn nothing without a test clock")
        } else if facts.is_test() && matches!(self.action, CompiledAction::GroupMove(_)) {
            ("test", Value::Bool(true), "records made with test keys move no partner: production shares them")
        } else {
            return refuse_partner(&self.eligibility, &facts.partnership);
        };
        Some(FailedRule { path: path.to_owned(), rule: None, actual, reason: reason.to_owned() })
    }
}

impl CompiledAction {
    fn compile(action: &TriggerAction, event: TriggerEvent) -> Result<Self, FieldError> {
        let (payout, caps, drip) = match action {
            TriggerAction::CommissionFlat(flat) => (Payout::flat(flat, event)?, &flat.caps, &flat.drip),
            TriggerAction::CommissionPercent(share) => {
                (Payout::share(share, event)?, &share.caps, &share.drip)
            }
            TriggerAction::GroupMove { group } if group.is_empty() => {
                return Err(FieldError::required("action.group"));
            }
            TriggerAction::GroupMove { group } => return Ok(Self::GroupMove(group.clone())),
            TriggerAction::Message { subject, text } => {
                check_length("action.subject", subject, 1, MESSAGE_SUBJECT_MAX)?;
                check_length("action.text", text, 1, MESSAGE_TEXT_MAX)?;
                return Ok(Self::Message(MessageText { subject: subject.clone(), text: text.clone() }));
            }
        };
        let has_customer = !matches!(event, TriggerEvent::PartnershipCreated | TriggerEvent::LinkClicked);
        let drip = drip.as_ref().map(Schedule::compile).transpose()?;
        Ok(Self::Pay { payout, caps: cap::compile(caps, has_customer)?, drip })
    }
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

/// Says whether a trigger fires and, if not, which rule failed first, with the values compared: what
/// [`CompiledTrigger::decide`] and [`CompiledTrigger::limit`] do. `uses` is what its caps have counted so far, without
/// this event.
pub fn explain(trigger: &CompiledTrigger, facts: &Facts, uses: &CapUses, now: Millis) -> Explanation {
    let mut failed = trigger.refuse(facts).or_else(|| trigger.rules.failed(facts, now));
    let mut paid = None;
    if failed.is_none() {
        let refuse = |path: &str, reason: &str| {
            let (path, reason) = (path.to_owned(), reason.to_owned());
            Some(FailedRule { path, rule: None, actual: Value::Null, reason })
        };
        match trigger.act(facts) {
            None => {
                let reason = "the commission of this payment is zero, or has no amount in its currency";
                failed = refuse("action", reason);
            }
            Some(TriggerDecision::GroupMove(_) | TriggerDecision::Message(_)) => {}
            Some(TriggerDecision::Pay(amount, currency)) => {
                let made = trigger.installments(amount, now);
                let left = trigger.limit(made, currency, now, &mut uses.clone());
                paid = Some((left.iter().map(|made| made.amount).sum::<i64>(), currency));
                if left.is_empty() {
                    failed = refuse("action.caps", "the caps leave nothing of the commission");
                }
            }
        }
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
}

#[cfg(test)]
mod action_tests;
#[cfg(test)]
pub(crate) mod tests;
