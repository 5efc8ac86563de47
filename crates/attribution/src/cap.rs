//! Caps: what one trigger pays at most for a customer, to a partner, or altogether, in a calendar period.

use std::collections::BTreeMap;

use headwater_protocol::field::FieldError;
use headwater_protocol::limits::{AMOUNTS_MAX, CAPS_MAX};
use headwater_protocol::money::check_amount;
use headwater_protocol::v2::{Cap, CapPer, CapPeriod};
use headwater_protocol::{Currency, Millis};

use crate::window;

/// What a cap counts together: whose rewards, in the period that begins at `starts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapKey {
    /// Whose rewards.
    pub per: CapPer,
    /// In which kind of period.
    pub period: CapPeriod,
    /// The period's first millisecond, in UTC; 0 for one without an end.
    pub starts: Millis,
}

/// What was counted under a [`CapKey`] so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CapUse {
    /// Minor units, in the currency of the commission that is limited.
    pub amount: i64,
    /// Rewards in all currencies.
    pub rewards: i64,
}

/// What a commission's caps have counted so far. A missing key has counted nothing.
pub type CapUses = BTreeMap<CapKey, CapUse>;

/// Checks the caps of an action.
pub(crate) fn compile(caps: &[Cap], has_customer: bool) -> Result<Vec<Cap>, FieldError> {
    if caps.len() > CAPS_MAX {
        let message = format!("action.caps must have at most {CAPS_MAX} entries, got {}", caps.len());
        return Err(FieldError::new("out_of_range", "action.caps", message));
    }
    for (at, cap) in caps.iter().enumerate() {
        let path = format!("action.caps[{at}]");
        let refuse = |code: &str, field: &str, says: &str| {
            let field = format!("{path}{field}");
            Err(FieldError::new(code, &field, format!("{field} {says}")))
        };
        if cap.amounts.is_empty() && cap.rewards.is_none() {
            return refuse("required", ".amounts", "is required where rewards is absent");
        }
        check_amounts(&format!("{path}.amounts"), &cap.amounts)?;
        if cap.rewards.is_some_and(|most| most < 1) {
            return refuse("out_of_range", ".rewards", "must be 1 or more");
        }
        if cap.per == CapPer::Customer && !has_customer {
            return refuse("invalid_value", ".per", "must be partner or trigger: the event has no customer");
        }
        if caps[..at].iter().any(|other| (other.per, other.period) == (cap.per, cap.period)) {
            return refuse(
                "invalid_value",
                "",
                "repeats an earlier entry's per and period; write both bounds into one",
            );
        }
    }
    Ok(caps.to_vec())
}

/// Checks a map of amounts above zero.
pub(crate) fn check_amounts(field: &str, amounts: &BTreeMap<Currency, i64>) -> Result<(), FieldError> {
    if amounts.len() > AMOUNTS_MAX {
        let message = format!("{field} must have at most {AMOUNTS_MAX} currencies, got {}", amounts.len());
        return Err(FieldError::new("out_of_range", field, message));
    }
    for (currency, amount) in amounts {
        let field = format!("{field}.{currency}");
        check_amount(&field, *amount)?;
        if *amount < 1 {
            return Err(FieldError::new(
                "out_of_range",
                &field,
                format!("{field} must be 1 minor unit or more"),
            ));
        }
    }
    Ok(())
}

/// The key under which a cap counts what is earned at `at`.
pub(crate) fn key(cap: &Cap, at: Millis) -> CapKey {
    CapKey { per: cap.per, period: cap.period, starts: window::period_start(cap.period, at) }
}

/// How much of `amount` at `at` the caps leave, and counts it. What goes back is never limited, and makes no room.
pub(crate) fn take(caps: &[Cap], (amount, currency): (i64, Currency), at: Millis, uses: &mut CapUses) -> i64 {
    if amount <= 0 {
        return amount;
    }
    let mut room = amount;
    for cap in caps {
        let used = uses.get(&key(cap, at)).copied().unwrap_or_default();
        if !cap.amounts.is_empty() {
            room = room.min(cap.amounts.get(&currency).map_or(0, |most| most - used.amount));
        }
        if cap.rewards.is_some_and(|most| used.rewards >= most) {
            room = 0;
        }
    }
    let room = room.max(0);
    if room > 0 {
        for cap in caps {
            let used = uses.entry(key(cap, at)).or_default();
            used.amount += room;
            used.rewards += 1;
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CapUses, key, take};
    use headwater_protocol::v2::{Cap, CapPer, CapPeriod};
    use headwater_protocol::{Currency, Millis};
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

    fn cap() -> impl Strategy<Value = Cap> {
        let per = prop::sample::select(vec![CapPer::Customer, CapPer::Partner, CapPer::Trigger]);
        let periods = vec![CapPeriod::Day, CapPeriod::Month, CapPeriod::Year, CapPeriod::Ever];
        (per, prop::sample::select(periods), 1..2000_i64, prop::option::of(1..6_i64)).prop_map(
            |(per, period, most, rewards)| Cap {
                per,
                period,
                amounts: BTreeMap::from([(Currency::USD, most)]),
                rewards,
            },
        )
    }

    proptest! {
        /// Whatever comes in whatever order, no period's sum is above its cap; and nothing is withheld where there is
        /// room.
        #[test]
        fn no_cap_is_exceeded_in_any_order(
            cap in cap(),
            other in cap(),
            earned in prop::collection::vec((-500..1500_i64, 0..1500_i64, any::<bool>()), 1..40),
        ) {
            let caps = if (cap.per, cap.period) == (other.per, other.period) { vec![cap] } else { vec![cap, other] };
            let (mut uses, mut paid) = (CapUses::new(), Vec::new());
            for (amount, day, _) in earned {
                let at = Millis(1_700_000_000_000).plus(day * Millis::DAY);
                let kept = take(&caps, (amount, Currency::USD), at, &mut uses);
                prop_assert!(kept == amount || (0..amount).contains(&kept));
                if kept > 0 {
                    paid.push((kept, at));
                }
                let short = kept < amount;
                let sum = |cap: &Cap| {
                    let same = paid.iter().filter(|(_, then)| key(cap, *then) == key(cap, at));
                    same.fold((0, 0), |(sum, count), (kept, _)| (sum + kept, count + 1))
                };
                let full = |cap: &Cap| {
                    let (sum, count) = sum(cap);
                    sum == cap.amounts[&Currency::USD] || Some(count) == cap.rewards
                };
                prop_assert!(!short || caps.iter().any(full));
                for cap in &caps {
                    let (sum, count) = sum(cap);
                    prop_assert!(sum <= cap.amounts[&Currency::USD]);
                    prop_assert!(cap.rewards.is_none_or(|most| count <= most));
                    let used = uses.get(&key(cap, at)).copied().unwrap_or_default();
                    prop_assert_eq!((used.amount, used.rewards), (sum, count));
                }
            }
        }
    }

    #[test]
    fn a_currency_without_an_amount_is_not_paid() {
        let cap = Cap {
            per: CapPer::Partner,
            period: CapPeriod::Ever,
            amounts: BTreeMap::from([(Currency::USD, 100)]),
            rewards: None,
        };
        let euro = "EUR".parse().unwrap();
        assert_eq!(take(&[cap], (10, euro), Millis(0), &mut CapUses::new()), 0);
    }
}
