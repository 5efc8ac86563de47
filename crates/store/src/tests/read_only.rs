//! Reading a file while its owner writes it, finding damage, and emptying the write-ahead log.

use super::{SCHEMA, add, count, open};
use crate::{ReadOnlyStore, Store, StoreError, Unit, WRITER_CACHE, connect};

const LATER: &str = "ALTER TABLE note ADD COLUMN added bigint";

fn notes(unit: &mut Unit<'_>) -> Result<Option<i64>, StoreError> {
    unit.query_one("SELECT count(*) FROM note", &[], |row| row.get(0))
}

#[tokio::test]
async fn a_reader_beside_the_owner_sees_what_was_committed_and_cannot_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 1, false).await.unwrap();
    let mut reader = ReadOnlyStore::open(&directory.path().join("test.sqlite"), SCHEMA).unwrap();
    assert_eq!(reader.read(notes).unwrap(), Some(1));
    add(&store, 2, false).await.unwrap();
    assert_eq!(reader.read(notes).unwrap(), Some(2));
    assert!(reader.read(|unit| unit.execute("DELETE FROM note", &[])).is_err());
    assert_eq!(count(&store).await, 2);
}

#[test]
fn a_file_of_another_version_is_not_read_beside_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    drop(open(directory.path()));
    let newer = ReadOnlyStore::open(&path, &[]).err().unwrap();
    assert!(matches!(newer, StoreError::Newer { found: 1, known: 0 }), "{newer:?}");
    let older = ReadOnlyStore::open(&path, &[SCHEMA[0], LATER]).err().unwrap();
    assert!(matches!(older, StoreError::Older { found: 1, known: 2 }), "{older:?}");
    assert!(ReadOnlyStore::open(&directory.path().join("absent.sqlite"), SCHEMA).is_err());
}

#[test]
fn a_row_with_a_broken_foreign_key_is_named_and_a_sound_file_has_no_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    let schema: &[&str] = &["CREATE TABLE one (id bigint PRIMARY KEY);
        CREATE TABLE two (seq integer PRIMARY KEY, id bigint NOT NULL REFERENCES one (id))"];
    let store = Store::open(&path, schema, super::BOUNDS).unwrap();
    let reader = ReadOnlyStore::open(&path, schema).unwrap();
    assert_eq!(reader.damage().unwrap(), Vec::<String>::new());
    let careless = connect(&path, WRITER_CACHE).unwrap();
    careless.execute_batch("PRAGMA foreign_keys = 0; INSERT INTO two (seq, id) VALUES (7, 9)").unwrap();
    assert_eq!(reader.damage().unwrap(), ["row 7 of two points to a row of one that is not there"]);
    drop(store);
}

#[tokio::test]
async fn the_log_can_be_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 1, false).await.unwrap();
    let log = || std::fs::metadata(directory.path().join("test.sqlite-wal")).unwrap().len();
    assert!(log() > 0);
    assert!(store.truncate_log().await.unwrap());
    assert_eq!((log(), count(&store).await), (0, 1));
}

#[test]
fn a_file_is_brought_up_to_date_once() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    for _ in 0..2 {
        let path = directory.path().join("test.sqlite");
        let store = Store::open(&path, &[SCHEMA[0], LATER], super::BOUNDS).unwrap();
        store
            .read_now(|unit| unit.query("SELECT added FROM note", &[], |row| row.get::<Option<i64>>(0)))
            .unwrap();
    }
}
