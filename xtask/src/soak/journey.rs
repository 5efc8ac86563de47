//! Runs tests to their end and reads the figures that they print.

use std::process::Command;

/// Runs tests to their end; returns whether they passed, and their output.
pub(super) fn hear(test: &mut Command) -> anyhow::Result<(bool, String)> {
    let output = test.output()?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok((output.status.success(), text.concat()))
}

/// The number in front of a mark; 0 without one.
pub(super) fn number_before(line: &str, mark: &str) -> u64 {
    let before = line.split_once(mark).map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The last lines of the output, where failures are reported.
pub(super) fn last_lines(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_a_journey_prints() {
        let line = "seed 4: Killed(61): 64 requests acknowledged, 0 refused; of 16 without an answer 2 had been kept";
        assert_eq!(number_before(line, " requests acknowledged"), 64);
        assert_eq!(number_before(line, " had been kept"), 2);
        assert_eq!(number_before(line, " lost"), 0);
    }
}
