//! Commissions: how much a payment earns, rounded once, and how much of that a refund takes back.

use std::collections::BTreeMap;

use headwater_protocol::field::FieldError;
use headwater_protocol::limits::AMOUNT_MAX;
use headwater_protocol::v2::{FlatCommission, PercentCommission, TriggerEvent};
use headwater_protocol::{Currency, money};
use rust_decimal::Decimal;

use crate::cap::check_amounts;
use crate::facts::Facts;

/// Decimals a percentage may have (triggers.md).
const PERCENT_DECIMALS: u32 = 4;
/// One hundred percent, in ten-thousandths of a percent.
const WHOLE: i64 = 1_000_000;

/// A share above 0 and at most 100 percent, in ten-thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(i64);

impl Percent {
    /// A percentage with up to four decimals; `None` when it has more, or lies outside its bounds.
    pub fn new(percent: Decimal) -> Option<Self> {
        let mut scaled = percent.normalize();
        if scaled.scale() > PERCENT_DECIMALS {
            return None;
        }
        scaled.rescale(PERCENT_DECIMALS);
        let units = i64::try_from(scaled.mantissa()).ok()?;
        (scaled.scale() == PERCENT_DECIMALS && (1..=WHOLE).contains(&units)).then_some(Self(units))
    }

    /// This share of an amount of minor units. Halves round away from zero, so that what a payment earns and
    /// what its reversal takes are the same number.
    pub fn of(self, amount: i64) -> i64 {
        share(amount, self.0, WHOLE)
    }
}

/// `amount · part / whole`, halves rounded away from zero: the only place where money is rounded. `whole` is positive
/// and `|part|` at most as large, so that the result is never larger than `amount`.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let magnitude = (2 * product.abs() + whole) / (2 * whole);
    i64::try_from(magnitude * product.signum()).expect("a share of an amount is never larger than the amount")
}

/// How much of a reward must be reversed now, in minor units.
///
/// `earned` is the reward, `amount` the payment, `refunded_total` all that the customer has got back so far,
/// `already_reversed` the sum of earlier reversals. The result depends on the total and not on the single refund, so
/// that the reversals have the same sum however a refund is split, repeated or delayed. It has the opposite sign of
/// `earned` if the total has shrunk, as when a dispute is won: the partner gets so much back.
pub fn reverse(earned: i64, amount: i64, refunded_total: i64, already_reversed: i64) -> i64 {
    let whole = refunded_total.unsigned_abs() >= amount.unsigned_abs();
    let target = if whole { earned } else { share(earned, refunded_total.abs(), amount.abs()) };
    target - already_reversed
}

/// What a trigger pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payout {
    /// A fixed sum of minor units for each currency; one at least.
    Flat(BTreeMap<Currency, i64>),
    /// A share of the payment, in its currency.
    Share(Percent),
}

impl Payout {
    /// Checks a fixed commission against the event it shall follow.
    pub(crate) fn flat(action: &FlatCommission, event: TriggerEvent) -> Result<Self, FieldError> {
        let refuse = |code: &str, field: &str, message: String| Err(FieldError::new(code, field, message));
        match (action.amount, action.currency) {
            (Some(_), _) | (_, Some(_)) if !action.amounts.is_empty() => {
                let message = "action takes amount and currency, or amounts, not both".to_owned();
                refuse("invalid_value", "action.amounts", message)
            }
            (Some(amount), Some(currency)) => {
                money::check_amount("action.amount", amount)?;
                if amount <= 0 {
                    let message = format!("action.amount must lie from 1 to {AMOUNT_MAX} minor units");
                    return refuse("out_of_range", "action.amount", message);
                }
                Ok(Self::Flat(BTreeMap::from([(currency, amount)])))
            }
            (Some(_), None) => Err(FieldError::required("action.currency")),
            (None, Some(_)) => Err(FieldError::required("action.amount")),
            (None, None) if action.amounts.is_empty() => Err(FieldError::required("action.amount")),
            (None, None) => {
                check_amounts("action.amounts", &action.amounts)?;
                let has_currency =
                    matches!(event, TriggerEvent::TransactionCreated | TriggerEvent::DealUpdated);
                if action.amounts.len() > 1 && !has_currency {
                    let message = "action.amounts must have one currency: the event has none to choose by";
                    return refuse("invalid_value", "action.amounts", message.to_owned());
                }
                Ok(Self::Flat(action.amounts.clone()))
            }
        }
    }

    /// Checks a share against the event it shall follow.
    pub(crate) fn share(action: &PercentCommission, event: TriggerEvent) -> Result<Self, FieldError> {
        if event != TriggerEvent::TransactionCreated {
            let message =
                "action.type commission_percent needs the event transaction_created; use commission_flat";
            return Err(FieldError::new("invalid_value", "action.type", message));
        }
        Percent::new(action.percent).map(Self::Share).ok_or_else(|| {
            let message = format!(
                "action.percent must be above 0 and at most 100, with up to {PERCENT_DECIMALS} decimals, got {}",
                action.percent
            );
            FieldError::new("out_of_range", "action.percent", message)
        })
    }

