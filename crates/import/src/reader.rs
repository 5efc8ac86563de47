//! The rows of a file as bodies of the API.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader};
use headwater_protocol::v2::ImportKind;
use serde_json::{Map, Value};

use crate::cell;
use crate::columns::CellKind;
use crate::header::{FileHeader, FilledMember};
use crate::layout::{AmountForm, Delimiter, ReadOptions};
use crate::problem::{FileProblem, ReadFailure, RowProblem, short};
use crate::records::RecordReader;

/// Reads a file's rows.
#[derive(Debug)]
pub struct RowReader<R> {
    records: RecordReader<R>,
    header: FileHeader,
    cells: Cells,
    amounts: AmountForm,
    number: u64,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRow {
    /// The row's number; the first below the header is 1.
    pub number: u64,
    /// The line that it begins in; the first of the file is 1.
    pub line: u64,
    /// The body of the API's request, or what is wrong with the row.
    pub body: Result<Map<String, Value>, RowProblem>,
}

impl<R: Read> RowReader<R> {
    /// Reads the header.
    pub fn open(source: R, kind: ImportKind, options: &ReadOptions) -> Result<Self, ReadFailure> {
        let mut records = RecordReader::open(source, options.delimiter)?;
        let mut cells = Cells::new(records.delimiter());
        let Some(first) = records.next_record()? else {
            let hint = "its first row must name the columns";
            return Err(FileProblem::new("empty_file", "the file is empty", hint).into());
        };
        if let Some(problem) = first.problem {
            return Err(FileProblem::from(problem).into());
        }
        cells.split(first.bytes);
        let names = cells.iter().map(|name| cell::text(name).map(str::to_owned));
        let names = names.collect::<Result<Vec<_>, _>>().map_err(FileProblem::from)?;
        let header = FileHeader::read(kind, names, &options.columns)?;
        Ok(Self { records, header, cells, amounts: options.amounts, number: 0 })
    }

    /// Columns that nothing reads, each with the known name that is most like it.
    pub fn unread_columns(&self) -> &[(String, Option<&'static str>)] {
        &self.header.unread
    }

    /// The file's name for the column that fills a member; `None` when no column does.
    pub fn column_of(&self, member: &str) -> Option<&str> {
        self.header.name_of(member).map(|at| self.header.names[at].as_str())
    }

    /// The next row; `None` at the end of the file. Rows without any text are passed over.
    pub fn next_row(&mut self) -> io::Result<Option<ReadRow>> {
        loop {
            let Some(raw) = self.records.next_record()? else { return Ok(None) };
            self.number += 1;
            let (line, lines) = (raw.line, (raw.line, raw.last_line));
            let mut problem = raw.problem;
            if problem.is_none() {
                self.cells.split(raw.bytes);
                if self.cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
                    continue;
                }
                problem = self.cells.check_count(self.header.names.len(), lines);
            }
            let body = problem.map_or_else(|| self.body(), Err);
            return Ok(Some(ReadRow { number: self.number, line, body }));
        }
    }

    /// The body that the cells make.
    fn body(&self) -> Result<Map<String, Value>, RowProblem> {
        let mut body = Map::new();
        let currency = self.currency()?;
        for ((place, name), bytes) in self.header.places.iter().zip(&self.header.names).zip(self.cells.iter())
        {
            let Some(FilledMember { path, kind }) = place else { continue };
            let in_cell = |problem: RowProblem| problem.at(name, &short(&String::from_utf8_lossy(bytes)));
            let text = cell::text(bytes).map_err(in_cell)?;
            if text.is_empty() {
                continue;
            }
            let value = cell::read(*kind, text, self.amounts, currency).map_err(in_cell)?;
            insert(&mut body, path, value);
        }
        Ok(body)
    }

    /// The row's currency, which an amount with decimals needs.
    fn currency(&self) -> Result<Option<headwater_protocol::Currency>, RowProblem> {
        let is_currency = |place: &Option<FilledMember>| {
            place.as_ref().is_some_and(|place| place.kind == CellKind::Currency)
        };
        let Some(at) = self.header.places.iter().position(is_currency) else { return Ok(None) };
        let bytes = self.cells.iter().nth(at).unwrap_or_default();
        let in_cell =
            |problem: RowProblem| problem.at(&self.header.names[at], &String::from_utf8_lossy(bytes));
        let text = cell::text(bytes).map_err(in_cell)?;
        if text.is_empty() { Ok(None) } else { cell::currency_of(text).map(Some).map_err(in_cell) }
    }
}

/// Fills a member, and makes the objects that hold it.
fn insert(body: &mut Map<String, Value>, path: &[String], value: Value) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        body.insert(first.clone(), value);
        return;
    }
    if let Value::Object(inner) = body.entry(first.clone()).or_insert_with(|| Map::new().into()) {
        insert(inner, rest, value);
    }
}

/// The cells of one record, without their quotes.
#[derive(Debug)]
struct Cells {
    parser: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    fn new(delimiter: Delimiter) -> Self {
        let parser = csv_core::ReaderBuilder::new().delimiter(delimiter.byte()).build();
        Self { parser, text: Vec::new(), ends: vec![0; 16], count: 0 }
    }

    /// Splits a whole record, with or without its line end.
    fn split(&mut self, mut record: &[u8]) {
        // What separates cells is not in their text, so that they fit into as many bytes.
        self.text.resize(record.len().max(1), 0);
        let (mut written, mut count) = (0, 0);
        loop {
            let (result, read, wrote, ended) =
                self.parser.read_record(record, &mut self.text[written..], &mut self.ends[count..]);
            record = &record[read..];
            written += wrote;
            count += ended;
            match result {
                // The next call has no input, which ends the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.push(0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.count = count;
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            &self.text[start..self.ends[at]]
        })
    }

    /// Checks that the row has as many cells as the header; empty ones at its end do not count.
    fn check_count(&self, expected: usize, (line, last): (u64, u64)) -> Option<RowProblem> {
        let extra = self.iter().skip(expected).any(|cell| !cell.trim_ascii().is_empty());
        if self.count >= expected && !extra {
            return None;
        }
        let message = format!("the row has {} cells, the first row names {expected} columns", self.count);
        let hint = if last > line {
            format!("the row goes from line {line} to line {last}: is a quote in line {line} not closed?")
        } else {
            "put a text that contains what separates cells into quotes".to_owned()
        };
        Some(RowProblem::new("wrong_cell_count", message).hint(hint))
    }
}
