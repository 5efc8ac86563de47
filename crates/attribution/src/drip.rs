//! Installments: when each is due, and how the whole is divided among them (triggers.md section 1).

use headwater_protocol::Millis;
use headwater_protocol::field::FieldError;
use headwater_protocol::limits::DRIP_OCCURRENCES_MAX;
use headwater_protocol::v2::Drip;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::commission::share;

/// Units of one span, at most: ten years of days.
const SPAN_MAX: i32 = 3660;

/// A span of calendar time. Months are counted by the calendar: a month after 31 January is the last of February.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CalendarSpan {
    months: i32,
    days: i32,
}

impl CalendarSpan {
    fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().last()?;
        let digits = text.strip_suffix(unit)?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.parse::<i32>().ok().filter(|count| plain && *count <= SPAN_MAX)?;
        match unit {
            'd' => Some(Self { months: 0, days: count }),
            'w' => Some(Self { months: 0, days: count * 7 }),
            'm' => Some(Self { months: count, days: 0 }),
            'y' => Some(Self { months: count * 12, days: 0 }),
            _ => None,
        }
    }
}

/// A drip that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    delay: CalendarSpan,
    cycle: CalendarSpan,
    occurrences: u32,
}

impl Schedule {
    pub(crate) fn compile(drip: &Drip) -> Result<Self, FieldError> {
        let occurrences = drip.occurrences;
        if !(1..=DRIP_OCCURRENCES_MAX).contains(&occurrences) {
            let message = format!(
                "action.drip.occurrences must lie from 1 to {DRIP_OCCURRENCES_MAX}, got {occurrences}"
            );
            return Err(FieldError::new("out_of_range", "action.drip.occurrences", message));
        }
        let span = |field: &str, text: &Option<String>| {
            let Some(text) = text else { return Ok(CalendarSpan::default()) };
            CalendarSpan::parse(text).ok_or_else(|| {
                let field = format!("action.drip.{field}");
                let text: String = text.chars().take(80).collect();
                let message = format!(
                    "{field} must be a number up to {SPAN_MAX} and d, w, m or y, as '14d' or '1m', got '{text}'"
                );
                FieldError::new("invalid_value", &field, message)
            })
        };
        let (delay, cycle) = (span("delay", &drip.delay)?, span("cycle", &drip.cycle)?);
        if occurrences > 1 && cycle == CalendarSpan::default() {
            let message = "action.drip.cycle must be longer than nothing where occurrences is above 1";
            return Err(FieldError::new("invalid_value", "action.drip.cycle", message));
        }
        Ok(Self { delay, cycle, occurrences })
    }

    /// Each installment's amount, never zero, with the time when it is due. The amounts sum to `whole`.
    pub(crate) fn installments(&self, whole: i64, from: Millis) -> Vec<(i64, Millis)> {
        let count = i64::from(self.occurrences);
        let upto = |number: i64| share(whole, number, count);
        let each = (0..count).map(|number| (upto(number + 1) - upto(number), self.due(number, from)));
        each.filter(|(amount, _)| *amount != 0).collect()
    }

    /// When installment `number`, from 0, is due. Each is counted from the event, so that a short month does not
    /// move the ones after it.
    fn due(&self, number: i64, from: Millis) -> Millis {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let total = |delay: i32, cycle: i32| delay.saturating_add(cycle.saturating_mul(number));
        let (months, days) =
            (total(self.delay.months, self.cycle.months), total(self.delay.days, self.cycle.days));
        let at = || {
            let span = Span::new().try_months(months).ok()?.try_days(days).ok()?;
            let from = Timestamp::from_millisecond(from.0).ok()?.to_zoned(TimeZone::UTC);
            Some(Millis(from.checked_add(span).ok()?.timestamp().as_millisecond()))
        };
        // Behind the end of the calendar, in the year 9999: never.
        at().unwrap_or(Millis(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use headwater_protocol::Millis;
    use headwater_protocol::limits::AMOUNT_MAX;
    use headwater_protocol::v2::Drip;
    use jiff::Timestamp;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    fn schedule(delay: &str, cycle: &str, occurrences: u32) -> Result<Schedule, String> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let drip = Drip { delay: text(delay), cycle: text(cycle), occurrences };
        Schedule::compile(&drip).map_err(|error| error.field)
    }

    fn days(delay: &str, cycle: &str, occurrences: u32) -> Vec<String> {
        let from = Millis("2026-01-31T12:00:00Z".parse::<Timestamp>().unwrap().as_millisecond());
        let made = schedule(delay, cycle, occurrences).unwrap().installments(1_000_000, from);
        let day = |at: Millis| Timestamp::from_millisecond(at.0).unwrap().to_string()[..10].to_owned();
        made.into_iter().map(|(_, at)| day(at)).collect()
    }

    #[test]
    fn installments_are_due_by_the_calendar_counted_from_the_event() {
        assert_eq!(days("", "1m", 4), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(days("2w", "1d", 3), ["2026-02-14", "2026-02-15", "2026-02-16"]);
        assert_eq!(days("1m", "1y", 2), ["2026-02-28", "2027-02-28"]);
        assert_eq!(days("30d", "", 1), ["2026-03-02"]);
    }

    #[test]
    fn a_drip_that_has_no_schedule_is_refused_with_its_path() {
        for (delay, cycle, occurrences, field) in [
            ("", "1m", 0, "occurrences"),
            ("", "1m", 61, "occurrences"),
            ("1", "1m", 2, "delay"),
            ("1h", "1m", 2, "delay"),
            ("-1d", "1m", 2, "delay"),
            ("+1d", "1m", 2, "delay"),
            ("3661d", "1m", 2, "delay"),
            ("1d", "m", 2, "cycle"),
            ("1d", "", 2, "cycle"),
            ("1d", "0d", 2, "cycle"),
        ] {
            assert_eq!(
                schedule(delay, cycle, occurrences),
                Err(format!("action.drip.{field}")),
                "{delay} {cycle}"
            );
        }
    }

    #[test]
    fn an_installment_is_never_nothing() {
        let made = schedule("", "1m", 12).unwrap().installments(5, Millis(0));
        assert_eq!(made.iter().map(|(amount, _)| *amount).collect::<Vec<_>>(), [1; 5]);
    }

    proptest! {
        #[test]
        fn installments_sum_to_the_whole_and_differ_by_one_unit_at_most(
            whole in -AMOUNT_MAX..=AMOUNT_MAX, occurrences in 1_u32..=60,
        ) {
            let made = schedule("1m", "1w", occurrences).unwrap().installments(whole, Millis(0));
            prop_assert_eq!(made.iter().map(|(amount, _)| amount).sum::<i64>(), whole);
            let even = whole.abs() / i64::from(occurrences);
            prop_assert!(made.iter().all(|(amount, _)| (even..=even + 1).contains(&amount.abs())));
            prop_assert!(made.is_sorted_by_key(|(_, at)| *at));
        }
    }
}
