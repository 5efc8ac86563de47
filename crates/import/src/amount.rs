//! Amounts as a file writes them, in minor units.

use headwater_protocol::limits::AMOUNT_MAX;
use headwater_protocol::money::check_amount;
use headwater_protocol::{Currency, FieldError};

use crate::layout::AmountForm;
use crate::problem::RowProblem;

/// Reads an amount. `currency` says how many decimals it has; whole minor units need none.
pub(crate) fn read(text: &str, form: AmountForm, currency: Option<Currency>) -> Result<i64, RowProblem> {
    let amount = match form {
        AmountForm::Minor => whole(text).ok_or_else(|| not_minor(text))?,
        AmountForm::DecimalPoint => decimal(text, '.', currency)?,
        AmountForm::DecimalComma => decimal(text, ',', currency)?,
    };
    check_amount("amount", amount)
        .map_err(|FieldError { message, .. }| RowProblem::new("out_of_range", message))?;
    Ok(amount)
}

/// A whole number with at most one sign, as long as an amount may be.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // What is longer than 64 bits is over the bound, too.
    plain.then(|| text.parse().unwrap_or(AMOUNT_MAX + 1))
}

fn not_minor(text: &str) -> RowProblem {
    let problem =
        RowProblem::new("invalid_amount", "an amount must be a whole number of minor units, such as cents");
    if text.contains(',') {
        problem.hint("write 1990 for 19,90; or import with amounts=decimal_comma")
    } else if text.contains('.') {
        problem.hint("write 1990 for 19.90; or import with amounts=decimal_point")
    } else {
        problem.hint("write the number alone, as 1990 or -1990; the currency has a column of its own")
    }
}

/// An amount in major units with this character in front of its decimals.
fn decimal(text: &str, point: char, currency: Option<Currency>) -> Result<i64, RowProblem> {
    let Some(currency) = currency else {
        let message = "an amount with decimals needs a currency, which says how many it has";
        return Err(RowProblem::new("required", message).hint("fill the column currency, as USD"));
    };
    let (major, behind) = text.split_once(point).unwrap_or((text, ""));
    let digits = usize::try_from(currency.exponent()).unwrap_or_default();
    let ends_well = !text.ends_with(point) && behind.bytes().all(|byte| byte.is_ascii_digit());
    let Some(major) = whole(major).filter(|_| ends_well) else { return Err(not_decimal(point)) };
    let (counted, rest) = behind.split_at(behind.len().min(digits));
    if rest.bytes().any(|digit| digit != b'0') {
        let message = format!("an amount in {currency} has at most {digits} decimals");
        return Err(RowProblem::new("invalid_amount", message).hint("round it, or correct the currency"));
    }
    let minor: i64 = format!("{counted:0<digits$}").parse().unwrap_or_default();
    let scale = 10_i64.pow(currency.exponent());
    let size = major.unsigned_abs().min(AMOUNT_MAX.unsigned_abs() + 1);
    let size = i64::try_from(size).unwrap_or(AMOUNT_MAX) * scale + minor;
    Ok(if text.starts_with('-') { -size } else { size })
}

fn not_decimal(point: char) -> RowProblem {
    let (shown, form) = match point {
        ',' => ("1990,50", "decimal_comma"),
        _ => ("1990.50", "decimal_point"),
    };
    RowProblem::new(
        "invalid_amount",
        format!("an amount must be a number as {shown}, as amounts={form} says"),
    )
    .hint("write it without a sign of a currency and without marks between thousands")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, form: AmountForm, currency: &str) -> Result<i64, &'static str> {
        read(text, form, currency.parse().ok()).map_err(|problem| problem.code)
    }

    #[test]
    fn minor_units_are_whole_numbers() {
        let read = |text| read_as(text, AmountForm::Minor, "USD");
        assert_eq!(
            [read("1990"), read("-1990"), read("0"), read("007")],
            [Ok(1990), Ok(-1990), Ok(0), Ok(7)]
        );
        for text in ["19.90", "19,90", "1,990", "$19", "1e3", "--1", "-", "+1", "１", "(5)", ""] {
            assert_eq!(read(text), Err("invalid_amount"), "{text}");
        }
        for text in ["50000000001", "-50000000001", "99999999999999999999"] {
            assert_eq!(read(text), Err("out_of_range"), "{text}");
        }
    }

    #[test]
    fn decimals_count_as_many_as_the_currency_has() {
        let point = |text, currency| read_as(text, AmountForm::DecimalPoint, currency);
        assert_eq!(point("19.90", "USD"), Ok(1990));
        assert_eq!(point("19.9", "USD"), Ok(1990));
        assert_eq!(point("19", "USD"), Ok(1900));
        assert_eq!(point("-0.05", "USD"), Ok(-5));
        assert_eq!(point("500", "JPY"), Ok(500));
        assert_eq!(point("500.00", "JPY"), Ok(500), "no yen are lost");
        assert_eq!(point("1.234", "KWD"), Ok(1234));
        assert_eq!(point("500.50", "JPY"), Err("invalid_amount"));
        assert_eq!(point("19.999", "USD"), Err("invalid_amount"));
        assert_eq!(point("1", ""), Err("required"));
        for text in ["1,000.00", "19,90", ".5", "5.", "1.2.3", "-", "-.5", "1 000"] {
            assert_eq!(point(text, "USD"), Err("invalid_amount"), "{text}");
        }
        assert_eq!(point("500000000.01", "USD"), Err("out_of_range"));
        assert_eq!(point("9223372036854775807", "USD"), Err("out_of_range"));
    }

    #[test]
    fn a_decimal_comma_is_read_only_where_the_sender_says_so() {
        let comma = |text| read_as(text, AmountForm::DecimalComma, "EUR");
        assert_eq!([comma("19,90"), comma("1990")], [Ok(1990), Ok(199_000)]);
        assert_eq!([comma("19.90"), comma("1.990,00")], [Err("invalid_amount"), Err("invalid_amount")]);
    }
}
