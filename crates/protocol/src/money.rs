//! Money: an integer number of minor units and an ISO 4217 currency. Never a float.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::field::FieldError;
use crate::limits::AMOUNT_MAX;

/// An ISO 4217 currency. Read in either case, written in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Every currency, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        let letters = || 'A'..='Z';
        let codes =
            letters().flat_map(move |a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
        codes.filter_map(|code| iso_currency::Currency::from_code(&String::from_iter(code)).map(Self))
    }

    /// The three capital letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits behind the point of the major unit: USD 2, JPY 0, KWD 3.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

/// By code, so that maps of currencies list them alphabetically.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Currency {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        iso_currency::Currency::from_code(&text.to_ascii_uppercase()).map(Self).ok_or_else(|| {
            FieldError::new(
                "unknown_currency",
                "currency",
                format!("currency must be an ISO 4217 code such as USD, got '{text}'"),
            )
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(|error: FieldError| serde::de::Error::custom(error.message))
    }
}

/// Checks that `amount` lies within ±5·10¹⁰ minor units.
pub fn check_amount(field: &str, amount: i64) -> Result<(), FieldError> {
    if amount.unsigned_abs() <= AMOUNT_MAX.unsigned_abs() {
        return Ok(());
    }
    Err(FieldError::new(
        "out_of_range",
        field,
        format!("{field} must lie between -{AMOUNT_MAX} and {AMOUNT_MAX} minor units, got {amount}"),
    ))
}

/// `amount` for people, in major units: `4.90 USD`, `120 JPY`.
pub fn show(amount: i64, currency: Currency) -> String {
    format!("{} {currency}", Decimal::new(amount, currency.exponent()))
}

#[cfg(test)]
mod tests {
    use super::{Currency, check_amount, show};
    use crate::limits::AMOUNT_MAX;

    #[test]
    fn a_currency_is_read_in_either_case_and_written_in_capitals() {
        let currency: Currency = serde_json::from_str("\"usd\"").unwrap();
        assert_eq!(serde_json::to_string(&currency).unwrap(), "\"USD\"");
        assert!("dollars".parse::<Currency>().unwrap_err().message.contains("ISO 4217"));
    }

    #[test]
    fn exponents_are_respected() {
        let shown = |amount, code: &str| show(amount, code.parse().unwrap());
        assert_eq!(shown(490, "USD"), "4.90 USD");
        assert_eq!(shown(-120, "JPY"), "-120 JPY");
        assert_eq!(shown(1, "KWD"), "0.001 KWD");
    }

    #[test]
    fn an_amount_has_a_bound_on_either_side() {
        assert!(check_amount("amount", -AMOUNT_MAX).is_ok());
        assert!(check_amount("amount", i64::MIN).is_err());
        assert!(check_amount("amount", AMOUNT_MAX + 1).unwrap_err().message.contains("50000000000"));
    }
}
