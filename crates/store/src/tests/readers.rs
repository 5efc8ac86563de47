//! The bounds of read connections, and the errors when a bound is reached or a commit fails.

use std::time::Duration;

use super::{BOUNDS, SCHEMA, add, count, open, open_within};
use crate::{Bounds, Store, StoreError, Unit};

/// Files of the database that this process has open.
fn open_files(directory: &std::path::Path) -> usize {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    files.filter(|file| std::fs::read_link(file.path()).is_ok_and(|path| path.starts_with(directory))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hundred_readers_share_the_bounded_connections() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_within(directory.path(), Bounds { readers: 3, ..BOUNDS });
    let files_of_writer = open_files(directory.path());
    let reads: Vec<_> = (0..400)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { count(&store).await })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap(), 0);
    }
    let each = open_files(directory.path()) - files_of_writer;
    assert!(each <= 3 * 2, "{each} more files of the database are open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_waits_too_long_is_told_busy_and_the_next_one_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let bounds = Bounds { readers: 1, reader_wait: Duration::ZERO, ..BOUNDS };
    let store = open_within(directory.path(), bounds);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let slow = store.clone();
    let slow = tokio::spawn(async move {
        slow.read(move |_| {
            begun.send(()).unwrap();
            may_go_on.recv().map_err(|_| StoreError::Closed)
        })
        .await
    });
    has_begun.await.unwrap();
    let refused: Result<(), StoreError> = store.read(|_| Ok(())).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    go_on.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(count(&store).await, 0);
    let panicked: Result<(), StoreError> = store.read(|_| panic!("on purpose")).await;
    assert!(matches!(panicked, Err(StoreError::Panicked)));
    assert_eq!(count(&store).await, 0, "a reader that panicked gave its turn back");
}

#[test]
fn a_connection_keeps_kibibytes_and_not_pages() {
    let directory = tempfile::tempdir().unwrap();
    let reader = crate::connect(&directory.path().join("test.sqlite"), crate::READER_CACHE).unwrap();
    let kept: i64 = reader.pragma_query_value(None, "cache_size", |row| row.get(0)).unwrap();
    assert_eq!(kept, -2048, "SQLite means KiB where it is negative");
}

#[tokio::test]
async fn a_store_that_is_dropped_has_closed_its_files() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 1, false).await.unwrap();
    assert!(open_files(directory.path()) > 0);
    drop(store);
    assert_eq!(open_files(directory.path()), 0);
}

#[tokio::test]
async fn a_commit_that_fails_is_reported_as_not_committed() {
    let directory = tempfile::tempdir().unwrap();
    let schema = &["CREATE TABLE one (id bigint PRIMARY KEY);
        CREATE TABLE two (id bigint NOT NULL REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED)"];
    let store = Store::open(&directory.path().join("test.sqlite"), schema, BOUNDS).unwrap();
    // A deferred foreign key is checked at the commit, so the commit fails and no statement before it.
    let dangling = |unit: &mut Unit<'_>| unit.execute("INSERT INTO two (id) VALUES ($1)", &[7.into()]);
    let result: Result<usize, StoreError> = store.write(dangling).await;
    assert!(matches!(result, Err(StoreError::NotCommitted)), "{result:?}");
    let result: Result<usize, StoreError> = store.write(|unit| unit.execute("DELETE FROM two", &[])).await;
    assert_eq!(result.unwrap(), 0, "nothing of it was kept, and the writer lives on");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_with_both_numbers_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    let newer: &[&str] = &[SCHEMA[0], "ALTER TABLE note ADD COLUMN added bigint"];
    let store = Store::open(&path, newer, BOUNDS).unwrap();
    add(&store, 1, false).await.unwrap();
    drop(store);
    let error = Store::open(&path, SCHEMA, BOUNDS).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }), "{error:?}");
    assert!(error.to_string().contains("its schema is number 2, this version knows 1"), "{error}");
    assert_eq!(count(&Store::open(&path, newer, BOUNDS).unwrap()).await, 1);
}

#[tokio::test]
async fn an_error_of_the_database_says_what_the_database_said() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 1, false).await.unwrap();
    let error = add(&store, 1, false).await.unwrap_err();
    assert!(matches!(&error, StoreError::Database(text) if text.contains("note.id")), "{error:?}");
}
