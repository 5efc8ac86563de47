//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// Columns of the bar.
const WIDTH: usize = 24;
/// Time between two bars, and between two lines.
const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of one import, on standard error.
pub(super) struct ImportProgress {
    begun: Instant,
    shown: Instant,
    /// Bytes of the whole file, where they are known.
    length: Option<u64>,
    terminal: bool,
}

impl ImportProgress {
    pub(super) fn start(length: Option<u64>) -> Self {
        let now = Instant::now();
        Self { begun: now, shown: now, length, terminal: std::io::stderr().is_terminal() }
    }

    /// Shows how far it is, unless it was shown just now.
    pub(super) fn show(&mut self, passed: u64, rows: u64) {
        let every = if self.terminal { BAR_EVERY } else { LINE_EVERY };
        if self.shown.elapsed() < every {
            return;
        }
        self.shown = Instant::now();
        let text = text(passed, self.length, rows, self.begun.elapsed());
        if self.terminal {
            eprint!("\r\x1b[K{} {text}", bar(passed, self.length));
        } else {
            eprintln!("{text}");
        }
    }

    /// Removes the bar, so that a line can be printed in its place.
    pub(super) fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }

    /// Removes the bar; returns the seconds since the start.
    pub(super) fn end(&self) -> f64 {
        self.clear();
        self.begun.elapsed().as_secs_f64()
    }
}

fn percent(passed: u64, length: u64) -> u64 {
    (passed.saturating_mul(100) / length.max(1)).min(100)
}

fn bar(passed: u64, length: Option<u64>) -> String {
    let Some(length) = length else { return String::new() };
    let full = usize::try_from(percent(passed, length)).unwrap_or_default() * WIDTH / 100;
    format!("[{:<WIDTH$}]", "#".repeat(full))
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shown only"
)]
fn text(passed: u64, length: Option<u64>, rows: u64, since: Duration) -> String {
    let seconds = since.as_secs_f64().max(0.001);
    let rate = (rows as f64 / seconds) as u64;
    let Some(length) = length.filter(|length| *length > 0) else {
        return format!("{rows} rows, {rate} a second");
    };
    let left = (length.saturating_sub(passed) as f64 * seconds / passed.max(1) as f64) as i64;
    let left = crate::table::duration(left * 1000);
    format!("{} %, {rows} rows, {rate} a second, {left} left", percent(passed, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_much_is_done_and_how_long_the_rest_takes() {
        let since = Duration::from_secs(10);
        assert_eq!(text(250, Some(1000), 5_000, since), "25 %, 5000 rows, 500 a second, 30s left");
        assert_eq!(text(250, None, 5_000, since), "5000 rows, 500 a second");
        assert_eq!(bar(250, Some(1000)), "[######                  ]");
        assert_eq!(bar(2000, Some(1000)), "[########################]", "a file that grows meanwhile");
        assert_eq!(text(0, Some(1000), 0, Duration::ZERO), "0 %, 0 rows, 0 a second, 1s left");
    }
}
