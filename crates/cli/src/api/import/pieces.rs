//! A file in pieces that one request takes: each begins with the file's header.

use std::io::{self, Read};
use std::ops::Range;

use headwater_import::RecordReader;
use headwater_protocol::limits::API_BODY_MAX;
use headwater_protocol::v2::{ImportProblem, ImportReport};

use super::report::Totals;

/// Rows of one piece: few enough that it is taken within a second or two, and that progress shows.
const ROWS: usize = 1_000;

/// The pieces of a file.
pub(super) struct FilePieces<R> {
    records: RecordReader<R>,
    /// The first row as it stands in the file.
    header: Vec<u8>,
    begun: bool,
}

/// Some rows of a file, with its header above them.
pub(super) struct FilePiece {
    text: Vec<u8>,
    rows: Vec<PieceRow>,
    /// Rows that cannot be sent.
    unsent: Vec<ImportProblem>,
    /// The line of the first row.
    first_line: u64,
}

/// Where a row is.
struct PieceRow {
    line: u64,
    place: Range<usize>,
    sent: bool,
}

impl<R: Read> FilePieces<R> {
    pub(super) fn of(mut records: RecordReader<R>) -> io::Result<Self> {
        let header = records.next_record()?.map(|row| row.bytes.to_vec()).unwrap_or_default();
        Ok(Self { records, header, begun: false })
    }

    /// The first row without its line end.
    pub(super) fn header(&self) -> &[u8] {
        self.header.trim_ascii_end()
    }

    /// What separates cells.
    pub(super) fn delimiter(&self) -> char {
        match self.records.delimiter() {
            headwater_import::Delimiter::Comma => ',',
            headwater_import::Delimiter::Semicolon => ';',
            headwater_import::Delimiter::Tab => '\t',
        }
    }

    /// Bytes of the file that are done with.
    pub(super) fn passed(&self) -> u64 {
        self.records.passed()
    }

    /// The next piece, without rows above `from_line`. A file without rows is one piece: its header is checked, too.
    pub(super) fn next(&mut self, from_line: u64) -> io::Result<Option<FilePiece>> {
        let mut piece =
            FilePiece { text: self.header.clone(), rows: Vec::new(), unsent: Vec::new(), first_line: 2 };
        while piece.rows.len() < ROWS && piece.text.len() < API_BODY_MAX {
            let Some(row) = self.records.next_record()? else { break };
            if row.line < from_line {
                continue;
            }
            if piece.rows.is_empty() {
                piece.first_line = row.line;
            }
            let start = piece.text.len();
            piece.text.extend_from_slice(row.bytes);
            let place = start..piece.text.len();
            let sent = row.problem.is_none();
            if let Some(problem) = row.problem {
                piece.unsent.push(problem.rejecting(row.line, piece.rows.len() as u64 + 1));
            }
            piece.rows.push(PieceRow { line: row.line, place, sent });
        }
        if piece.rows.is_empty() && self.begun {
            return Ok(None);
        }
        self.begun = true;
        Ok(Some(piece))
    }
}

impl FilePiece {
    /// What is sent: the header, and the rows that can be read.
    pub(super) fn file(&self) -> std::borrow::Cow<'_, [u8]> {
        if self.unsent.is_empty() {
            return self.text.as_slice().into();
        }
        let header = self.rows.first().map_or(self.text.len(), |row| row.place.start);
        let mut text = self.text[..header].to_vec();
        for row in self.rows.iter().filter(|row| row.sent) {
            text.extend_from_slice(&self.text[row.place.clone()]);
        }
        text.into()
    }

    /// A row's bytes, by its number in the piece.
    pub(super) fn row(&self, number: u64) -> &[u8] {
        let found = usize::try_from(number).ok().and_then(|number| self.rows.get(number.checked_sub(1)?));
        found.map_or(&[], |row| &self.text[row.place.clone()])
    }

    /// Adds a report of the piece to the totals; returns its problems at their lines of the file.
    pub(super) fn place(&self, report: ImportReport, totals: &mut Totals) -> Vec<ImportProblem> {
        totals.add(&report, self.unsent.len() as u64);
        // The answer counts the rows that were sent.
        let sent: Vec<_> = (1_u64..).zip(&self.rows).filter(|(_, row)| row.sent).collect();
        let mut problems = self.unsent.clone();
        problems.extend(report.problems.into_iter().filter_map(|problem| {
            let at = usize::try_from(problem.row.checked_sub(1)?).ok()?;
            let (row, found) = sent.get(at)?;
            Some(ImportProblem { row: *row, line: found.line, ..problem })
        }));
        problems.sort_by_key(|problem| problem.row);
        problems
    }

    /// What to say when the piece could not be sent.
    pub(super) fn interrupted(&self) -> String {
        format!(
            "the rows before line {0} are taken; go on with --from-line {0}, or import the whole file again",
            self.first_line
        )
    }
}
