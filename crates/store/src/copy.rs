//! Copies a whole store into an empty one on the other database. The list of tables is read from the SQLite file.

use crate::row::Owned;
use crate::{Row, Store, StoreError, Unit, Value};

/// Rows of one statement: enough to save round trips, and far below the databases' limits of parameters.
const ROWS: usize = 200;

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
            let mut last = None;
            // Pages by primary key, each a unit of its own, so that memory stays small for a table of any size.
            loop {
                let (from, after) = (table.clone(), last.take());
                let some = self.read(move |unit| from.some(unit, after.as_deref())).await?;
                let Some(newest) = some.last() else { break };
                last = Some(table.key.iter().map(|at| newest[*at].clone()).collect::<Vec<_>>());
                rows += some.len() as u64;
                let to = table.clone();
                target.write(move |unit| to.insert(unit, &some)).await?;
                report(&table.name, rows);
            }
            copied.push(Copied { table: table.name, rows });
        }
        target.number_on().await?;
        Ok(copied)
    }
}

impl Table {
    /// The next rows in the order of the primary key, after the key `after`, or the first ones.
    fn some(&self, unit: &mut Unit<'_>, after: Option<&[Owned]>) -> Result<Vec<Vec<Owned>>, StoreError> {
        let key: Vec<_> = self.key.iter().map(|at| quoted(&self.columns[*at])).collect();
        let key = key.join(", ");
        let mut params: Vec<Value<'_>> = after.into_iter().flatten().map(Owned::value).collect();
        let places: Vec<_> = (1..=params.len()).map(|place| format!("${place}")).collect();
        let beyond = if places.is_empty() {
            String::new()
        } else {
            format!("WHERE ({key}) > ({})", places.join(", "))
        };
        params.push(Value::Int(i64::try_from(ROWS).unwrap_or(i64::MAX)));
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
        let places: Vec<_> = (0..rows.len()).map(row).collect();
        let sql =
            format!("INSERT INTO {} ({}) VALUES {}", quoted(&self.name), self.names(), places.join(", "));
        let params: Vec<Value<'_>> = rows.iter().flatten().map(Owned::value).collect();
        unit.execute(&sql, &params).map(|_| ())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
    }
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
