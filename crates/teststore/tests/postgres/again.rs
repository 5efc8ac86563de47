//! What is tried again, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headwater_store::{Store, StoreError, Unit};
use headwater_teststore::BOUNDS;

use crate::{SCHEMA, count, operator, processes};

fn add(unit: &mut Unit<'_>, id: i64) -> Result<usize, StoreError> {
    unit.execute("INSERT INTO note (id, body) VALUES ($1, 'x')", &[id.into()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_whose_session_the_server_ends_runs_again_on_another() {
    let store = processes("shut", 1).remove(0);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let work = move |unit: &mut Unit<'_>| {
        add(unit, 1)?;
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            // The answer is the same as when the server is shut down.
            unit.query("SELECT pg_terminate_backend(pg_backend_pid())", &[], |_| Ok::<_, StoreError>(()))?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(work).await.unwrap();
    assert_eq!((runs.load(Ordering::Relaxed), count(&store).await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_conflicts_every_time_is_given_up() {
    let store = processes("conflicts", 1).remove(0);
    store.write(|unit| add(unit, 1)).await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let work = move |unit: &mut Unit<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        add(unit, 1)
    };
    let ended = store.write(work).await;
    assert!(matches!(ended, Err(StoreError::Busy)), "{ended:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 20);
}

/// Lets a database take connections or not, and ends those that it has.
async fn reachable(database: &str, yes: bool) {
    operator(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {yes}")).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
    operator(&format!("{end} '{database}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_waits_for_a_database_that_comes_back_and_fails_when_it_stays_away() {
    let url = headwater_teststore::new_database("away").await;
    let database = url.rsplit_once('/').unwrap().1;
    let store = Store::open_shared(&url.parse().unwrap(), "away", SCHEMA, BOUNDS).unwrap();
    reachable(database, false).await;
    // Each of the sessions fails, connects again for ten seconds, and gives up.
    let failed = store.write(|unit| add(unit, 1)).await;
    assert!(matches!(failed, Err(StoreError::Disconnected(_))), "{failed:?}");
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { waiting.write(|unit| add(unit, 2)).await });
    reachable(database, true).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(count(&store).await, 1);
}
