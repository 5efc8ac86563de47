//! What is wrong with a file, or with one of its rows.

use std::io;

use headwater_protocol::v2::ImportProblem;

/// A file that cannot be read at all: nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Stable name, `snake_case`.
    pub code: &'static str,
    /// The column at fault, as the file calls it.
    pub column: Option<String>,
    /// One sentence.
    pub message: String,
    /// What the sender can do about it.
    pub hint: String,
}

impl FileProblem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, column: None, message: message.into(), hint: hint.into() }
    }

    pub(crate) fn column(mut self, name: &str) -> Self {
        self.column = Some(name.to_owned());
        self
    }
}

/// A row's problem where the row is the header.
impl From<RowProblem> for FileProblem {
    fn from(problem: RowProblem) -> Self {
        Self::new(problem.code, problem.message, problem.hint.unwrap_or_default())
    }
}

/// Why the reading of a file ended before its first row.
#[derive(Debug)]
pub enum ReadFailure {
    /// The file has a mistake.
    File(FileProblem),
    /// Its bytes could not be read.
    Io(io::Error),
}

impl From<FileProblem> for ReadFailure {
    fn from(problem: FileProblem) -> Self {
        Self::File(problem)
    }
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Stable name, `snake_case`.
    pub code: &'static str,
    /// The column at fault, as the file calls it.
    pub column: Option<String>,
    /// What the cell holds, at most 80 characters of it.
    pub value: Option<String>,
    /// One sentence with the bound.
    pub message: String,
    /// What the sender can do about it.
    pub hint: Option<String>,
}

impl RowProblem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, column: None, value: None, message: message.into(), hint: None }
    }

    /// The problem as reports show it, of a row that was refused because of it: its line in the file, and its number.
    #[must_use]
    pub fn rejecting(self, line: u64, row: u64) -> ImportProblem {
        ImportProblem {
            line,
            row,
            rejected: true,
            column: self.column,
            value: self.value,
            code: self.code.to_owned(),
            message: self.message,
            hint: self.hint,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem, in this cell.
    pub(crate) fn at(mut self, column: &str, value: &str) -> Self {
        self.column = Some(column.to_owned());
        self.value = Some(short(value));
        self
    }
}

/// At most 80 characters of a text, none of which moves a terminal's cursor.
pub(crate) fn short(text: &str) -> String {
    let shown: String =
        text.chars().take(81).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if shown.chars().count() <= 80 {
        return shown;
    }
    shown.chars().take(79).chain(['…']).collect()
}
