//! Times as a file writes them. What has no zone is read as UTC, and a bare day as its midnight.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::problem::RowProblem;

/// Digits of the shortest number that is taken for milliseconds: shorter ones are seconds, or days of a spreadsheet.
const MILLIS_DIGITS: usize = 12;

/// Reads a time into epoch milliseconds.
pub(crate) fn read(text: &str) -> Result<i64, RowProblem> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return millis(text);
    }
    let zoned = || text.parse::<Timestamp>().ok();
    let in_utc = || Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    let found = zoned().or_else(in_utc).filter(|_| text.starts_with(|first: char| first.is_ascii_digit()));
    let Some(found) = found else { return Err(unreadable()) };
    if found.as_millisecond() < 0 {
        return Err(RowProblem::new("out_of_range", "a time must not lie before 1970"));
    }
    Ok(found.as_millisecond())
}

fn millis(text: &str) -> Result<i64, RowProblem> {
    if text.len() < MILLIS_DIGITS {
        let message = "a time that is a number must be milliseconds since 1970, of 12 digits at least";
        return Err(RowProblem::new("invalid_time", message).hint(
            "write it as 2026-01-31 or 2026-01-31T09:30:00Z; this looks like seconds or a spreadsheet's day",
        ));
    }
    let found = text.parse().ok().filter(|millis| Timestamp::from_millisecond(*millis).is_ok());
    found.ok_or_else(|| RowProblem::new("out_of_range", "a time must not lie behind the year 9999"))
}

fn unreadable() -> RowProblem {
    RowProblem::new(
        "invalid_time",
        "a time must be as 2026-01-31, 2026-01-31 09:30:00 or 2026-01-31T09:30:00+01:00",
    )
    .hint("the order of day and month is never guessed; without a zone it is UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_a_zone() {
        for (text, millis) in [
            ("2026-01-31", 1_769_817_600_000),
            ("2026-01-31 09:30:00", 1_769_851_800_000),
            ("2026-01-31T09:30:00Z", 1_769_851_800_000),
            ("2026-01-31T10:30:00+01:00", 1_769_851_800_000),
            ("2026-01-31 09:30:00.250Z", 1_769_851_800_250),
            ("2026-01-31T09:30", 1_769_851_800_000),
            ("1769851800000", 1_769_851_800_000),
            ("1970-01-01", 0),
        ] {
            assert_eq!(read(text), Ok(millis), "{text}");
        }
    }

    #[test]
    fn what_could_be_another_time_is_refused() {
        for text in [
            "31/01/2026",
            "01/02/2026",
            "31.01.2026",
            "yesterday",
            "",
            "2026-02-30",
            "-000001-01-01",
            "09:30",
        ] {
            assert_eq!(read(text).map_err(|problem| problem.code), Err("invalid_time"), "{text}");
        }
        for text in ["1769851800", "46053", "20260131"] {
            assert_eq!(read(text).map_err(|problem| problem.code), Err("invalid_time"), "{text}");
        }
        for text in ["1969-12-31", "99999999999999999999", "999999999999999"] {
            assert_eq!(read(text).map_err(|problem| problem.code), Err("out_of_range"), "{text}");
        }
    }
}
