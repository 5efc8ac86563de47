//! Rows are declared, read and written by name.

use super::BOUNDS;
use crate::{Columns, FromColumn, Record, Store, StoreError, Unit, row};

const SCHEMA: &[&str] = &["
CREATE TABLE team (id bigint PRIMARY KEY, name text, size bigint);
CREATE TABLE person (id bigint PRIMARY KEY, team bigint, name text, words text, kind text, ratio real);
"];
const FROM: &str = "person LEFT JOIN team ON team.id = person.team";
const SELECT: &str = crate::joined!("", "SELECT ", Elsewhere::COLUMNS, " FROM é");

row! {
    /// A person, declared in another order than the table's.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Person {
        words: Vec<String> = "person.words" => words,
        /// The nested columns stand in the middle.
        team: Option<Team>,
        pub(super) name: Option<String> = "person.name",
        upper: String = "coalesce(upper(person.name), '?')",
        names: Names,
        kind: bool = "person.kind" => |value| Some(value.text()? == "known"),
        id: i64 = "person.id"
    }
}

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Team {
        id: i64 = "team.id",
        size: Option<i64> = "team.size",
    }
}

row! {
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    struct Names {
        team: Option<String> = "team.name",
    }
}

fn words(value: crate::Value<'_>) -> Option<Vec<String>> {
    Some(value.text()?.split(' ').map(str::to_owned).collect())
}

/// A type that is declared elsewhere and has a field that no column holds.
#[derive(Debug, PartialEq, Eq)]
struct Elsewhere {
    seen: u64,
    name: Option<String>,
    id: i64,
}

row! {
    impl Elsewhere { id = "person.id", name = "person.name" => |value| Some(value.text().map(str::to_uppercase)) }
    with { seen: 7 }
}

fn store(directory: &std::path::Path) -> Store {
    Store::open(&directory.join("test.sqlite"), SCHEMA, BOUNDS).unwrap()
}

fn fill(unit: &mut Unit<'_>) -> Result<(), StoreError> {
    unit.insert("team", [("size", None::<i64>.into()), ("id", 3.into()), ("name", "red".into())])?;
    for (id, team) in [(1, Some(3)), (2, None)] {
        let values = [
            ("kind", "known".into()),
            ("id", id.into()),
            ("words", "b a".into()),
            ("name", "ada".into()),
            ("team", team.into()),
        ];
        assert_eq!(unit.insert("person", values)?, 1);
    }
    Ok(())
}

fn select<T: Record>(unit: &mut Unit<'_>, id: i64) -> Result<Option<T>, StoreError> {
    let sql = format!("SELECT {} FROM {FROM} WHERE person.id = $1", T::COLUMNS);
    unit.query_one(&sql, &[id.into()], T::from_row)
}

fn ada() -> Person {
    Person {
        id: 1,
        team: Some(Team { id: 3, size: None }),
        name: Some("ada".to_owned()),
        upper: "ADA".to_owned(),
        words: vec!["b".to_owned(), "a".to_owned()],
        kind: true,
        names: Names { team: Some("red".to_owned()) },
    }
}

#[test]
fn the_columns_are_listed_in_the_order_of_the_fields_and_counted() {
    let expected = "person.words, team.id, team.size, person.name, coalesce(upper(person.name), '?'), team.name, \
                    person.kind, person.id";
    assert_eq!(Person::COLUMNS, expected);
    assert_eq!((Person::COUNT, Team::COUNT, Option::<Team>::COUNT, Elsewhere::COUNT), (8, 2, 2, 2));
    assert_eq!(Elsewhere::COLUMNS, "person.id, person.name");
    assert_eq!(SELECT, "SELECT person.id, person.name FROM é");
}

#[tokio::test]
async fn a_row_is_read_by_name_with_its_nested_rows() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    store.write(fill).await.unwrap();
    let read = |unit: &mut Unit<'_>| {
        assert_eq!(select::<Person>(unit, 1)?, Some(ada()));
        let alone = Person { id: 2, team: None, names: Names::default(), ..ada() };
        assert_eq!(select::<Person>(unit, 2)?, Some(alone), "nothing was joined");
        let elsewhere = Elsewhere { seen: 7, name: Some("ADA".to_owned()), id: 2 };
        assert_eq!(select::<Elsewhere>(unit, 2)?, Some(elsewhere));
        let sql = format!("SELECT 5, {}, 6 FROM {FROM} WHERE person.id = $1", Person::COLUMNS);
        unit.query_one(&sql, &[1.into()], |row| {
            let mut columns = Columns::after(1, row);
            assert_eq!(Person::read(&mut columns)?, ada());
            assert_eq!(columns.take("last", i64::from_column)?, 6);
            assert!(columns.take("none", i64::from_column).is_err());
            Ok::<_, StoreError>(())
        })
    };
    store.read(read).await.unwrap();
}

#[tokio::test]
async fn a_wrong_value_is_an_error_that_names_its_column() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    store.write(fill).await.unwrap();
    let columns = [
        ("UPDATE person SET id = 'x' WHERE id = 1", "person.id"),
        ("UPDATE person SET words = NULL", "person.words"),
        ("UPDATE person SET kind = x'00'", "person.kind"),
        ("UPDATE person SET name = x'00'", "person.name"),
        ("UPDATE person SET name = CAST(x'FF' AS text)", "person.name"),
        ("UPDATE team SET size = 0.5", "team.size"),
        ("UPDATE team SET name = x'00'", "team.name"),
    ];
    for (damage, name) in columns {
        let work = move |unit: &mut Unit<'_>| {
            unit.execute(damage, &[])?;
            let sql = format!("SELECT {} FROM {FROM} ORDER BY person.rowid LIMIT 1", Person::COLUMNS);
            unit.query_one(&sql, &[], Person::from_row)
        };
        let error = store.write(work).await.unwrap_err();
        assert!(matches!(&error, StoreError::Column { column, .. } if column == name), "{name}: {error}");
        assert!(error.to_string().starts_with(&format!("column {name}: expected ")), "{error}");
    }
}

#[tokio::test]
async fn a_row_is_changed_and_a_conflict_is_met() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    store.write(fill).await.unwrap();
    let work = |unit: &mut Unit<'_>| {
        assert_eq!(unit.update("person", 2, [("words", "c".into()), ("name", None::<&str>.into())])?, 1);
        assert_eq!(unit.update("person", 9, [("words", "d".into())])?, 0);
        let changed = select::<Person>(unit, 2)?.unwrap();
        assert_eq!((changed.words, changed.name), (vec!["c".to_owned()], None));
        assert_eq!(select::<Person>(unit, 1)?, Some(ada()), "another row");
        let again = [("id", 3.into()), ("name", "blue".into())];
        assert_eq!(unit.insert_on_conflict("team", again, "DO NOTHING")?, 0);
        let name = "(id) DO UPDATE SET name = excluded.name";
        assert_eq!(unit.insert_on_conflict("team", again, name)?, 1);
        assert_eq!(select::<Names>(unit, 1)?.unwrap().team.as_deref(), Some("blue"));
        assert!(unit.insert("team", again).is_err());
        Ok::<_, StoreError>(())
    };
    store.write(work).await.unwrap();
}
