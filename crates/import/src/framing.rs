//! Where a record ends: the part of CSV's grammar that has to be known before a row is in memory as a whole.
//!
//! The grammar is that of the `csv` crate, with which a property test compares it.

/// Where the reading is within a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellPlace {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted cell, which ends the cell or is doubled.
    QuoteInQuoted,
    /// In the space behind a quoted cell.
    Behind,
}

/// Finds the ends of records in bytes that arrive piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct RecordEnds {
    delimiter: u8,
    place: CellPlace,
    stray: bool,
}

impl RecordEnds {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, place: CellPlace::CellStart, stray: false }
    }

    /// Whether a quoted cell has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.place == CellPlace::Quoted
    }

    /// Whether text followed on a quoted cell. It is no CSV, and often two rows that a forgotten quote has made one.
    pub(crate) fn is_stray(&self) -> bool {
        self.stray
    }

    /// Forgets the record before.
    pub(crate) fn restart(&mut self) {
        self.place = CellPlace::CellStart;
        self.stray = false;
    }

    /// The number of bytes up to and with the line end that ends the record; `None` when it goes on behind them.
    pub(crate) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            self.place = match (self.place, *byte) {
                (CellPlace::Quoted, b'"') => CellPlace::QuoteInQuoted,
                (CellPlace::Quoted, _) | (CellPlace::QuoteInQuoted | CellPlace::CellStart, b'"') => {
                    CellPlace::Quoted
                }
                (_, b'\r' | b'\n') => {
                    self.place = CellPlace::CellStart;
                    return Some(at + 1);
                }
                (_, other) if other == self.delimiter => CellPlace::CellStart,
                (CellPlace::QuoteInQuoted | CellPlace::Behind, b' ') => CellPlace::Behind,
                (CellPlace::QuoteInQuoted | CellPlace::Behind, _) => {
                    self.stray = true;
                    CellPlace::Plain
                }
                _ => CellPlace::Plain,
            };
        }
        None
    }
}
