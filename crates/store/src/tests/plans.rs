//! Query plans: made once for each statement, and with the newest statistics of large tables on every connection.

use rusqlite::StatementStatus;

use super::BOUNDS;
use crate::log::Log;
use crate::{READER_CACHE, Store, StoreError, Unit, Value, WRITER_CACHE, connect, statistics};

/// All customers have the same `owner` and each has its own `name`, so only the index by name is selective.
const SCHEMA: &[&str] = &["
CREATE TABLE customer (id bigint PRIMARY KEY, owner bigint NOT NULL, at bigint NOT NULL, name text NOT NULL,
                       closed bigint);
CREATE INDEX customer_by_time ON customer (owner, at, id);
CREATE INDEX customer_by_name ON customer (owner, name);
CREATE TABLE small (id bigint PRIMARY KEY);
CREATE INDEX customer_open ON customer (owner, at) WHERE closed IS NULL;
"];
const FILL: &str = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000)
     INSERT INTO customer (id, owner, at, name) SELECT i, 1, i / 50, 'n' || i FROM s";
/// By name, oldest first. The planner may choose the index by time, which saves the sort but scans for the name.
const BY_NAME: &str = "SELECT id FROM customer WHERE owner = $1 AND name = $2 ORDER BY at, id LIMIT 2";

fn filled(directory: &std::path::Path) -> Store {
    let store = Store::open(&directory.join("test.sqlite"), SCHEMA, BOUNDS).unwrap();
    let connection = connect(&directory.join("test.sqlite"), WRITER_CACHE).unwrap();
    connection.execute_batch(FILL).unwrap();
    store
}

#[test]
fn a_statement_that_runs_again_with_other_values_is_not_prepared_again() {
    let directory = tempfile::tempdir().unwrap();
    drop(filled(directory.path()));
    let connection = connect(&directory.path().join("test.sqlite"), WRITER_CACHE).unwrap();
    // Full statistics, as a file may have from an earlier version or from an SQLite shell.
    connection.execute_batch("ANALYZE").unwrap();
    let connection = connect(&directory.path().join("test.sqlite"), WRITER_CACHE).unwrap();
    let statements: [(&str, [Value<'_>; 2], [Value<'_>; 2]); 3] = [
        (BY_NAME, [1.into(), "n7".into()], [2.into(), "n8".into()]),
        (
            "SELECT count(*) FROM customer WHERE owner = $1 AND at > $2",
            [1.into(), 5.into()],
            [1.into(), 399.into()],
        ),
        (
            "SELECT id FROM customer WHERE owner >= $1 AND closed IS NULL LIMIT $2",
            [0.into(), 1.into()],
            [1.into(), 900.into()],
        ),
    ];
    for (sql, first, second) in statements {
        for values in [first, second, first] {
            let found: Result<Vec<i64>, StoreError> =
                Unit::sqlite(&connection).query(sql, &values, |row| row.get(0));
            found.unwrap();
        }
        let again = connection.prepare_cached(sql).unwrap().get_status(StatementStatus::RePrepare);
        assert_eq!(again, 0, "{sql}");
    }
}

fn plan(unit: &mut Unit<'_>) -> Result<Vec<String>, StoreError> {
    unit.query(&format!("EXPLAIN QUERY PLAN {BY_NAME}"), &[1.into(), "n7".into()], |row| row.get(3))
}

#[tokio::test]
async fn readers_and_the_writer_plan_with_the_statistics_of_a_table_that_has_grown() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_unfilled(directory.path());
    let before: Vec<String> = store.read(plan).await.unwrap();
    assert!(before[0].contains("customer_by_time"), "without statistics: {before:?}");
    let connection = connect(&directory.path().join("test.sqlite"), READER_CACHE).unwrap();
    connection.execute_batch(FILL).unwrap();
    let mut gathered = statistics::Statistics::default();
    gathered.refresh(&connection).unwrap();
    drop(store);
    let store = Store::open(&directory.path().join("test.sqlite"), SCHEMA, BOUNDS).unwrap();
    for after in [store.read(plan).await.unwrap(), store.write(plan).await.unwrap()] {
        assert!(after[0].contains("customer_by_name"), "{after:?}");
    }
}

#[tokio::test]
async fn a_running_writer_plans_with_statistics_gathered_since() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    drop(filled(directory.path()));
    let mut gathered = statistics::Statistics::default();
    let connection = connect(&path, WRITER_CACHE).unwrap();
    let long = std::sync::Arc::default();
    let writer = crate::writer::Writer::start(
        connection,
        Log::start(|| Ok(())),
        BOUNDS,
        super::signals(long, gathered.version()),
    );
    let ask = async || writer.run(Box::new(plan)).await.unwrap();
    assert!(ask().await[0].contains("customer_by_time"), "without statistics");
    gathered.refresh(&connect(&path, READER_CACHE).unwrap()).unwrap();
    ask().await;
    let after = ask().await;
    assert!(after[0].contains("customer_by_name"), "{after:?}");
}

#[test]
fn a_read_connection_in_use_while_statistics_were_gathered_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    let store = open_unfilled(directory.path());
    let connection = connect(&path, READER_CACHE).unwrap();
    connection.execute_batch(FILL).unwrap();
    let mut gathered = statistics::Statistics::default();
    let readers = crate::readers::FileReaders::new(path, &BOUNDS, gathered.version());
    let plan_while_gathering = |unit: &mut Unit<'_>| {
        let known = plan(unit)?;
        gathered.refresh(&connection).unwrap();
        Ok::<_, StoreError>(known)
    };
    let before = readers.read(plan_while_gathering).unwrap();
    assert!(before[0].contains("customer_by_time"), "without statistics: {before:?}");
    let after = readers.read(plan).unwrap();
    assert!(after[0].contains("customer_by_name"), "{after:?}");
    drop(store);
}

fn open_unfilled(directory: &std::path::Path) -> Store {
    Store::open(&directory.join("test.sqlite"), SCHEMA, BOUNDS).unwrap()
}

#[test]
fn statistics_are_gathered_of_large_tables_when_they_have_grown_and_known_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(directory.path());
    let connection = connect(&directory.path().join("test.sqlite"), WRITER_CACHE).unwrap();
    let mut gathered = statistics::Statistics::default();
    let version = gathered.version();
    let others = connect(&directory.path().join("test.sqlite"), READER_CACHE).unwrap();
    let by_name = |connection: &rusqlite::Connection| {
        plan(&mut Unit::sqlite(connection)).unwrap()[0].contains("customer_by_name")
    };
    assert!(!by_name(&others), "a connection that knows no statistics");
    gathered.refresh(&connection).unwrap();
    assert_eq!(version.now(), 1);
    statistics::reload(&others).unwrap();
    assert!(by_name(&others), "a connection that was open");
    gathered.refresh(&connection).unwrap();
    assert_eq!(version.now(), 1, "nothing has grown");
    for (more, gathered_then) in [(59_999, 1), (1, 2)] {
        let sql = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ?1)
             INSERT INTO customer (id, owner, at, name) SELECT 100000 * ?1 + i, 1, i, 'm' || i FROM s";
        connection.execute(sql, [more]).unwrap();
        gathered.refresh(&connection).unwrap();
        assert_eq!(version.now(), gathered_then, "{more} more rows, four times as many at last");
    }
    connection.execute_batch("INSERT INTO small (id) VALUES (1)").unwrap();
    statistics::Statistics::default().refresh(&connection).unwrap();
    let small: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'small'", (), |row| row.get(0))
        .unwrap();
    assert_eq!(small, 0, "small tables have none");
    drop(store);
}
