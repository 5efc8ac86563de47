//! A database that fails at the n-th row written. SQL triggers make it fail, so the code under test is the code that
//! ships, without hooks for tests. The crates above the store test their units of work with it too.

use std::path::Path;

use headwater_store::{Bounds, FromColumn, Row, Store, StoreError, Value};
use tempfile::TempDir;

/// A store in a directory of its own, and the names of its tables.
pub(crate) struct Fault {
    pub(crate) store: Store,
    migrations: Vec<&'static str>,
    tables: Vec<String>,
    directory: TempDir,
}

const FILE: &str = "fault.sqlite";
const BOUNDS: Bounds =
    Bounds { waiting: 4096, commit: 1024, readers: 8, reader_wait: std::time::Duration::from_secs(5) };

impl Fault {
    /// A store with this schema. It does not fail until [`Fault::at`] is called.
    pub(crate) fn open(schema: &[&'static str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let tables = tables(schema);
        let triggers: &'static str = triggers(&tables).leak();
        let migrations: Vec<_> = schema.iter().copied().chain([triggers]).collect();
        let store = Store::open(&directory.path().join(FILE), &migrations, BOUNDS).unwrap();
        Self { store, migrations, tables, directory }
    }

    /// From now on, the `step`-th row that is written, changed or deleted fails; 0 for none.
    pub(crate) async fn at(&self, step: i64) {
        let armed: Result<usize, StoreError> = self
            .store
            .write(move |unit| unit.execute("UPDATE fault SET remaining = $1", &[step.into()]))
            .await;
        assert_eq!(armed.unwrap(), 1);
    }

    /// Every row that would be left if the process were killed now, read from a copy of the files.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let entry = entry.unwrap();
            // The shared-memory file is rebuilt by the next process that opens the database.
            if !entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        self.rows(&copy.path().join(FILE))
    }

    fn rows(&self, path: &Path) -> Vec<String> {
        let store = Store::open(path, &self.migrations, BOUNDS).unwrap();
        let all = self.tables.iter().flat_map(|table| {
            let sql = format!("SELECT * FROM {table} ORDER BY rowid");
            let rows: Result<Vec<String>, StoreError> =
                store.read_now(|unit| unit.query(&sql, &[], |row| Ok(format!("{table}: {}", cells(row)))));
            rows.unwrap()
        });
        all.collect()
    }

    /// Runs `work` with a failure at its first row, then at its second, and so on until it returns true. After each run
    /// that returns false, nothing of it may be left behind. Returns how many rows the work wrote.
    pub(crate) async fn at_every_step(&self, mut work: impl AsyncFnMut() -> bool) -> i64 {
        let before = self.left_behind();
        for step in 1.. {
            self.at(step).await;
            let done = work().await;
            self.at(0).await;
            let after = self.left_behind();
            if done {
                assert_ne!(after, before, "it said it was done and did nothing");
                return step - 1;
            }
            assert_eq!(after, before, "what failed at step {step} left something behind");
        }
        unreachable!("steps do not end")
    }
}

/// The names after each `CREATE TABLE`; a table that a later migration makes again is listed once.
fn tables(schema: &[&str]) -> Vec<String> {
    let after = |script: &&str| -> Vec<String> {
        let named = script.split("CREATE TABLE ").skip(1);
        named.map(|rest| rest.split([' ', '(']).next().unwrap().to_owned()).collect()
    };
    let named: std::collections::BTreeSet<String> = schema.iter().flat_map(after).collect();
    named.into_iter().collect()
}

fn triggers(tables: &[String]) -> String {
    let count = "CREATE TABLE fault (remaining bigint NOT NULL); INSERT INTO fault (remaining) VALUES (0);";
    let changes = |table| ["INSERT", "UPDATE", "DELETE"].map(|change| trigger(table, change));
    std::iter::once(count.to_owned()).chain(tables.iter().flat_map(changes)).collect()
}

/// `RAISE(FAIL)` fails the statement but keeps the decremented count, so that only one row fails: code that ignores the
/// error goes on writing, and the test finds those rows.
fn trigger(table: &String, change: &str) -> String {
    format!(
        "CREATE TRIGGER fault_{table}_{change} BEFORE {change} ON {table} BEGIN
             UPDATE fault SET remaining = remaining - 1;
             SELECT RAISE(FAIL, 'failed on purpose') FROM fault WHERE remaining = 0;
         END;"
    )
}

/// The value of any column as text.
struct Cell(String);

impl FromColumn for Cell {
    fn from_column(value: Value<'_>) -> Option<Self> {
        Some(Self(format!("{value:?}")))
    }
}

fn cells(row: &Row<'_>) -> String {
    let cells = (0..).map_while(|column| row.get::<Cell>(column).ok());
    cells.map(|Cell(text)| text).collect::<Vec<_>>().join(" | ")
}
