//! Where a record ends: the part of CSV's grammar that has to be known before a row is in memory as a whole.
//!
//! The grammar is that of the `csv` crate, with which a property test compares it.

/// Where the reading is within a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
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
    place: Place,
    stray: bool,
}

impl RecordEnds {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, place: Place::CellStart, stray: false }
    }

    /// Whether a quoted cell has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.place == Place::Quoted
    }

    /// Whether text followed on a quoted cell. It is no CSV, and often two rows that a forgotten quote has made one.
    pub(crate) fn is_stray(&self) -> bool {
        self.stray
    }

    /// Forgets the record before.
    pub(crate) fn restart(&mut self) {
        self.place = Place::CellStart;
        self.stray = false;
    }

    /// The number of bytes up to and with the line end that ends the record; `None` when it goes on behind them.
    pub(crate) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            self.place = match (self.place, *byte) {
                (Place::Quoted, b'"') => Place::QuoteInQuoted,
                (Place::Quoted, _) | (Place::QuoteInQuoted | Place::CellStart, b'"') => Place::Quoted,
                (_, b'\r' | b'\n') => {
                    self.place = Place::CellStart;
                    return Some(at + 1);
                }
                (_, other) if other == self.delimiter => Place::CellStart,
                (Place::QuoteInQuoted | Place::Behind, b' ') => Place::Behind,
                (Place::QuoteInQuoted | Place::Behind, _) => {
                    self.stray = true;
                    Place::Plain
                }
                _ => Place::Plain,
            };
        }
        None
    }
}
