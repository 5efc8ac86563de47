//! Calendar months, in UTC.

use headwater_protocol::Millis;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::record::Refusal;

/// A calendar month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Month {
    /// As `2026-11`.
    pub(super) name: String,
    /// The first millisecond after it.
    pub(super) end: i64,
}

impl Month {
    /// The month of that name, or the last one that was over at `now`.
    pub(super) fn named_or_last(name: Option<&str>, now: Millis) -> Result<Self, Refusal> {
        let first = match name {
            Some(name) => parse(name),
            None => Timestamp::from_millisecond(now.0).ok().and_then(|now| {
                now.to_zoned(TimeZone::UTC).date().first_of_month().checked_sub(1.month()).ok()
            }),
        };
        first.and_then(Self::beginning_with).ok_or_else(|| {
            Refusal::invalid("invalid_value", "month", "month must be a year and a month, as 2026-11")
        })
    }

    fn beginning_with(first: Date) -> Option<Self> {
        let next = first.checked_add(1.month()).ok()?;
        let end = next.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
        Some(Self { name: format!("{:04}-{:02}", first.year(), first.month()), end })
    }
}

/// The first day of a month by its name.
fn parse(name: &str) -> Option<Date> {
    let (year, month) = name.split_once('-')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

#[cfg(test)]
mod tests {
    use headwater_protocol::Millis;

    use super::Month;

    /// 2026-04-06T22:29:45Z
    const NOW: Millis = Millis(1_775_514_585_000);

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let month = |name| Month::named_or_last(name, NOW).unwrap();
        assert_eq!(month(None), Month { name: "2026-03".to_owned(), end: 1_775_001_600_000 });
        assert_eq!(month(Some("2026-03")), month(None));
        // February of a leap year, and a December.
        assert_eq!(month(Some("2028-02")).end, 1_835_481_600_000);
        assert_eq!(month(Some("2026-12")).end, 1_798_761_600_000);
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for name in ["2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-+1", "2026-01-01", "", "-"] {
            assert!(Month::named_or_last(Some(name), NOW).is_err(), "{name}");
        }
    }
}
