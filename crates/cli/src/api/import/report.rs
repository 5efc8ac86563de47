//! What an import says on standard output: a line for each problem, and the totals.

use std::io::{self, Write as _};
use std::path::Path;

use headwater_protocol::v2::{ImportKind, ImportProblem, ImportReport};
use serde_json::json;

/// Problems that are printed for people; the file of refused rows has all.
const SHOWN: u64 = 100;

/// What has become of the rows so far.
pub(super) struct Totals {
    sum: ImportReport,
    warnings: u64,
    problems: u64,
    json: bool,
}

impl Totals {
    pub(super) fn new(kind: ImportKind, dry_run: bool, json: bool) -> Self {
        let sum = ImportReport {
            kind,
            dry_run,
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            rejected: 0,
            problems: Vec::new(),
            ignored_columns: Vec::new(),
        };
        Self { sum, warnings: 0, problems: 0, json }
    }

    pub(super) fn rows(&self) -> u64 {
        self.sum.rows
    }

    pub(super) fn refused(&self) -> u64 {
        self.sum.rejected
    }

    /// Adds a piece's report, and the rows of it that could not be sent.
    pub(super) fn add(&mut self, report: &ImportReport, unsent: u64) {
        self.sum.rows += report.rows + unsent;
        self.sum.created += report.created;
        self.sum.updated += report.updated;
        self.sum.unchanged += report.unchanged;
        self.sum.rejected += report.rejected + unsent;
        if self.sum.ignored_columns.is_empty() {
            self.sum.ignored_columns.clone_from(&report.ignored_columns);
            for column in &report.ignored_columns {
                let nearest =
                    column.nearest.as_ref().map_or_else(String::new, |name| format!("; is it {name}?"));
                eprintln!("headwater: the column '{}' is not read{nearest}", column.name);
            }
        }
    }

    /// Prints a problem.
    pub(super) fn tell(&mut self, problem: &ImportProblem) -> io::Result<()> {
        self.warnings += u64::from(!problem.rejected);
        self.problems += 1;
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", serde_json::to_string(problem)?);
        }
        if self.problems <= SHOWN {
            writeln!(out, "{}", line(problem))?;
        }
        Ok(())
    }

    /// Prints the totals. `rejected` is the file of refused rows, where there is one.
    pub(super) fn sum_up(&self, seconds: f64, rejected: Option<&Path>) -> io::Result<()> {
        let (sum, mut out) = (&self.sum, io::stdout().lock());
        let rejected = rejected.map(|path| path.display().to_string());
        if self.json {
            let totals = json!({
                "kind": sum.kind, "dry_run": sum.dry_run, "rows": sum.rows, "created": sum.created,
                "updated": sum.updated, "unchanged": sum.unchanged, "rejected": sum.rejected,
                "warnings": self.warnings, "ignored_columns": sum.ignored_columns, "rejected_file": rejected,
            });
            return writeln!(out, "{totals}");
        }
        if self.problems > SHOWN {
            writeln!(out, "… and {} more lines like these", self.problems - SHOWN)?;
        }
        let what = if sum.dry_run { " checked, nothing was changed" } else { "" };
        writeln!(
            out,
            "{} rows of {}{what} in {seconds:.1} s: {} created, {} updated, {} unchanged, {} refused, {} warnings",
            sum.rows,
            sum.kind.name(),
            sum.created,
            sum.updated,
            sum.unchanged,
            sum.rejected,
            self.warnings
        )?;
        match rejected {
            Some(path) => {
                writeln!(out, "refused rows with their reasons: {path}; correct them and import that file")
            }
            None => Ok(()),
        }
    }
}

/// A problem on one line: where, what, and the way out.
fn line(problem: &ImportProblem) -> String {
    let kind = if problem.rejected { "refused" } else { "warning" };
    let column = problem.column.as_ref().map_or_else(String::new, |column| format!(", {column}"));
    let value = problem.value.as_ref().map_or_else(String::new, |value| format!(" '{value}'"));
    let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    let text = format!("line {}{column}{value}: {kind}: {}{hint}", problem.line, problem.message);
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_that_names_place_value_and_remedy() {
        let problem = ImportProblem {
            line: 4,
            row: 3,
            rejected: true,
            column: Some("Amount".to_owned()),
            value: Some("19,90\u{1b}[2J".to_owned()),
            code: "invalid_amount".to_owned(),
            message: "an amount must be whole".to_owned(),
            hint: Some("write 1990".to_owned()),
        };
        assert_eq!(
            line(&problem),
            "line 4, Amount '19,90 [2J': refused: an amount must be whole; write 1990"
        );
        let bare = ImportProblem { column: None, value: None, hint: None, rejected: false, ..problem };
        assert_eq!(line(&bare), "line 4: warning: an amount must be whole");
    }
}