    /// What it pays for an event; `None` if that is nothing.
    pub(crate) fn of(&self, facts: &Facts) -> Option<(i64, Currency)> {
        let payment = facts.transaction.as_ref();
        let paid = match self {
            Self::Share(percent) => payment.map(|payment| (percent.of(payment.amount), payment.currency)),
            // A negative payment, which goes back to the customer, earns no fixed sum. A share of it is negative.
            Self::Flat(_) if payment.is_some_and(|payment| payment.amount < 0) => None,
            // A single sum is paid whatever the customer pays in.
            Self::Flat(amounts) if amounts.len() == 1 => {
                amounts.first_key_value().map(|(currency, amount)| (*amount, *currency))
            }
            Self::Flat(amounts) => {
                facts.currency().and_then(|currency| Some((*amounts.get(&currency)?, currency)))
            }
        };
        paid.filter(|(amount, _)| *amount != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Percent, reverse};
    use headwater_protocol::limits::AMOUNT_MAX;
    use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, proptest};

    fn percent(text: &str) -> Option<Percent> {
        Percent::new(text.parse().unwrap())
    }

    #[test]
    fn the_vendors_example_comes_out_to_the_cent() {
        assert_eq!(percent("10").unwrap().of(4900), 490);
        assert_eq!(percent("20").unwrap().of(9900), 1980);
    }

    #[test]
    fn a_percentage_has_four_decimals_and_bounds() {
        for good in ["0.0001", "100", "12.5", "33.3333", "100.00000"] {
            assert!(percent(good).is_some(), "{good}");
        }
        for bad in ["0", "-1", "100.0001", "0.00001", "79228162514264337593543950335"] {
            assert!(percent(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn halves_round_away_from_zero_once() {
        let half = percent("50").unwrap();
        assert_eq!([half.of(1), half.of(3), half.of(-1), half.of(-3)], [1, 2, -1, -2]);
        assert_eq!(percent("33.3333").unwrap().of(100), 33);
        assert_eq!(percent("0.0001").unwrap().of(500_000), 1);
        assert_eq!(percent("0.0001").unwrap().of(499_999), 0);
    }

    #[test]
    fn half_of_a_payment_given_back_takes_half_of_what_it_earned() {
        assert_eq!([reverse(1000, 5000, 2500, 0), reverse(1000, 5000, 2500, 400)], [500, 100]);
        assert_eq!([reverse(-1000, -5000, -2500, 0), reverse(1000, 5000, 4999, 0)], [-500, 1000]);
        assert_eq!(reverse(1000, 5000, 0, 500), -500);
    }

    #[test]
    fn a_payment_of_nothing_is_reversed_whole() {
        assert_eq!(reverse(2500, 0, 0, 0), 2500);
    }

    proptest! {
        #[test]
        fn a_share_is_off_by_half_a_unit_at_most_and_turns_its_sign_with_the_amount(
            amount in -AMOUNT_MAX..=AMOUNT_MAX, units in 1_i64..=1_000_000,
        ) {
            let share = Percent(units).of(amount);
            let exact = i128::from(amount) * i128::from(units);
            let off = (i128::from(share) * 1_000_000 - exact).abs();
            prop_assert!(off <= 500_000);
            prop_assert_eq!(Percent(units).of(-amount), -share);
            prop_assert_eq!(Percent(1_000_000).of(amount), amount);
        }

        /// Totals arrive in any order and any number of times; the largest one so far counts.
        #[test]
        fn partial_refunds_sum_to_the_whole_in_any_order(
            (earned, amount, mut totals) in (1..=AMOUNT_MAX).prop_flat_map(|amount| {
                (-amount..=amount, Just(amount), proptest::collection::vec(0..=amount, 0..12))
            }),
        ) {
            totals.push(amount);
            let (mut known, mut reversed) = (0, 0);
            for told in totals.iter().chain(&totals) {
                known = known.max(*told);
                let step = reverse(earned, amount, known, reversed);
                prop_assert!(step == 0 || (step < 0) == (earned < 0));
                reversed += step;
                prop_assert!(reversed.abs() <= earned.abs());
            }
            prop_assert_eq!(reversed, earned);
        }

        #[test]
        fn the_balance_depends_on_the_total_only(
            earned in 0..=AMOUNT_MAX, amount in 1..=AMOUNT_MAX, first in 0..=AMOUNT_MAX,
            second in 0..=AMOUNT_MAX,
        ) {
            let (first, second) = (first.min(second), first.max(second));
            let at_once = reverse(earned, amount, second, 0);
            let step = reverse(earned, amount, first, 0);
            prop_assert_eq!(step + reverse(earned, amount, second, step), at_once);
        }
    }
}
