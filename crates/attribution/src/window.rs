//! Calendar windows, in UTC: «previous month», «rolling 30 days».

use headwater_protocol::Millis;
use headwater_protocol::v2::CapPeriod;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Days a rolling window may reach back: ten years.
const ROLLING_MAX: i64 = 3660;

/// A calendar unit. Weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WindowUnit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A period of time relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Current(WindowUnit),
    Previous(WindowUnit),
    Rolling(i64),
}

/// The names of windows, for messages.
pub(crate) const ALLOWED: &str =
    "current_ or previous_ and day, week, month, quarter or year, or rolling_N_days with N from 1 to 3660";

/// The same as a regular expression, for the schema of rules.
pub(crate) const PATTERN: &str =
    "^((current|previous)_(day|week|month|quarter|year)|rolling_[1-9][0-9]{0,3}_days)$";

impl Window {
    /// The window with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if let Some(days) = name.strip_prefix("rolling_").and_then(|rest| rest.strip_suffix("_days")) {
            let days = days.parse().ok().filter(|days| (1..=ROLLING_MAX).contains(days))?;
            return Some(Self(Form::Rolling(days)));
        }
        let (which, unit) = name.split_once('_')?;
        let unit = match unit {
            "day" => WindowUnit::Day,
            "week" => WindowUnit::Week,
            "month" => WindowUnit::Month,
            "quarter" => WindowUnit::Quarter,
            "year" => WindowUnit::Year,
            _ => return None,
        };
        match which {
            "current" => Some(Self(Form::Current(unit))),
            "previous" => Some(Self(Form::Previous(unit))),
            _ => None,
        }
    }

    /// Whether `moment` lies in the window as seen from `now`. A calendar window holds its first millisecond
    /// and not the one after its last; a rolling one ends with now.
    pub(crate) fn holds(self, moment: Millis, now: Millis) -> bool {
        let (unit, previous) = match self.0 {
            Form::Rolling(days) => return (0..days * Millis::DAY).contains(&now.since(moment)),
            Form::Current(unit) => (unit, false),
            Form::Previous(unit) => (unit, true),
        };
        // Outside jiff's years -9999 to 9999 there is no calendar, so no window either.
        let (Some(then), Some(today)) = (date(moment), date(now)) else { return false };
        let Some(start) = start(unit, today) else { return false };
        let reference = if previous { start.yesterday().ok() } else { Some(today) };
        reference
            .and_then(|day| self::start(unit, day))
            .is_some_and(|wanted| self::start(unit, then) == Some(wanted))
    }
}

/// The first millisecond of the calendar period that a moment lies in; without an end, and outside the calendar, 0.
pub(crate) fn period_start(period: CapPeriod, moment: Millis) -> Millis {
    let unit = match period {
        CapPeriod::Day => WindowUnit::Day,
        CapPeriod::Month => WindowUnit::Month,
        CapPeriod::Year => WindowUnit::Year,
        CapPeriod::Ever => return Millis(0),
    };
    let first = date(moment).and_then(|day| start(unit, day));
    let at = first.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    at.map_or(Millis(0), |at| Millis(at.timestamp().as_millisecond()))
}

fn date(moment: Millis) -> Option<Date> {
    Some(Timestamp::from_millisecond(moment.0).ok()?.to_zoned(TimeZone::UTC).date())
}

/// The first day of the unit that `day` lies in.
fn start(unit: WindowUnit, day: Date) -> Option<Date> {
    match unit {
        WindowUnit::Day => Some(day),
        WindowUnit::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok(),
        WindowUnit::Month => Some(day.first_of_month()),
        WindowUnit::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok(),
        WindowUnit::Year => Some(day.first_of_year()),
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use headwater_protocol::Millis;
    use jiff::Timestamp;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn a_window_holds_its_first_moment_and_not_the_one_after_its_last() {
        // A Wednesday.
        let now = at("2026-05-20T12:00:00Z");
        let cases = [
            ("current_day", "2026-05-20T00:00:00Z", "2026-05-21T00:00:00Z"),
            ("previous_day", "2026-05-19T00:00:00Z", "2026-05-20T00:00:00Z"),
            ("current_week", "2026-05-18T00:00:00Z", "2026-05-25T00:00:00Z"),
            ("previous_week", "2026-05-11T00:00:00Z", "2026-05-18T00:00:00Z"),
            ("current_month", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"),
            ("previous_month", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"),
            ("current_quarter", "2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z"),
            ("previous_quarter", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("current_year", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("previous_year", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ];
        for (name, first, after) in cases {
            let window = Window::parse(name).unwrap();
            assert!(window.holds(at(first), now), "{name}");
            assert!(!window.holds(at(first).plus(-1), now), "{name}");
            assert!(window.holds(at(after).plus(-1), now), "{name}");
            assert!(!window.holds(at(after), now), "{name}");
        }
    }

    #[test]
    fn a_rolling_window_ends_with_now() {
        let (window, now) = (Window::parse("rolling_30_days").unwrap(), at("2026-05-20T12:00:00Z"));
        assert!(window.holds(now, now) && !window.holds(now.plus(1), now));
        assert!(window.holds(now.plus(1 - 30 * Millis::DAY), now));
        assert!(!window.holds(now.plus(-30 * Millis::DAY), now));
        assert_eq!(Window::parse("rolling_0_days"), None);
        assert_eq!(Window::parse("next_month"), None);
    }

    #[test]
    fn a_moment_without_a_calendar_lies_in_no_window() {
        assert!(!Window::parse("current_year").unwrap().holds(Millis(i64::MAX), Millis(0)));
    }
}
