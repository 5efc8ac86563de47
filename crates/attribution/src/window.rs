//! Calendar windows: `current_month`, `previous_day`, `rolling_30_days`, in UTC.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use protocol::Millis;

/// A named span of time, relative to `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// The calendar unit that holds `now`, or the one before it.
    Calendar { unit: Unit, previous: bool },
    /// The last so many days, to the millisecond.
    Rolling { days: i64 },
}

/// A calendar unit. Weeks begin on Monday (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Window {
    /// Reads a window's name; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(days) = text.strip_prefix("rolling_").and_then(|rest| rest.strip_suffix("_days")) {
            return days
                .parse()
                .ok()
                .filter(|days| (1..=3660).contains(days))
                .map(|days| Self::Rolling { days });
        }
        let (when, unit) = text.split_once('_')?;
        let previous = match when {
            "current" => false,
            "previous" => true,
            _ => return None,
        };
        let unit = match unit {
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        };
        Some(Self::Calendar { unit, previous })
    }

    /// Whether `time` lies in the window around `now`.
    pub(crate) fn holds(self, time: Millis, now: Millis) -> bool {
        match self {
            Self::Rolling { days } => time <= now && now.since(time) < days * Millis::DAY,
            Self::Calendar { unit, previous } => {
                let (Some(today), Some(day)) = (day_of(now), day_of(time)) else { return false };
                let start = unit.start(today);
                let wanted = if previous { start.yesterday().map(|day| unit.start(day)) } else { Ok(start) };
                wanted.is_ok_and(|wanted| unit.start(day) == wanted)
            }
        }
    }
}

impl Unit {
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(back.days()).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
            Self::Quarter => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
            Self::Year => day.first_of_year(),
        }
    }
}

fn day_of(time: Millis) -> Option<Date> {
    Timestamp::from_millisecond(time.0).ok().map(|stamp| stamp.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::Window;
    use protocol::Millis;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn check(window: &str, time: &str, now: &str, expect: bool) {
        assert_eq!(Window::parse(window).unwrap().holds(at(time), at(now)), expect, "{window} {time} {now}");
    }

    #[test]
    fn windows_follow_the_calendar() {
        check("current_day", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59Z", true);
        check("previous_day", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", true);
        check("current_week", "2026-11-16T00:00:00Z", "2026-11-22T23:00:00Z", true);
        check("current_week", "2026-11-15T23:59:59Z", "2026-11-16T00:00:00Z", false);
        check("previous_month", "2025-12-31T12:00:00Z", "2026-01-01T00:00:00Z", true);
        check("current_quarter", "2026-04-01T00:00:00Z", "2026-06-30T00:00:00Z", true);
        check("previous_quarter", "2026-03-31T00:00:00Z", "2026-06-30T00:00:00Z", true);
        check("current_year", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", false);
        check("rolling_30_days", "2026-01-01T00:00:01Z", "2026-01-31T00:00:00Z", true);
        check("rolling_30_days", "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", false);
    }

    #[test]
    fn other_names_are_no_windows() {
        for text in ["", "current", "next_month", "rolling_0_days", "rolling_x_days", "current_decade"] {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }
}
