//! Values on their way to the server and back, prepared statements, and copies.

use headwater_store::{Record as _, Store, StoreError, Unit, Value, row};
use headwater_teststore::BOUNDS;

use crate::{address, count, operator, processes};

row! {
    /// A value of each type that PostgreSQL has for ours.
    struct OfEachType {
        small: i64 = "small",
        middle: i64 = "middle",
        large: i64 = "large",
        flag: bool = "flag",
        text: String = "text",
        bytes: Vec<u8> = "bytes" => |value| match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        },
    }
}

#[tokio::test]
async fn a_value_of_each_type_comes_back_as_it_was_sent() {
    let store = processes("types", 1).remove(0);
    let sql = "SELECT $1::smallint AS small, $2::integer AS middle, $3::bigint AS large, $4::boolean AS flag, \
               $5::text AS text, $6::bytea AS bytes";
    let read = move |unit: &mut Unit<'_>| {
        let params: [Value<'_>; 6] =
            [(-3).into(), 70_000.into(), i64::MIN.into(), true.into(), "é\n".into(), (&[0, 255]).into()];
        unit.query_one(sql, &params, OfEachType::from_row)
    };
    let found: OfEachType = store.read(read).await.unwrap().unwrap();
    assert_eq!((found.small, found.middle, found.large, found.flag), (-3, 70_000, i64::MIN, true));
    assert_eq!((found.text.as_str(), found.bytes.as_slice()), ("é\n", &[0, 255][..]));
}

#[tokio::test]
async fn a_value_that_its_parameter_does_not_take_is_named_by_both_types() {
    let store = processes("misfits", 1).remove(0);
    let refused = async |sql: &'static str, value: Value<'static>| {
        let ran = store.write(move |unit| unit.execute(sql, &[value])).await;
        ran.map_err(|error: StoreError| error).unwrap_err().to_string()
    };
    let misfits = [
        ("SELECT $1::bigint", Value::Text("1"), "text where int8 is expected"),
        ("SELECT $1::text", Value::Int(1), "an integer where text is expected"),
        ("SELECT $1::text", Value::Bytes(b"1"), "bytes where text is expected"),
        ("SELECT $1::smallint", Value::Int(70_000), "out of range"),
        ("SELECT $1::integer", Value::Int(1 << 40), "out of range"),
    ];
    for (sql, value, said) in misfits {
        let error = refused(sql, value).await;
        assert!(error.contains(said), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_session_is_used_again_and_keeps_its_statements_prepared() {
    let store = processes("again", 1).remove(0);
    let own = |unit: &mut Unit<'_>| unit.query_one("SELECT pg_backend_pid()", &[], |row| row.get::<i64>(0));
    let first: Option<i64> = store.read(own).await.unwrap();
    assert_eq!(store.read(own).await.map_err(|error: StoreError| error).unwrap(), first);
    let prepared = |unit: &mut Unit<'_>| {
        unit.query("SELECT 1", &[], |row| row.get::<i64>(0))?;
        unit.query("SELECT 2", &[], |row| row.get::<i64>(0))?;
        unit.query_one("SELECT count(*) FROM pg_prepared_statements", &[], |row| row.get::<i64>(0))
    };
    let kept: Option<i64> = store.read(prepared).await.unwrap();
    assert!(kept >= Some(3), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_prepared_again_after_another_process_has_changed_its_table() {
    let store = processes("altered", 1).remove(0);
    let all = |unit: &mut Unit<'_>| {
        unit.execute("INSERT INTO note (id, body) SELECT count(*), 'x' FROM note", &[])?;
        unit.query("SELECT * FROM note", &[], |row| row.get::<i64>(0))
    };
    // Each of the sessions that write prepares its own.
    for number in 1..=8 {
        let found: Vec<i64> = store.write(all).await.unwrap();
        assert_eq!(found.len(), number);
    }
    operator(&format!("ALTER TABLE altered_{}.note ADD COLUMN later text", std::process::id())).await;
    for number in 9..=16 {
        let found: Vec<i64> = store.write(all).await.unwrap();
        assert_eq!(found.len(), number);
    }
}

#[tokio::test]
async fn a_copy_has_every_row_goes_on_numbering_and_is_planned_for_its_size() {
    const ROWS: i64 = 700;
    const NUMBERED: &[&str] = &["CREATE TABLE note (id integer PRIMARY KEY, body text NOT NULL)"];
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| Store::open(&directory.path().join(name), NUMBERED, BOUNDS).unwrap();
    let from = file("from.sqlite");
    let fill = |unit: &mut Unit<'_>| {
        for id in 1..=ROWS {
            // Some rows are large, so that later steps of the copy have fewer of them.
            let body = "x".repeat(if id % 100 == 0 { 1_000_000 } else { 10 });
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), (&body).into()])?;
        }
        Ok::<_, StoreError>(())
    };
    from.write(fill).await.unwrap();
    let schema = format!("copied_{}", std::process::id());
    let there = Store::open_shared(&address(), &schema, NUMBERED, BOUNDS).unwrap();
    let mut told = Vec::new();
    let copied = from.copy_to(&there, |_, rows| told.push(rows)).await.unwrap();
    assert_eq!((copied[0].rows, count(&there).await), (700, ROWS));
    assert!(told.is_sorted() && told.last() == Some(&700), "{told:?}");
    let planned = |unit: &mut Unit<'_>| {
        let sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'note'::regclass";
        unit.query_one(sql, &[], |row| row.get::<i64>(0))
    };
    let planned: Option<i64> = there.read(planned).await.unwrap();
    assert_eq!(planned, Some(ROWS));
    let add = |unit: &mut Unit<'_>| {
        let sql = "INSERT INTO note (body) VALUES ('y') RETURNING id";
        unit.query_one(sql, &[], |row| row.get::<i64>(0))
    };
    let added: Option<i64> = there.write(add).await.unwrap();
    assert_eq!(added, Some(ROWS + 1));
    let full = from.copy_to(&there, |_, _| ()).await.unwrap_err().to_string();
    assert!(full.contains("note holds rows already"), "{full}");
    let home = file("home.sqlite");
    there.copy_to(&home, |_, _| ()).await.unwrap();
    let sum = |unit: &mut Unit<'_>| {
        unit.query_one("SELECT sum(id * length(body)) FROM note WHERE id <= 700", &[], |row| {
            row.get::<i64>(0)
        })
    };
    let [first, last]: [Option<i64>; 2] = [from.read(sum).await.unwrap(), home.read(sum).await.unwrap()];
    assert_eq!((first, count(&home).await), (last, ROWS + 1));
}
