//! Copies a whole store into an empty one on the other database. The list of tables is read from the SQLite file.

use crate::row::Owned;
use crate::{Row, Store, StoreError, Unit, Value};

/// Rows of one statement: far below the databases' limits of parameters.
const STATEMENT_ROWS: usize = 200;
/// Rows of a table's first unit of work, and the most of a later one: a commit for few rows is mostly its fsync.
const UNIT_ROWS: [usize; 2] = [50, 5_000];
/// Bytes of a unit's rows, about. A row may be a file of megabytes.
const UNIT_BYTES: usize = 4 * 1024 * 1024;

/// Rows as they are between the two databases.
type Rows = Vec<Vec<Owned>>;

/// A table as SQLite describes it.
#[derive(Clone)]
struct Table {
    name: String,
    columns: Vec<String>,
    /// Indexes of the primary key's columns in `columns`, in the key's order.
    key: Vec<usize>,
}

/// What was copied of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: String,
    /// How many rows.
    pub rows: u64,
}

impl Store {
    /// Copies every row into `target`, which was opened with the same migrations and is empty. One of the two is a
    /// file, the other is shared. Neither may be written to meanwhile. `report` is called with the progress: the table,
    /// and how many of its rows are copied so far.
    ///
    /// # Errors
    /// When `target` is not empty, or a store fails. Rows copied until then stay.
    pub async fn copy_to(
        &self,
        target: &Self,
        mut report: impl FnMut(&str, u64),
    ) -> Result<Vec<Copied>, StoreError> {
        // In either direction the file lists the tables, for `tables` queries SQLite's schema.
        let file = if self.is_shared() { target } else { self };
        let tables = file.read(tables).await?;
        for table in &tables {
            let sql = format!("SELECT 1 FROM \"{}\" LIMIT 1", table.name);
            let there = target.read(move |unit| unit.query_one(&sql, &[], |row| row.get::<i64>(0))).await?;
            if there.is_some() {
                let why = format!("table {} holds rows already: give one that is empty", table.name);
                return Err(StoreError::Database(why));
            }
        }
        let mut copied = Vec::new();
        for table in tables {
            let mut rows = 0;
            // Pages by primary key, each a unit of its own, so that memory stays small for a table of any size. The next
            // one is read while one is written.
            let mut page = self.read(table.page(None, UNIT_ROWS[0])).await?;
            while let Some(newest) = page.last() {
                let last = table.key.iter().map(|at| newest[*at].clone()).collect();
                let next = self.read(table.page(Some(last), next_rows(&page)));
                rows += page.len() as u64;
                let to = table.clone();
                let written = target.write(move |unit| to.insert(unit, &page));
                let (written, following) = tokio::join!(written, next);
                written?;
                page = following?;
                report(&table.name, rows);
            }
            copied.push(Copied { table: table.name, rows });
        }
        target.after_copy(&copied).await?;
        Ok(copied)
    }
}

impl Table {
    /// A unit that reads `count` rows in the order of the primary key, behind the key `after`.
    fn page(
        &self,
        after: Option<Vec<Owned>>,
        count: usize,
    ) -> impl FnOnce(&mut Unit<'_>) -> Result<Rows, StoreError> + Send + use<> {
        let from = self.clone();
        move |unit| from.some(unit, after.as_deref(), count)
    }

    fn some(&self, unit: &mut Unit<'_>, after: Option<&[Owned]>, count: usize) -> Result<Rows, StoreError> {
        let key: Vec<_> = self.key.iter().map(|at| quoted(&self.columns[*at])).collect();
        let key = key.join(", ");
        let mut params: Vec<Value<'_>> = after.into_iter().flatten().map(Owned::value).collect();
        let places: Vec<_> = (1..=params.len()).map(|place| format!("${place}")).collect();
        let beyond = if places.is_empty() {
            String::new()
        } else {
            format!("WHERE ({key}) > ({})", places.join(", "))
        };
        params.push(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT {} FROM {} {beyond} ORDER BY {key} LIMIT ${}",
            self.names(),
            quoted(&self.name),
            params.len()
        );
        let width = self.columns.len();
        unit.query(&sql, &params, |row| (0..width).map(|column| row.get::<Owned>(column)).collect())
    }

    fn insert(&self, unit: &mut Unit<'_>, rows: &[Vec<Owned>]) -> Result<(), StoreError> {
        let width = self.columns.len();
        let row = |at: usize| {
            let places: Vec<_> =
                (at * width + 1..=(at + 1) * width).map(|place| format!("${place}")).collect();
            format!("({})", places.join(", "))
        };
        for some in rows.chunks(STATEMENT_ROWS) {
            let places: Vec<_> = (0..some.len()).map(row).collect();
            let sql =
                format!("INSERT INTO {} ({}) VALUES {}", quoted(&self.name), self.names(), places.join(", "));
            let params: Vec<Value<'_>> = some.iter().flatten().map(Owned::value).collect();
            unit.send(&sql, &params)?;
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
    }
}

/// How many rows to read after a page: as many as have [`UNIT_BYTES`] if they are like its own.
fn next_rows(page: &[Vec<Owned>]) -> usize {
    let bytes: usize = page.iter().flatten().map(Owned::bytes).sum();
    (page.len() * UNIT_BYTES / bytes.max(1)).clamp(1, UNIT_ROWS[1])
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The tables of a file in the order they were made: a table comes before those with a foreign key to it.
fn tables(unit: &mut Unit<'_>) -> Result<Vec<Table>, StoreError> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let names = unit.query(sql, &[], |row| row.get::<String>(0))?;
    let mut tables = Vec::new();
    for name in names {
        let sql = "SELECT name, pk FROM pragma_table_info($1) ORDER BY cid";
        let column = |row: &Row<'_>| Ok::<_, StoreError>((row.get::<String>(0)?, row.get::<i64>(1)?));
        let columns = unit.query(sql, &[(&name).into()], column)?;
        let mut key: Vec<_> = columns
            .iter()
            .enumerate()
            .filter(|(_, (_, place))| *place > 0)
            .map(|(at, (_, place))| (*place, at))
            .collect();
        key.sort_unstable();
        let key = key.into_iter().map(|(_, at)| at).collect();
        tables.push(Table { name, columns: columns.into_iter().map(|(name, _)| name).collect(), key });
    }
    Ok(tables)
}
