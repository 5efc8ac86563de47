//! Stores for tests, on the database that the test run is for: SQLite files, or, when `HEADWATER_TEST_DATABASE` holds
//! an address, schemas of that PostgreSQL database. So one suite runs on both.
//!
//! What this crate does not do: anything in the product. Only tests depend on it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use headwater_store::{Address, Bounds, Store, StoreError};

/// The environment variable with the address of the PostgreSQL database to test on.
pub const ADDRESS: &str = "HEADWATER_TEST_DATABASE";
/// How many databases this process has made; numbers the next one.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Bounds that no test reaches unless it means to.
pub const BOUNDS: Bounds =
    Bounds { waiting: 4096, commit: 1024, readers: 8, reader_wait: Duration::from_secs(5) };

/// The PostgreSQL database this run is for; `None` when it is for SQLite.
///
/// # Panics
/// When `HEADWATER_TEST_DATABASE` holds something else than an address.
pub fn postgres() -> Option<Address> {
    let text = std::env::var(ADDRESS).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|error| panic!("{ADDRESS}: {error}")))
}

/// Opens or makes the store `name` of the test that owns `directory`. A second call with the same two opens the same
/// store again.
///
/// # Panics
/// When it cannot be opened.
pub fn open(directory: &Path, name: &str, migrations: &[&'static str]) -> Store {
    open_within(directory, name, migrations, BOUNDS)
        .unwrap_or_else(|error| panic!("cannot open the store {name} of a test: {error}"))
}

/// The same as [`open`], with other bounds and an error in place of a panic.
///
/// # Errors
/// What the store says.
pub fn open_within(
    directory: &Path,
    name: &str,
    migrations: &[&'static str],
    bounds: Bounds,
) -> Result<Store, StoreError> {
    match postgres() {
        Some(address) => Store::open_shared(&address, &schema(directory, name), migrations, bounds),
        None => Store::open(&directory.join(format!("{name}.sqlite")), migrations, bounds),
    }
}

/// Makes an empty database on the server that the run is for; returns its address.
///
/// # Panics
/// When this run is for SQLite, or the database cannot be made.
pub async fn new_database(name: &str) -> String {
    let server = std::env::var(ADDRESS).expect("this run is for PostgreSQL");
    let name = format!("{name}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    operator(&server, &format!("CREATE DATABASE {name}")).await;
    let host = server.rsplit_once('/').expect("an address names a database").0;
    format!("{host}/{name}")
}

/// Runs statements on a connection of its own, without a store, as an operator with a shell would.
///
/// # Panics
/// When the server refuses one.
pub async fn operator(address: &str, sql: &str) {
    let connected = tokio_postgres::connect(address, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap_or_else(|error| panic!("cannot connect: {error}"));
    let running = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    drop(client);
    let _ = running.await;
}

/// The name of a schema for each process, test directory and store. The directory's random name keeps tests apart.
fn schema(directory: &Path, name: &str) -> String {
    let last = directory.file_name().unwrap_or_default().to_string_lossy();
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    format!("{}_{}_{}", letters(name), std::process::id(), letters(&last))
}
