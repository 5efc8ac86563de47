//! The unit of work: SQL statements with positional parameters, on either database.

use std::fmt::Write as _;

use rusqlite::{CachedStatement, Connection, StatementStatus};

use crate::StoreError;
use crate::error::refused;
use crate::postgres::PostgresSession;
use crate::row::{Row, Value};

/// One unit of work. All its statements take effect together, or none does.
///
/// SQL that only PostgreSQL shall run stands in `/*! … */`, which is a comment to SQLite. Row locks need it: SQLite has
/// no syntax for them, and its single writer does not need them.
pub struct Unit<'c> {
    on: Backend<'c>,
    changed: bool,
}

enum Backend<'c> {
    Sqlite(&'c Connection),
    Postgres(&'c mut PostgresSession),
}

impl<'c> Unit<'c> {
    pub(crate) fn sqlite(connection: &'c Connection) -> Self {
        Self { on: Backend::Sqlite(connection), changed: false }
    }

    pub(crate) fn postgres(session: &'c mut PostgresSession) -> Self {
        Self { on: Backend::Postgres(session), changed: false }
    }

    /// Whether a statement changed a row, or may have. A unit that fails before that needs no rollback.
    pub(crate) fn changed(&self) -> bool {
        self.changed
    }

    /// Runs a part of the unit; the second value says whether it has changed a row, or may have. A part that has failed
    /// without that can be left out: nothing has to be undone.
    pub fn part<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = std::mem::take(&mut self.changed);
        let result = work(self);
        let changed = self.changed;
        self.changed |= before;
        (result, changed)
    }

    /// Whether each statement is a round trip to another process, so that one statement for many rows costs much less
    /// than many. In a file it is the other way round: SQLite makes a temporary table for a list of values or of answers.
    pub fn is_remote(&self) -> bool {
        matches!(self.on, Backend::Postgres(_))
    }

    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        let changed = match &mut self.on {
            Backend::Sqlite(connection) => prepare(connection, sql, params)?.raw_execute().map_err(refused),
            Backend::Postgres(session) => session.execute(sql, params),
        };
        self.changed |= !matches!(changed, Ok(0));
        changed
    }

    /// Runs a statement of which nobody needs to know how many rows it changed. On PostgreSQL its answer is not awaited:
    /// if it fails, a later statement of the unit or its commit does.
    pub fn send(&mut self, sql: &str, params: &[Value<'_>]) -> Result<(), StoreError> {
        let Backend::Postgres(session) = &mut self.on else { return self.execute(sql, params).map(|_| ()) };
        self.changed = true;
        session.send(sql, params)
    }

    /// [`Unit::send`] for [`Unit::insert_on_conflict`].
    pub fn send_insert_on_conflict<const N: usize>(
        &mut self,
        table: &str,
        values: [(&str, Value<'_>); N],
        conflict: &str,
    ) -> Result<(), StoreError> {
        let mut sql = insertion(table, &values);
        sql.push_str(" ON CONFLICT ");
        sql.push_str(conflict);
        self.send(&sql, &values.map(|(_, value)| value))
    }

    /// Inserts a row of these columns and values; returns how many rows were added.
    pub fn insert<const N: usize>(
        &mut self,
        table: &str,
        values: [(&str, Value<'_>); N],
    ) -> Result<usize, StoreError> {
        self.execute(&insertion(table, &values), &values.map(|(_, value)| value))
    }

    /// The same as [`Unit::insert`], with what follows `ON CONFLICT`; returns how many rows were added or changed.
    pub fn insert_on_conflict<const N: usize>(
        &mut self,
        table: &str,
        values: [(&str, Value<'_>); N],
        conflict: &str,
    ) -> Result<usize, StoreError> {
        let mut sql = insertion(table, &values);
        sql.push_str(" ON CONFLICT ");
        sql.push_str(conflict);
        self.execute(&sql, &values.map(|(_, value)| value))
    }

    /// Sets columns of the row with this `id`; returns how many rows were changed.
    pub fn update<const N: usize>(
        &mut self,
        table: &str,
        id: i64,
        values: [(&str, Value<'_>); N],
    ) -> Result<usize, StoreError> {
        let mut params = Vec::with_capacity(N + 1);
        params.extend(values.iter().map(|(_, value)| *value));
        params.push(id.into());
        self.execute(&change(table, &values), &params)
    }

    /// Runs a query and maps each row.
    pub fn query<T, E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        match &mut self.on {
            Backend::Sqlite(connection) => {
                let mut statement = prepare(connection, sql, params)?;
                self.changed |= !statement.readonly();
                let mut rows = statement.raw_query();
                let mut found = Vec::new();
                while let Some(row) = rows.next().map_err(refused)? {
                    found.push(map(&Row::sqlite(row))?);
                }
                Ok(found)
            }
            Backend::Postgres(session) => {
                self.changed |= !sql.trim_start().starts_with("SELECT");
                session.query(sql, params)?.iter().map(|row| map(&Row::postgres(row))).collect()
            }
        }
    }

    /// Runs a query and maps its first row; `None` when there is no row. Further rows are not looked at.
    pub fn query_one<T, E: From<StoreError>>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        match &mut self.on {
            Backend::Sqlite(connection) => {
                let mut statement = prepare(connection, sql, params)?;
                self.changed |= !statement.readonly();
                let mut rows = statement.raw_query();
                rows.next().map_err(refused)?.map(|row| map(&Row::sqlite(row))).transpose()
            }
            Backend::Postgres(session) => {
                self.changed |= !sql.trim_start().starts_with("SELECT");
                session.query(sql, params)?.first().map(|row| map(&Row::postgres(row))).transpose()
            }
        }
    }
}

/// `INSERT INTO table (a, b) VALUES ($1, $2)`: always the same text for the same columns, because prepared statements
/// are found by their text.
fn insertion(table: &str, values: &[(&str, Value<'_>)]) -> String {
    let mut sql = text_for(values);
    sql.extend(["INSERT INTO ", table]);
    for (at, (column, _)) in values.iter().enumerate() {
        sql.extend([if at == 0 { " (" } else { ", " }, column]);
    }
    for at in 0..values.len() {
        sql.push_str(if at == 0 { ") VALUES (" } else { ", " });
        push_place(&mut sql, at + 1);
    }
    sql.push(')');
    sql
}

/// `UPDATE table SET a = $1, b = $2 WHERE id = $3`.
fn change(table: &str, values: &[(&str, Value<'_>)]) -> String {
    let mut sql = text_for(values);
    sql.extend(["UPDATE ", table]);
    for (at, (column, _)) in values.iter().enumerate() {
        sql.extend([if at == 0 { " SET " } else { ", " }, column, " = "]);
        push_place(&mut sql, at + 1);
    }
    sql.push_str(" WHERE id = ");
    push_place(&mut sql, values.len() + 1);
    sql
}

/// Room for most statements of these columns, so that the text is allocated once.
fn text_for(values: &[(&str, Value<'_>)]) -> String {
    String::with_capacity(160 + values.iter().map(|(column, _)| column.len() + 10).sum::<usize>())
}

/// Writes `$7`.
fn push_place(sql: &mut String, number: usize) {
    // Writing to a text cannot fail.
    let _ = write!(sql, "${number}");
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    params: &[Value<'_>],
) -> Result<CachedStatement<'c>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(refused)?;
    for (at, value) in params.iter().enumerate() {
        // SQLite numbers `$n` by first use, PostgreSQL by n. They agree only when the SQL uses them in order.
        debug_assert_eq!(
            statement.parameter_name(at + 1),
            Some(format!("${}", at + 1).as_str()),
            "parameters out of order in: {sql}"
        );
        statement.raw_bind_parameter(at + 1, value).map_err(refused)?;
    }
    debug_assert_eq!(statement.parameter_count(), params.len(), "parameters missing in: {sql}");
    // Tests of query plans collect the statements from this trace event.
    tracing::trace!(target: "headwater_store::statement", sql, prepared = prepared(&statement));
    Ok(statement)
}

/// How often a cached statement was parsed and planned again since it was first prepared.
fn prepared(statement: &CachedStatement<'_>) -> i32 {
    statement.get_status(StatementStatus::RePrepare)
}

#[cfg(test)]
mod tests {
    use super::{change, insertion};
    use crate::Value;

    #[test]
    fn parameters_are_numbered_in_the_order_of_their_columns() {
        let twelve: Vec<(&str, Value<'_>)> = vec![("c", Value::Null); 12];
        assert_eq!(insertion("t", &twelve[..1]), "INSERT INTO t (c) VALUES ($1)");
        assert_eq!(
            insertion("t", &twelve),
            "INSERT INTO t (c, c, c, c, c, c, c, c, c, c, c, c) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        );
        let two = [("b", Value::Int(1)), ("a", Value::Null)];
        assert_eq!(change("t", &two), "UPDATE t SET b = $1, a = $2 WHERE id = $3");
        let others = [("b", Value::Null), ("a", Value::Text("$9"))];
        assert_eq!(
            (insertion("t", &two), change("t", &two)),
            (insertion("t", &others), change("t", &others))
        );
    }
}
