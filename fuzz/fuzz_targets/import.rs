//! CSV files: whatever a file holds, each of its rows is read or refused with a reason, in order, and the same file reads
//! the same again, in whatever pieces it comes. What is read is in the bounds of the API.
#![no_main]

use std::io::{self, Read};

use headwater_import::{AmountForm, Delimiter, ReadOptions, ReadRow, RowReader};
use headwater_protocol::limits::{AMOUNT_MAX, IMPORT_ROW_MAX};
use headwater_protocol::v2::ImportKind;
use libfuzzer_sys::fuzz_target;

/// Gives so many bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fuzz_target!(|input: &[u8]| {
    // The first byte says what the file is taken for.
    let Some((choice, file)) = input.split_first() else { return };
    let kind = ImportKind::ALL[usize::from(choice & 7) % ImportKind::ALL.len()];
    let options = ReadOptions {
        delimiter: [None, Some(Delimiter::Comma), Some(Delimiter::Semicolon), Some(Delimiter::Tab)]
            [usize::from(choice >> 3 & 3)],
        amounts: AmountForm::ALL[usize::from(choice >> 5) % AmountForm::ALL.len()],
        columns: Vec::new(),
    };
    let Some(rows) = read(Drops(file, usize::MAX), kind, &options) else { return };
    assert_eq!(read(Drops(file, 7), kind, &options).as_ref(), Some(&rows), "in pieces");
    let mut last = (0, 1);
    for row in rows {
        assert!(row.number > last.0 && row.line >= last.1, "in order");
        last = (row.number, row.line);
        match row.body {
            Ok(body) => {
                assert!(serde_json::to_string(&body).is_ok_and(|text| text.len() <= 8 * IMPORT_ROW_MAX));
                let amount = body.get("amount").and_then(serde_json::Value::as_i64);
                assert!(amount.is_none_or(|amount| amount.abs() <= AMOUNT_MAX));
                let key = body.get("key").and_then(serde_json::Value::as_str).unwrap_or_default();
                assert!(!key.contains(['\0', '\n', '\r']) && !key.starts_with('='));
            }
            Err(problem) => {
                assert!(!problem.message.is_empty());
                let shown = problem.value.unwrap_or_default();
                assert!(shown.chars().count() <= 80 && !shown.contains(char::is_control));
            }
        }
    }
});

fn read(source: Drops<'_>, kind: ImportKind, options: &ReadOptions) -> Option<Vec<ReadRow>> {
    let mut reader = RowReader::open(source, kind, options).ok()?;
    Some(std::iter::from_fn(|| reader.next_row().expect("bytes in memory are readable")).collect())
}
