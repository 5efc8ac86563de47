//! Tables and times for people.

use headwater_protocol::Millis;

/// Characters of a cell at most, so that a row stays on a line or two.
const CELL_MAX: usize = 110;

/// Prints rows under their heads, in columns as wide as their widest cell. Prints nothing when there are no rows.
pub(crate) fn print(heads: &[&str], rows: &[Vec<String>]) {
    print!("{}", text(heads, rows));
}

fn text(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> =
        std::iter::once(&heads).chain(rows).map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The text on one line, without characters that would move a terminal's cursor, and not too long.
fn clean(text: &str) -> String {
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if line.chars().count() <= CELL_MAX {
        return line;
    }
    line.chars().take(CELL_MAX - 1).chain(['…']).collect()
}

/// A time as `2026-11-30T23:00:00Z`.
pub(crate) fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A duration in its two largest units, as `2h 5m`.
pub(crate) fn duration(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let [days, hours, minutes] = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60];
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_no_cell_moves_the_cursor() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let found = text(&["KEY", "REASON"], &[row(["1", "two\nlines\u{1b}[2J"]), row(["1000", ""])]);
        assert_eq!(found, "KEY   REASON\n1     two lines [2J\n1000\n");
        assert_eq!(clean(&"x".repeat(200)).chars().count(), CELL_MAX);
        assert_eq!(text(&["KEY"], &[]), "");
    }

    #[test]
    fn times_and_durations_are_written_for_people() {
        assert_eq!(time(Millis(1_775_514_585_123)), "2026-04-06T22:29:45Z");
        let durations =
            [(-5, "0s"), (59_999, "59s"), (61_000, "1m 1s"), (7_500_000, "2h 5m"), (90_000_000, "1d 1h")];
        for (millis, shown) in durations {
            assert_eq!(duration(millis), shown);
        }
    }
}
