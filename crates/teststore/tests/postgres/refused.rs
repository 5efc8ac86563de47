//! Databases that cannot be used: each is refused with one line, without the password, before anything is made in it.

use headwater_store::{Address, Store, StoreError, Unit};
use headwater_teststore::BOUNDS;

use crate::{SCHEMA, address, count, operator, processes};

fn refusal(url: &str, schema: &str) -> String {
    let address: Address = url.parse().unwrap();
    let told = Store::open_shared(&address, schema, SCHEMA, BOUNDS).err().unwrap().to_string();
    assert!(!told.contains("pass_test_example") && !told.contains('\n'), "{told}");
    told
}

/// The address of the test database with one part replaced: another database or user on the same server.
fn other(from: &str, to: &str) -> String {
    let url = std::env::var("HEADWATER_TEST_DATABASE").unwrap();
    assert!(url.contains(from), "the address has {from}");
    url.replacen(from, to, 1)
}

fn name() -> String {
    std::env::var("HEADWATER_TEST_DATABASE").unwrap().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let told = refusal("postgres://someone:pass_test_example@127.0.0.1:9/partners", "nowhere");
    assert!(
        told.starts_with("cannot use postgres://127.0.0.1:9/partners: error connecting to server"),
        "{told}"
    );
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let told = refusal(&other(&format!("/{}", name()), "/nothing_of_this_name"), "nowhere");
    assert!(told.ends_with("database \"nothing_of_this_name\" does not exist"), "{told}");
}

#[test]
fn a_user_that_is_not_there_is_named() {
    let told = refusal(
        &other("postgres://", "postgres://nobody_here:pass_test_example@").replacen("headwater@", "", 1),
        "nowhere",
    );
    assert!(told.ends_with("role \"nobody_here\" does not exist"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_another_encoding_is_refused() {
    let made = format!("latin_{}", std::process::id());
    operator(&format!("CREATE DATABASE {made} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).await;
    let told = refusal(&other(&format!("/{}", name()), &format!("/{made}")), "nowhere");
    operator(&format!("DROP DATABASE {made}")).await;
    assert!(told.ends_with("its encoding is LATIN1; make a database with ENCODING 'UTF8'"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_is_refused() {
    let made = format!("readonly_{}", std::process::id());
    operator(&format!("CREATE DATABASE {made}")).await;
    operator(&format!("ALTER DATABASE {made} SET default_transaction_read_only = on")).await;
    let told = refusal(&other(&format!("/{}", name()), &format!("/{made}")), "nowhere");
    operator(&format!("DROP DATABASE {made}")).await;
    assert!(told.ends_with("it is read-only (default_transaction_read_only)"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_with_tables_of_something_else_is_not_touched() {
    let schema = format!("others_{}", std::process::id());
    operator(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.note (id bigint)")).await;
    let told = refusal(&std::env::var("HEADWATER_TEST_DATABASE").unwrap(), &schema);
    assert!(told.contains(&format!("schema {schema} holds tables of something else")), "{told}");
}

#[test]
fn a_schema_of_a_newer_version_is_refused_and_an_older_one_brought_up_to_date() {
    let schema = format!("version_{}", std::process::id());
    let newer = &[SCHEMA[0], "CREATE TABLE more (id bigint PRIMARY KEY)"];
    drop(Store::open_shared(&address(), &schema, SCHEMA, BOUNDS).unwrap());
    drop(Store::open_shared(&address(), &schema, newer, BOUNDS).unwrap());
    let refused = Store::open_shared(&address(), &schema, SCHEMA, BOUNDS).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_the_database_cannot_hold_fails_its_own_unit_alone() {
    let store = processes("nul", 1).remove(0);
    let add = |id: i64, body: &'static str| {
        store.write(move |unit: &mut Unit<'_>| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), body.into()])
        })
    };
    let (whole, cut): (Result<usize, StoreError>, _) = tokio::join!(add(1, "a"), add(2, "a\0b"));
    assert_eq!(whole.unwrap(), 1);
    assert!(cut.unwrap_err().to_string().contains("NUL"));
    assert_eq!(count(&store).await, 1);
}
