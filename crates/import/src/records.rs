//! The records of a file, one at a time, from bytes that are read as they are needed.

use std::io::{self, Read};

use headwater_protocol::limits::IMPORT_ROW_MAX;

use crate::framing::RecordEnds;
use crate::layout::Delimiter;
use crate::problem::{FileProblem, ReadFailure, RowProblem};

/// Bytes that are read at once.
const STEP: usize = 16 * 1024;
/// What some programs write first into a file of UTF-8.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
/// What begins a file of UTF-16.
const UTF16_MARKS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];
/// A first line by which spreadsheets say what separates cells, as `sep=;`.
const SEPARATOR: &[u8] = b"sep=";

/// Reads the records of a file.
#[derive(Debug)]
pub struct RecordReader<R> {
    source: R,
    /// Bytes that were read; those before `start` are done with.
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    ends: RecordEnds,
    delimiter: Delimiter,
    /// The byte that ends lines.
    line_end: u8,
    line: u64,
    passed: u64,
}

/// A record as it stands in the file, its line end with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow<'a> {
    /// The line that it begins in; the first of a file is 1.
    pub line: u64,
    /// The line that it ends in.
    pub last_line: u64,
    /// Its bytes; none when it has too many to be kept.
    pub bytes: &'a [u8],
    /// What is wrong with it as a whole.
    pub problem: Option<RowProblem>,
}

impl<R: Read> RecordReader<R> {
    /// Begins to read. `delimiter` is read from the first line when absent.
    pub fn open(source: R, delimiter: Option<Delimiter>) -> Result<Self, ReadFailure> {
        let mut reader = Self {
            source,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            ends: RecordEnds::new(0),
            delimiter: Delimiter::Comma,
            line_end: b'\n',
            line: 1,
            passed: 0,
        };
        while reader.buffer.len() < STEP && !reader.ended {
            reader.fill()?;
        }
        if UTF16_MARKS.iter().any(|mark| reader.buffer.starts_with(mark)) {
            let message = "the file is UTF-16, not UTF-8";
            return Err(FileProblem::new("not_utf8", message, "save it as `CSV UTF-8`").into());
        }
        if reader.buffer.starts_with(UTF8_MARK) {
            reader.pass(UTF8_MARK.len());
        }
        let first = &reader.buffer[reader.start..];
        if !first.contains(&b'\n') && first.contains(&b'\r') {
            reader.line_end = b'\r';
        }
        let stated = stated_delimiter(first);
        let guessed = stated.map_or_else(|| Delimiter::guess(first), |(found, _)| found);
        if let Some((_, length)) = stated {
            reader.pass(length);
        }
        reader.delimiter = delimiter.unwrap_or(guessed);
        reader.ends = RecordEnds::new(reader.delimiter.byte());
        Ok(reader)
    }

    /// What separates cells.
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Bytes of the file that are done with.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// The next record that is no empty line. `None` at the end of the file.
    pub fn next_record(&mut self) -> io::Result<Option<RawRow<'_>>> {
        if !self.pass_empty_lines()? {
            return Ok(None);
        }
        let line = self.line;
        self.ends.restart();
        // Bytes of this record that were looked at, and whether they were too many to keep.
        let (mut seen, mut over) = (0, false);
        loop {
            let found = self.ends.find(&self.buffer[self.start + seen..]);
            let length = found.map_or(self.buffer.len() - self.start, |end| seen + end);
            over |= length > IMPORT_ROW_MAX;
            if found.is_some() || self.ended {
                let problem = match () {
                    () if found.is_none() && self.ends.is_open() => Some(unclosed(line)),
                    () if over => Some(too_long()),
                    () if self.ends.is_stray() => Some(stray()),
                    () => None,
                };
                let kept = if over { self.start..self.start } else { self.start..self.start + length };
                self.pass(length);
                // A record that the file ends with has no line end of its own.
                let last_line = if found.is_some() { self.line - 1 } else { self.line }.max(line);
                return Ok(Some(RawRow { line, last_line, bytes: &self.buffer[kept], problem }));
            }
            if over {
                self.pass(length);
                seen = 0;
            } else {
                seen = length;
            }
            self.fill()?;
        }
    }

    /// Goes to the next byte that is no line end; `false` at the end of the file.
    fn pass_empty_lines(&mut self) -> io::Result<bool> {
        loop {
            match self.buffer.get(self.start) {
                Some(b'\r' | b'\n') => self.pass(1),
                Some(_) => return Ok(true),
                None if self.ended => return Ok(false),
                None => self.fill()?,
            }
        }
    }

    /// Is done with so many bytes.
    fn pass(&mut self, count: usize) {
        let bytes = &self.buffer[self.start..self.start + count];
        self.line += memchr::memchr_iter(self.line_end, bytes).count() as u64;
        self.start += count;
        self.passed += count as u64;
    }

    /// Reads more bytes. What is done with makes room for them.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + STEP, 0);
        let read = loop {
            match self.source.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}

/// The delimiter that a line `sep=;` states, and the bytes of that line.
fn stated_delimiter(first: &[u8]) -> Option<(Delimiter, usize)> {
    let rest = first.strip_prefix(SEPARATOR)?;
    let delimiter = Delimiter::ALL.into_iter().find(|one| rest.first() == Some(&one.byte()))?;
    matches!(rest.get(1), Some(b'\r' | b'\n')).then_some((delimiter, SEPARATOR.len() + 1))
}

fn too_long() -> RowProblem {
    RowProblem::new("row_too_long", format!("the row has more than {IMPORT_ROW_MAX} bytes"))
        .hint("shorten its texts; a quote that is never closed makes one row of many lines")
}

fn unclosed(line: u64) -> RowProblem {
    let message = format!("a quote that opens in the row of line {line} is never closed");
    RowProblem::new("quote_not_closed", message).hint(
        "close it, or double it inside a text; the lines after it were not read, so import the file again",
    )
}

fn stray() -> RowProblem {
    RowProblem::new("stray_quote", "text follows on a quoted cell").hint(
        "double a quote inside a text, and close each that opens; a row may have swallowed those below it",
    )
}
