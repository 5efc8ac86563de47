//! What a body says about a deal or lead: written into its row and checked there, whichever call it came by.

use headwater_protocol::field::check_optional;
use headwater_protocol::limits::{
    AMOUNT_MAX, COMPANY_NAME_MAX, CUSTOMER_KEY_MAX, EMAIL_MAX, EMAIL_MIN, NAME_MAX,
};
use headwater_protocol::v2::FormValue;
use headwater_protocol::{Currency, FieldError};
use serde_json::{Map, Value};

use crate::record::answers;
use crate::record::refusal::short;
use crate::store::sale::SaleRow;

/// What a body says, under the names of the row; what is absent stays as it is.
#[derive(Debug, Default)]
pub(crate) struct SaleDetails {
    pub(crate) account: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<Currency>,
    pub(crate) close_date: Option<String>,
    pub(crate) external_key: Option<String>,
    pub(crate) fields: Option<Vec<FormValue>>,
    pub(crate) meta: Option<Map<String, Value>>,
    /// The name of a stage, in any case of letters.
    pub(crate) stage: Option<String>,
    pub(crate) approved: Option<bool>,
    pub(crate) archived: Option<bool>,
}

/// Writes into a row what a body says, all but the stage, which depends on the group.
pub(super) fn overwrite(row: &mut SaleRow, said: SaleDetails) {
    let SaleDetails {
        account,
        email,
        first_name,
        last_name,
        amount,
        currency,
        close_date,
        external_key,
        fields,
        meta,
        stage: _,
        approved,
        archived,
    } = said;
    row.account = account.or(row.account.take());
    row.email = email.or(row.email.take());
    // An empty name is none: a full name of one word has no last name.
    let name =
        |said: Option<String>, known| said.map_or(known, |name| Some(name).filter(|name| !name.is_empty()));
    row.first_name = name(first_name, row.first_name.take());
    row.last_name = name(last_name, row.last_name.take());
    row.amount = amount.or(row.amount);
    if let Some(currency) = currency {
        currency.code().clone_into(&mut row.currency);
    }
    row.close_date = close_date.or(row.close_date.take());
    row.external_key = external_key.or(row.external_key.take());
    if let Some(fields) = fields {
        row.fields = fields;
    }
    row.meta = meta.or(row.meta.take());
    row.approved = approved.unwrap_or(row.approved);
    row.archived = archived.unwrap_or(row.archived);
}

/// Checks what a row holds, after a body was written into it. `names` are those that the API uses for the company's
/// name, the address, the first and the last name.
pub(super) fn check(row: &SaleRow, names: [&str; 4]) -> Result<(), FieldError> {
    let [account, email, first, last] = names;
    check_optional(account, row.account.as_deref(), 1, COMPANY_NAME_MAX)?;
    check_optional(email, row.email.as_deref(), EMAIL_MIN, EMAIL_MAX)?;
    check_optional(first, row.first_name.as_deref(), 0, NAME_MAX)?;
    check_optional(last, row.last_name.as_deref(), 0, NAME_MAX)?;
    check_optional("external_key", row.external_key.as_deref(), 1, CUSTOMER_KEY_MAX)?;
    answers::check_meta(row.meta.as_ref())?;
    if let Some(date) = &row.close_date
        && !is_date(date)
    {
        let message = format!("close_date must be a day like 2027-01-31, got '{}'", short(date));
        return Err(FieldError::new("invalid_value", "close_date", message));
    }
    if row.amount.is_some_and(|amount| !(0..=AMOUNT_MAX).contains(&amount)) {
        let message = format!("amount must be an integer from 0 to {AMOUNT_MAX} (minor units)");
        return Err(FieldError::new("out_of_range", "amount", message));
    }
    Ok(())
}

/// Whether a text is a day of the calendar as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    if lengths != [4, 2, 2] || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return false;
    }
    let number = |at: usize| parts[at].parse::<u32>().unwrap_or_default();
    let (year, month, day) = (number(0), number(1), number(2));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        for day in ["2026-01-31", "2024-02-29", "2000-02-29", "0001-12-01"] {
            assert!(is_date(day), "{day}");
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-01",
            "26-01-01",
            "2026-01-00",
            "2026/01/01",
            "+026-01-01",
            "2026-01-01T00:00:00Z",
            "",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
