//! What needs a shared database: several processes at once, lost connections, and databases with other settings.
//! `HEADWATER_TEST_DATABASE` holds the address of the one to use.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod again;
mod journal;
mod refused;
mod units;
mod values;

use headwater_store::{Address, Store, StoreError};
use headwater_teststore::BOUNDS;

const SCHEMA: &[&str] = &["CREATE TABLE note (id bigint PRIMARY KEY, body text NOT NULL)"];

fn address() -> Address {
    headwater_teststore::postgres()
        .expect("HEADWATER_TEST_DATABASE names the PostgreSQL database of these tests")
}

/// Opens the same schema `count` times. Each store counts as a process, for it has connections and a number of its own.
fn processes(schema: &str, count: usize) -> Vec<Store> {
    let schema = format!("{schema}_{}", std::process::id());
    (0..count).map(|_| Store::open_shared(&address(), &schema, SCHEMA, BOUNDS).unwrap()).collect()
}

async fn count(store: &Store) -> i64 {
    let counted = store.read(|unit| unit.query_one("SELECT count(*) FROM note", &[], |row| row.get(0))).await;
    counted.map_err(|error: StoreError| error).unwrap().unwrap()
}

/// Runs a statement without a store, as an operator with a shell would.
async fn operator(sql: &str) {
    headwater_teststore::operator(&std::env::var(headwater_teststore::ADDRESS).unwrap(), sql).await;
}
