//! What triggers pay: amounts for each currency, caps, installments; and which actions are refused.

use super::tests::{NOW, facts};
use super::{CompiledTrigger, Installment, TriggerDecision, explain};
use crate::cap::CapUses;
use crate::facts::Facts;
use headwater_protocol::v2::{Eligibility, Rule, TriggerEvent};
use headwater_protocol::{Currency, FieldError, Millis};
use serde_json::{Value, json};

fn compile(event: TriggerEvent, action: &Value) -> Result<CompiledTrigger, FieldError> {
    let action = serde_json::from_value(action.clone()).unwrap();
    CompiledTrigger::compile(("a", "a"), event, &Rule::All(Vec::new()), &action, &Eligibility::default())
}

fn of_payment(action: &Value) -> CompiledTrigger {
    compile(TriggerEvent::TransactionCreated, action).unwrap()
}

fn paying(code: &str) -> Facts {
    let mut facts = facts(None);
    facts.transaction.as_mut().unwrap().currency = code.parse().unwrap();
    facts
}

/// What a trigger pays for an event, and what its explanation says it pays.
fn paid(trigger: &CompiledTrigger, facts: &Facts, uses: &mut CapUses) -> Vec<Installment> {
    let explained = explain(trigger, facts, uses, NOW);
    let Some(TriggerDecision::Pay(amount, currency)) = trigger.decide(facts, NOW) else {
        assert_eq!((explained.fired, explained.amount), (false, None));
        return Vec::new();
    };
    let made = trigger.limit(trigger.installments(amount, NOW), currency, NOW, uses);
    let sum = made.iter().map(|made| made.amount).sum::<i64>();
    assert_eq!((explained.fired, explained.amount.unwrap_or_default()), (!made.is_empty(), sum));
    made
}

#[test]
fn a_fixed_sum_is_paid_in_the_currency_of_the_payment() {
    let both = of_payment(&json!({"type": "commission_flat", "amounts": {"USD": 500, "EUR": 450}}));
    let euro: Currency = "EUR".parse().unwrap();
    assert_eq!(both.decide(&paying("EUR"), NOW), Some(TriggerDecision::Pay(450, euro)));
    assert_eq!(both.decide(&paying("USD"), NOW), Some(TriggerDecision::Pay(500, Currency::USD)));
    assert_eq!(both.decide(&paying("JPY"), NOW), None);
    let reason = explain(&both, &paying("JPY"), &CapUses::new(), NOW).failed.unwrap().reason;
    assert!(reason.contains("no amount in its currency"), "{reason}");
    let one = of_payment(&json!({"type": "commission_flat", "amount": 500, "currency": "USD"}));
    assert_eq!(one.decide(&paying("EUR"), NOW), Some(TriggerDecision::Pay(500, Currency::USD)));
}

#[test]
fn an_action_that_could_not_be_carried_out_is_refused_with_its_path() {
    let flat = |more: Value| {
        let mut action = json!({"type": "commission_flat", "amount": 500, "currency": "USD"});
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        action
    };
    let cap = |cap: Value| flat(json!({"caps": [cap]}));
    let month = json!({"per": "partner", "period": "month", "amounts": {"USD": 100}});
    let many = vec![month.clone(); 6];
    let cases = [
        (json!({"type": "commission_flat"}), "action.amount"),
        (json!({"type": "commission_flat", "amount": 5}), "action.currency"),
        (json!({"type": "commission_flat", "currency": "USD"}), "action.amount"),
        (flat(json!({"amounts": {"EUR": 5}})), "action.amounts"),
        (json!({"type": "commission_flat", "amounts": {"EUR": 0}}), "action.amounts.EUR"),
        (json!({"type": "commission_percent", "percent": "0.00001"}), "action.percent"),
        (json!({"type": "group_move", "group": ""}), "action.group"),
        (cap(json!({"per": "partner"})), "action.caps[0].amounts"),
        (cap(json!({"per": "partner", "rewards": 0})), "action.caps[0].rewards"),
        (cap(json!({"per": "partner", "amounts": {"USD": -1}})), "action.caps[0].amounts.USD"),
        (flat(json!({"caps": [month, month]})), "action.caps[1]"),
        (flat(json!({"caps": many})), "action.caps"),
        (flat(json!({"drip": {"occurrences": 2}})), "action.drip.cycle"),
    ];
    for (action, path) in cases {
        let error = compile(TriggerEvent::TransactionCreated, &action).unwrap_err();
        assert_eq!(error.field, path, "{action}: {}", error.message);
    }
    let of_customer = cap(json!({"per": "customer", "rewards": 1}));
    let several = json!({"type": "commission_flat", "amounts": {"USD": 5, "EUR": 5}});
    for event in [TriggerEvent::PartnershipCreated, TriggerEvent::LinkClicked] {
        assert_eq!(compile(event, &of_customer).unwrap_err().field, "action.caps[0].per");
        assert_eq!(compile(event, &several).unwrap_err().field, "action.amounts");
    }
    assert!(compile(TriggerEvent::ActionRecorded, &of_customer).is_ok());
}

#[test]
fn a_cap_cuts_the_reward_that_would_exceed_it_and_the_explanation_says_so() {
    let trigger = of_payment(&json!({"type": "commission_flat", "amount": 400, "currency": "USD",
        "caps": [{"per": "partner", "period": "month", "amounts": {"USD": 1000}}]}));
    let mut uses = CapUses::new();
    let mut amounts = Vec::new();
    for _ in 0..4 {
        amounts.extend(paid(&trigger, &paying("USD"), &mut uses).iter().map(|made| made.amount));
    }
    assert_eq!(amounts, [400, 400, 200]);
    let failed = explain(&trigger, &paying("USD"), &uses, NOW).failed.unwrap();
    assert_eq!(failed.path, "action.caps");
    assert!(trigger.has_caps());
}

#[test]
fn each_installment_counts_in_the_month_it_is_due() {
    let trigger = of_payment(&json!({"type": "commission_flat", "amount": 1200, "currency": "USD",
        "caps": [{"per": "partner", "period": "month", "amounts": {"USD": 150}}],
        "drip": {"cycle": "1m", "occurrences": 12}}));
    let mut uses = CapUses::new();
    let of_first = paid(&trigger, &paying("USD"), &mut uses);
    let of_second = paid(&trigger, &paying("USD"), &mut uses);
    assert_eq!(of_first.iter().map(|made| made.amount).collect::<Vec<_>>(), [100; 12]);
    assert_eq!(of_second.iter().map(|made| made.amount).collect::<Vec<_>>(), [50; 12]);
    assert!(paid(&trigger, &paying("USD"), &mut uses).is_empty());
    assert_eq!(of_first[0].due, Some(NOW));
    assert!(of_first[11].due > Some(NOW.plus(330 * Millis::DAY)));
}

#[test]
fn test_records_move_no_partner_under_any_clock() {
    let trigger = of_payment(&json!({"type": "group_move", "group": "gold"}));
    let mut facts = paying("USD");
    assert_eq!(trigger.decide(&facts, NOW), Some(TriggerDecision::GroupMove("gold".to_owned())));
    facts.transaction.as_mut().unwrap().test = true;
    facts.test_clock = true;
    assert_eq!(trigger.decide(&facts, NOW), None);
}
