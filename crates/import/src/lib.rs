//! CSV files as people's spreadsheets write them, read row by row into bodies of API v2 (billing.md section 8).
//!
//! Memory does not grow with the file: a row has a bound, and one row is held at a time. A row that cannot be read is
//! told with its line, column, value and remedy, and the next one is read.
//!
//! What this crate does not do: decide what a row changes (`ledger::record::import` does), or open files.

mod amount;
mod cell;
mod columns;
mod framing;
mod header;
mod layout;
mod problem;
mod reader;
mod records;
mod time;

pub use layout::{AmountForm, Delimiter, ReadOptions};
pub use problem::{FileProblem, ReadFailure, RowProblem};
pub use reader::{ReadRow, RowReader};
pub use records::{RawRow, RecordReader};
