//! Files as spreadsheets, exporters and mishaps write them.
#![allow(clippy::unwrap_used, reason = "every function of it is a test")]

use std::io::{self, Read};

use headwater_import::{AmountForm, Delimiter, ReadFailure, ReadOptions, ReadRow, RecordReader, RowReader};
use headwater_protocol::limits::IMPORT_ROW_MAX;
use headwater_protocol::v2::ImportKind;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Gives a few bytes at a time, as a socket may.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn rows_of(kind: ImportKind, file: &[u8], options: &ReadOptions) -> Vec<ReadRow> {
    let mut reader = RowReader::open(file, kind, options).unwrap();
    std::iter::from_fn(|| reader.next_row().unwrap()).collect()
}

fn bodies(kind: ImportKind, file: &str) -> Vec<Result<Value, &'static str>> {
    let rows = rows_of(kind, file.as_bytes(), &ReadOptions::default());
    rows.into_iter().map(|row| row.body.map(Value::Object).map_err(|problem| problem.code)).collect()
}

fn refused(file: &[u8]) -> &'static str {
    match RowReader::open(file, ImportKind::Customers, &ReadOptions::default()).map(|_| ()) {
        Err(ReadFailure::File(problem)) => problem.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_file_reads_the_same_from_every_spreadsheet() {
    let ada = json!({"email": "ada@site.example", "customer_key": "gk_1", "name": "Ada"});
    for file in [
        "email,customer_key,name\nada@site.example,gk_1,Ada\n",
        "\u{feff}email,customer_key,name\r\nada@site.example,gk_1,Ada\r\n",
        "Name;E-Mail;Customer ID\nAda;ada@site.example;gk_1",
        "sep=;\r\nname;email;customer_key\r\nAda;ada@site.example;gk_1\r\n\r\n",
        "NAME\tEMAIL\tCUSTOMER-KEY\rAda\tada@site.example\tgk_1\r",
        "email,customer_key,name\n\n,,\n\"ada@site.example\" , gk_1 ,\" Ada \"\n,,\n",
    ] {
        assert_eq!(bodies(ImportKind::Customers, file), [Ok(ada.clone())], "{file:?}");
    }
}

#[test]
fn quoted_texts_hold_quotes_delimiters_and_line_ends_and_lines_are_counted() {
    let file = b"email,name,meta.note\na@site.example,\"A, \"\"the\"\" first\",\"one\r\ntwo\"\r\nb@site.example,B,\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    let first =
        json!({"email": "a@site.example", "name": "A, \"the\" first", "meta": {"note": "one\r\ntwo"}});
    assert_eq!(rows[0].body.clone().map(Value::Object), Ok(first));
    assert_eq!([(rows[0].line, rows[0].number), (rows[1].line, rows[1].number)], [(2, 1), (4, 2)]);
}

#[test]
fn cells_fill_members_of_their_kinds() {
    let file = "amount,currency,customer_key,paid_at,metadata.plan\n4900,usd,gk_1,2026-01-31,pro\n";
    let body = json!({"amount": 4900, "currency": "USD", "customer_key": "gk_1", "created_at": 1_769_817_600_000_i64,
        "metadata": {"plan": "pro"}});
    assert_eq!(bodies(ImportKind::Transactions, file), [Ok(body)]);
    let file = "email,tags,country\nr@partner.example,gold; eu|new,CA\n";
    let body =
        json!({"email": "r@partner.example", "tags": ["gold", "eu", "new"], "address": {"country": "CA"}});
    assert_eq!(bodies(ImportKind::Partnerships, file), [Ok(body)]);
    let file = "email,partner,approved\nl@lead.example,robin,Yes\nl@lead.example,robin,maybe\n";
    let body = json!({"email": "l@lead.example", "partner_key": "robin", "approved": true});
    assert_eq!(bodies(ImportKind::Leads, file), [Ok(body), Err("invalid_value")]);
    let file = "amount,description,target_key,target_type\n5,bonus,gk_1,Customer\n";
    let body = json!({"amount": 5, "description": "bonus", "target": {"key": "gk_1", "type": "customer"}});
    assert_eq!(bodies(ImportKind::Rewards, file), [Ok(body)]);
}

#[test]
fn decimals_are_read_where_the_sender_says_how_they_are_written() {
    let file = b"amount;currency;customer_key\n19,90;EUR;a\n500;JPY;b\n";
    let options = ReadOptions { amounts: AmountForm::DecimalComma, ..ReadOptions::default() };
    let amounts: Vec<_> = rows_of(ImportKind::Transactions, file, &options)
        .into_iter()
        .map(|row| row.body.unwrap()["amount"].clone())
        .collect();
    assert_eq!(amounts, [json!(1990), json!(500)]);
    let rows = rows_of(ImportKind::Transactions, file, &ReadOptions::default());
    let problem = rows[0].body.clone().unwrap_err();
    assert_eq!(
        (problem.code, problem.column.as_deref(), problem.value.as_deref()),
        ("invalid_amount", Some("amount"), Some("19,90"))
    );
    assert!(problem.hint.unwrap().contains("decimal_comma"));
}

#[test]
fn a_bad_row_names_its_cell_and_the_next_one_is_read() {
    let file = b"email,name\n=cmd|'/c calc'!A1,x\nb\0@site.example,x\nc@site.example,\xff\nd@site.example\n\
                 e@site.example,x,y\n#REF!,x\nf@site.example,F\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    let told: Vec<_> = rows
        .iter()
        .map(|row| match &row.body {
            Ok(_) => (row.line, "taken", None),
            Err(problem) => (row.line, problem.code, problem.column.as_deref()),
        })
        .collect();
    let expected = [
        (2, "formula", Some("email")),
        (3, "invalid_value", Some("email")),
        (4, "not_utf8", Some("name")),
        (5, "wrong_cell_count", None),
        (6, "wrong_cell_count", None),
        (7, "formula", Some("email")),
        (8, "taken", None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_row_over_the_bound_is_refused_and_the_next_one_is_read() {
    let long = "x".repeat(10 * IMPORT_ROW_MAX);
    let file =
        format!("email,name\na@site.example,{long}\nb@site.example,\"{long}\nc,d\n\"\nd@site.example,D\n");
    for drops in [1000, usize::MAX] {
        let source = Drops(file.as_bytes(), drops);
        let mut reader = RowReader::open(source, ImportKind::Customers, &ReadOptions::default()).unwrap();
        let rows: Vec<_> = std::iter::from_fn(|| reader.next_row().unwrap()).collect();
        let told: Vec<_> = rows.iter().map(|row| (row.line, row.body.is_ok())).collect();
        assert_eq!(
            told,
            [(2, false), (3, false), (6, true)],
            "a line within a long text is no row of its own"
        );
    }
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_its_line() {
    let file = b"email,name\na@site.example,A\nb@site.example,\"B\nc@site.example,C\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    assert_eq!(rows.len(), 2);
    let problem = rows[1].body.clone().unwrap_err();
    assert_eq!((rows[1].line, problem.code), (3, "quote_not_closed"));
    assert!(problem.message.contains("line 3"), "{problem:?}");
    let file = b"email,name\na@site.example,\"A\nb@site.example,\"B\nc@site.example,C\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    assert_eq!(rows[0].body.clone().map_err(|problem| problem.code), Err("stray_quote"));
    assert_eq!((rows.len(), rows[1].line, rows[1].body.is_ok()), (2, 4, true));
    let file = b"email,name,customer_key\na@site.example,\"A,k1\nb@site.example,B,k2\nc@site.example,\"\nd@site.example,D,k4\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    let hint = rows[0].body.clone().unwrap_err().hint.unwrap();
    assert!(hint.contains("from line 2 to line 4"), "{hint}");
    assert!(rows[1].body.is_ok());
    let file = b"email,name\na@site.example,\"A\nb@site.example,B\nc@site.example,\"\n";
    let rows = rows_of(ImportKind::Customers, file, &ReadOptions::default());
    assert_eq!(
        rows[0].body.clone().map_err(|problem| problem.message),
        Err("the cell holds several lines".to_owned())
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    assert_eq!(refused(b""), "empty_file");
    assert_eq!(refused(b"\xef\xbb\xbf\r\n\r\n"), "empty_file");
    assert_eq!(refused(b"\xff\xfee\0m\0a\0i\0l\0\r\0\n\0"), "not_utf8");
    assert_eq!(refused(b"e\0m\0a\0i\0l\0,\0n\0a\0m\0e\0\n\0"), "invalid_value");
    assert_eq!(refused(b"name\nAda\n"), "missing_column");
    assert_eq!(refused(b"email,email\n"), "duplicate_column");
    assert_eq!(refused(b"email,\"name\n"), "quote_not_closed");
    assert_eq!(refused(&b"x".repeat(IMPORT_ROW_MAX + 1)), "row_too_long");
}

/// Texts in which everything that matters to CSV is frequent.
fn csv_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), Just(b'a'), Just(b' '), any::<u8>()];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn records_are_those_of_the_csv_crate(bytes in csv_bytes(), drops in 1_usize..50) {
        let mut file = b"x,y\n".to_vec();
        file.extend(&bytes);
        let mut peer = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&file[..]);
        let expected: Vec<_> = peer.byte_records().map(|record| record.unwrap()).collect();
        let mut reader = RecordReader::open(Drops(&file, drops), Some(Delimiter::Comma)).unwrap();
        let (mut found, mut open, mut stray) = (Vec::new(), false, false);
        while let Some(record) = reader.next_record().unwrap() {
            match record.problem {
                None => {
                    let mut one =
                        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record.bytes);
                    found.extend(one.byte_records().map(|record| record.unwrap()));
                }
                Some(problem) if problem.code == "stray_quote" => stray = true,
                Some(_) => open = true,
            }
        }
        prop_assert_eq!(reader.passed(), file.len() as u64);
        prop_assert!(!stray || found.len() < expected.len());
        // The csv crate takes a quote that the file ends in for closed.
        let complete = expected.len() - usize::from(open);
        prop_assert!(stray || found[..] == expected[..complete], "{found:?} {expected:?}");
    }

    #[test]
    fn no_file_stops_the_reading(bytes in csv_bytes(), drops in 1_usize..50) {
        let mut file = b"email,name,meta.x\n".to_vec();
        file.extend(&bytes);
        let mut reader = RowReader::open(Drops(&file, drops), ImportKind::Customers, &ReadOptions::default()).unwrap();
        let (mut last, mut lines) = (0, 1);
        while let Some(row) = reader.next_row().unwrap() {
            prop_assert!(row.number > last && row.line >= lines);
            (last, lines) = (row.number, row.line);
        }
    }
}
