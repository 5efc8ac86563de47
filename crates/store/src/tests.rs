//! Units of work: together or not at all.

use crate::{DataDir, DataDirError, Store, StoreError, Value};

const SCHEMA: &[&str] = &["CREATE TABLE note (id bigint PRIMARY KEY, body text NOT NULL)"];

fn open(directory: &std::path::Path) -> Store {
    Store::open(&directory.join("test.sqlite"), SCHEMA).unwrap()
}

async fn add(store: &Store, id: i64, fail: bool) -> Result<(), StoreError> {
    store
        .write(move |unit| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), "x".into()])?;
            if fail { Err(StoreError::Closed) } else { Ok(()) }
        })
        .await
}

async fn count(store: &Store) -> i64 {
    store
        .read(|unit| unit.query_one("SELECT count(*) FROM note", &[], |row| row.get(0)))
        .await
        .map(Option::unwrap)
        .map_err(|error: StoreError| error)
        .unwrap()
}

#[tokio::test]
async fn a_failed_unit_leaves_its_neighbours_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let results = futures(&store, 200).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 100);
    assert_eq!(count(&store).await, 100);
}

async fn futures(store: &Store, count: i64) -> Vec<Result<(), StoreError>> {
    let tasks: Vec<_> = (0..count)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, id, id % 2 == 1).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test]
async fn a_panic_undoes_its_unit_and_the_writer_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let result: Result<(), StoreError> = store
        .write(|unit| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[Value::Int(1), "x".into()])?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(result, Err(StoreError::Panicked)));
    assert!(add(&store, 1, false).await.is_ok());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let result: Result<usize, StoreError> = store.read(|unit| unit.execute("DELETE FROM note", &[])).await;
    assert!(result.is_err());
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 7, false).await.unwrap();
    drop(store);
    assert_eq!(count(&open(directory.path())).await, 1);
}

#[test]
fn a_data_directory_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let owner = DataDir::lock(directory.path()).unwrap();
    let error = DataDir::lock(directory.path()).unwrap_err();
    assert!(matches!(error, DataDirError::InUse(_)));
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(owner);
    DataDir::lock(directory.path()).unwrap();
}
