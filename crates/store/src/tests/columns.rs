//! Values are read as they were written; another type is an error.

use super::BOUNDS;
use crate::{Store, StoreError, Unit, Value};

const SCHEMA: &[&str] = &[
    "CREATE TABLE kept (id bigint PRIMARY KEY, number bigint, text text, bytes blob, flag bigint, ratio real)",
];

fn write(unit: &mut Unit<'_>) -> Result<usize, StoreError> {
    let (text, bytes) = ("hallo".to_owned(), vec![1_u8, 2, 3]);
    let sql = "INSERT INTO kept (id, number, text, bytes, flag) VALUES ($1, $2, $3, $4, $5)";
    let written = unit
        .execute(sql, &[1.into(), (-7_i64).into(), (&text).into(), bytes.as_slice().into(), true.into()])?;
    let other = unit.execute(sql, &[2.into(), Value::Null, "".into(), (&[4_u8; 4]).into(), false.into()])?;
    let nothing = unit.execute(
        sql,
        &[3.into(), None::<i64>.into(), Some("there").into(), None::<&[u8; 4]>.into(), Some(true).into()],
    )?;
    unit.execute("UPDATE kept SET ratio = 0.5 WHERE id >= $1", &[0.into()])?;
    Ok(written + other + nothing)
}

fn column<T: crate::row::FromColumn>(unit: &mut Unit<'_>, name: &str, id: i64) -> Result<T, StoreError> {
    let sql = format!("SELECT id, {name} FROM kept WHERE id = $1");
    Ok(unit.query_one(&sql, &[id.into()], |row| row.get::<T>(1))?.unwrap())
}

#[tokio::test]
async fn what_is_read_is_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("test.sqlite"), SCHEMA, BOUNDS).unwrap();
    assert_eq!(store.write(write).await.unwrap(), 3);
    let read = |unit: &mut Unit<'_>| {
        assert_eq!(column::<i64>(unit, "number", 1)?, -7);
        assert_eq!([1, 2].map(|id| column::<Option<i64>>(unit, "number", id).unwrap()), [Some(-7), None]);
        assert_eq!(column::<Option<i64>>(unit, "number", 3)?, None);
        let texts = [1, 2, 3].map(|id| column::<String>(unit, "text", id).unwrap());
        assert_eq!(texts, ["hallo", "", "there"]);
        assert_eq!(column::<Vec<u8>>(unit, "bytes", 1)?, [1, 2, 3]);
        assert_eq!(column::<[u8; 4]>(unit, "bytes", 2)?, [4; 4]);
        assert_eq!(column::<Option<Vec<u8>>>(unit, "bytes", 3)?, None);
        assert_eq!([1, 2, 3].map(|id| column::<bool>(unit, "flag", id).unwrap()), [true, false, true]);
        let nobody =
            unit.query_one("SELECT id FROM kept WHERE id = $1", &[9.into()], |row| row.get::<i64>(0))?;
        assert_eq!(nobody, None);
        unit.query("SELECT id FROM kept ORDER BY id", &[], |row| row.get::<i64>(0))
    };
    assert_eq!(store.read(read).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_that_names_the_column() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("test.sqlite"), SCHEMA, BOUNDS).unwrap();
    store.write(write).await.unwrap();
    let read = |unit: &mut Unit<'_>| {
        let refused = [
            column::<i64>(unit, "text", 1).err(),
            column::<bool>(unit, "text", 1).err(),
            column::<i64>(unit, "number", 2).err(),
            column::<String>(unit, "number", 1).err(),
            column::<Vec<u8>>(unit, "text", 1).err(),
            column::<[u8; 4]>(unit, "bytes", 1).err(),
            column::<Option<i64>>(unit, "text", 1).err(),
            column::<Option<i64>>(unit, "ratio", 1).err(),
        ];
        Ok::<_, StoreError>(refused)
    };
    for refused in store.read(read).await.unwrap() {
        assert!(
            matches!(refused, Some(StoreError::Column { ref column, .. }) if column == "1"),
            "{refused:?}"
        );
    }
}
