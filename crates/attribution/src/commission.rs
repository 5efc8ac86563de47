//! Commissions and their reversals, to the minor unit.
//!
//! Source: triggers.md, "Money": percent rounds half up, once, in one function; a refund reverses in proportion;
//! refunds that sum to the whole reverse the whole.

use protocol::FieldError;
use protocol::v2::TriggerAction;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Decimals a percentage may have.
pub const PERCENT_DECIMALS: u32 = 4;

/// `percent` of `amount` minor units, rounded half up on the magnitude, so that a negative amount mirrors a
/// positive one to the unit.
///
/// Exact for every amount within protocol's bound and every percentage [`check`] lets pass.
pub fn percent_of(amount: i64, percent: Decimal) -> i64 {
    // percent = mantissa / 10^scale, so the share is amount·mantissa / (100·10^scale): integers throughout.
    let divisor = 100 * 10i128.pow(percent.scale());
    let product = i128::from(amount) * percent.mantissa();
    let magnitude = (product.abs() * 2 + divisor) / (divisor * 2);
    i64::try_from(magnitude * product.signum()).expect("a share of at most 100 % fits where its amount did")
}

/// What `action` earns on `amount`; `None` where it earns nothing.
pub fn earned(
    action: &TriggerAction,
    amount: i64,
    currency: protocol::Currency,
) -> Option<(i64, protocol::Currency)> {
    let (amount, currency) = match action {
        TriggerAction::CommissionFlat { amount, currency } => (*amount, *currency),
        TriggerAction::CommissionPercent { percent } => (percent_of(amount, *percent), currency),
    };
    (amount > 0).then_some((amount, currency))
}

/// How much more of `earned` to take back, now that `refunded` of `amount` has gone back in total and
/// `reversed` was taken back before. Cumulative, so no rounding is ever lost: when `refunded` reaches `amount`
/// everything earned is reversed.
pub fn reversal(earned: i64, amount: i64, refunded: i64, reversed: i64) -> i64 {
    if amount <= 0 || refunded <= 0 {
        return 0;
    }
    let refunded = refunded.min(amount);
    let due = (i128::from(earned) * i128::from(refunded) * 2 + i128::from(amount)) / (i128::from(amount) * 2);
    let due = i64::try_from(due).expect("a share of what was earned fits where it did");
    (due - reversed).max(0)
}

/// Checks an action's bounds: flat above zero, percent above 0, at most 100, up to four decimals.
pub fn check(action: &TriggerAction) -> Result<(), FieldError> {
    match action {
        TriggerAction::CommissionFlat { amount, .. } => {
            protocol::money::check_amount("action.amount", *amount)?;
            let message = format!("action.amount must be above 0 minor units, got {amount}");
            (*amount > 0)
                .then_some(())
                .ok_or_else(|| FieldError::new("out_of_range", "action.amount", message))
        }
        TriggerAction::CommissionPercent { percent } => {
            let percent = percent.normalize();
            let fits = percent > Decimal::ZERO
                && percent <= Decimal::ONE_HUNDRED
                && percent.scale() <= PERCENT_DECIMALS;
            let message = format!(
                "action.percent must be above 0, at most 100, with up to {PERCENT_DECIMALS} decimals, got {percent}"
            );
            fits.then_some(()).ok_or_else(|| FieldError::new("out_of_range", "action.percent", message))
        }
    }
}

/// A percentage as text, for an explanation.
pub fn show_percent(percent: Decimal) -> String {
    percent
        .to_i64()
        .filter(|whole| Decimal::from(*whole) == percent)
        .map_or_else(|| percent.to_string(), |whole| whole.to_string())
}

#[cfg(test)]
mod tests {
    use super::{check, percent_of, reversal, show_percent};
    use proptest::prelude::*;
    use protocol::limits::AMOUNT_MAX;
    use protocol::v2::TriggerAction;
    use rust_decimal::Decimal;

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_vendors_example_pays_to_the_cent() {
        assert_eq!(percent_of(4900, percent("10")), 490);
        assert_eq!(percent_of(9900, percent("20")), 1980);
        assert_eq!(percent_of(7900, percent("15")), 1185);
    }

    #[test]
    fn halves_round_up_and_mirror_below_zero() {
        assert_eq!(percent_of(5, percent("10")), 1);
        assert_eq!(percent_of(4, percent("10")), 0);
        assert_eq!(percent_of(-5, percent("10")), -1);
        assert_eq!(percent_of(AMOUNT_MAX, percent("99.9999")), 49_999_950_000);
    }

    #[test]
    fn a_percentage_has_bounds() {
        let bad = |text: &str| check(&TriggerAction::CommissionPercent { percent: percent(text) }).is_err();
        assert!(bad("0") && bad("100.0001") && bad("-5") && bad("1.00001"));
        assert!(!bad("12.50000") && !bad("100"));
        assert_eq!(show_percent(percent("20.0")), "20");
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_half_a_unit_off(amount in -AMOUNT_MAX..=AMOUNT_MAX, ten_thousandths in 1i64..=1_000_000) {
            let share = percent_of(amount, Decimal::new(ten_thousandths, 4));
            let exact = i128::from(amount) * i128::from(ten_thousandths);
            prop_assert!((i128::from(share) * 1_000_000 - exact).abs() * 2 <= 1_000_000);
            prop_assert_eq!(percent_of(-amount, Decimal::new(ten_thousandths, 4)), -share);
        }

        #[test]
        fn refunds_that_sum_to_the_whole_reverse_the_whole(
            earned in 1i64..10_000_000, amount in 1i64..AMOUNT_MAX, millionths in prop::collection::vec(0i64..1_000_000, 0..12),
        ) {
            let mut totals: Vec<i64> = millionths.iter().map(|part| amount / 1_000_000 * part).collect();
            totals.push(amount);
            // Late and repeated refund notices carry totals; only a higher one adds.
            let (mut highest, mut reversed) = (0, 0);
            for total in totals {
                highest = highest.max(total);
                let step = reversal(earned, amount, highest, reversed);
                prop_assert!(step >= 0);
                reversed += step;
                prop_assert!(reversed <= earned);
                prop_assert_eq!(reversal(earned, amount, highest, reversed), 0);
            }
            prop_assert_eq!(reversed, earned);
        }
    }
}
