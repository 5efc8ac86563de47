//! Units of several processes at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use headwater_store::{Store, StoreError, Unit, Value};
use headwater_teststore::BOUNDS;

use crate::{SCHEMA, address, count, operator, processes};

fn add(unit: &mut Unit<'_>, id: i64) -> Result<usize, StoreError> {
    unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), "x".into()])
}

fn number_of_notes(unit: &mut Unit<'_>) -> Result<i64, StoreError> {
    Ok(unit.query_one("SELECT count(*) FROM note", &[], |row| row.get::<i64>(0))?.unwrap_or_default())
}

/// Counts the notes, waits so that other units can run, and adds one. Without a lock, two units would find the same
/// count, and no constraint would stop them.
fn one_more(unit: &mut Unit<'_>, id: i64) -> Result<i64, StoreError> {
    let found = number_of_notes(unit)?;
    unit.query("SELECT 1 FROM pg_sleep(0.002)", &[], |_| Ok::<_, StoreError>(()))?;
    add(unit, id)?;
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_unit_read_under_its_lock_does_not_change_before_its_commit() {
    let stores = processes("locked", 3);
    let units: Vec<_> = (0..60)
        .map(|id| {
            let store = stores[usize::try_from(id % 3).unwrap()].clone();
            let work = move |unit: &mut Unit<'_>| one_more(unit, id);
            tokio::spawn(async move { store.write_locking(vec!["notes".to_owned()], work).await })
        })
        .collect();
    let mut numbers = Vec::new();
    for unit in units {
        numbers.push(unit.await.unwrap().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>(), "each found what the one before it had added");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_whose_row_another_process_made_meanwhile_runs_again_and_finds_it() {
    let stores = processes("conflict", 3);
    let runs = Arc::new(AtomicUsize::new(0));
    for id in 0..20 {
        let made = stores.iter().map(|store| {
            let (store, runs) = (store.clone(), Arc::clone(&runs));
            let work = move |unit: &mut Unit<'_>| {
                runs.fetch_add(1, Ordering::Relaxed);
                if number_of_notes(unit)? > id {
                    return Ok(false);
                }
                unit.query("SELECT 1 FROM pg_sleep(0.01)", &[], |_| Ok::<_, StoreError>(()))?;
                add(unit, id).map(|_| true)
            };
            tokio::spawn(async move { store.write::<_, StoreError>(work).await })
        });
        let made: Vec<_> = made.collect();
        let mut count = 0;
        for unit in made {
            count += usize::from(unit.await.unwrap().unwrap());
        }
        assert_eq!(count, 1, "{id}");
    }
    assert_eq!(count(&stores[0]).await, 20);
    assert!(runs.load(Ordering::Relaxed) > 60, "some were in each other's way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_fails_undoes_itself_and_none_of_those_committed_with_it() {
    let store = processes("alone", 1).remove(0);
    let units: Vec<_> = (0..100)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                let work = move |unit: &mut Unit<'_>| {
                    add(unit, id)?;
                    if id % 7 == 3 { Err(StoreError::Closed) } else { Ok(()) }
                };
                store.write(work).await.is_ok()
            })
        })
        .collect();
    for (id, unit) in units.into_iter().enumerate() {
        assert_eq!(unit.await.unwrap(), id % 7 != 3, "{id}");
    }
    assert_eq!(count(&store).await, 86);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_after_its_unit_went_on_undoes_that_unit_and_no_other() {
    let store = processes("sent", 1).remove(0);
    let units: Vec<_> = (0..100)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                let work = move |unit: &mut Unit<'_>| {
                    add(unit, id)?;
                    // The server refuses a note without a body; the unit ends before it says so.
                    let body = if id % 7 == 3 { Value::Null } else { "x".into() };
                    unit.send("INSERT INTO note (id, body) VALUES ($1, $2)", &[(1000 + id).into(), body])
                };
                store.write(work).await
            })
        })
        .collect();
    for (id, unit) in units.into_iter().enumerate() {
        let done: Result<(), StoreError> = unit.await.unwrap();
        assert_eq!(done.is_ok(), id % 7 != 3, "{id}: {done:?}");
    }
    assert_eq!(count(&store).await, 2 * 86);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_seen_by_the_next_statement_and_its_failure_is_that_ones() {
    let store = processes("seen", 1).remove(0);
    let insert = "INSERT INTO note (id, body) VALUES ($1, $2)";
    let seen: Result<i64, StoreError> = store
        .write(move |unit| {
            unit.send(insert, &[1.into(), "x".into()])?;
            number_of_notes(unit)
        })
        .await;
    assert_eq!(seen.unwrap(), 1);
    let failed: Result<i64, StoreError> = store
        .write(move |unit| {
            unit.send(insert, &[2.into(), Value::Null])?;
            number_of_notes(unit)
        })
        .await;
    let said = failed.unwrap_err().to_string();
    assert!(said.contains("null value in column"), "the cause, not that the transaction is aborted: {said}");
    assert_eq!(count(&store).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_ignores_a_failed_statement_is_reported_as_not_committed() {
    let store = processes("swallowed", 1).remove(0);
    let work = |unit: &mut Unit<'_>| {
        add(unit, 1)?;
        let _ = unit.execute("INSERT INTO nowhere (id) VALUES ($1)", &[Value::Int(1)]);
        Ok(())
    };
    let done: Result<(), StoreError> = store.write(work).await;
    assert!(matches!(done, Err(StoreError::NotCommitted)), "{done:?}");
    assert_eq!(count(&store).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn units_and_reads_outlive_connections_that_the_server_ends() {
    let url = headwater_teststore::new_database("ended").await;
    let database = url.rsplit_once('/').unwrap().1;
    let store = Store::open_shared(&url.parse().unwrap(), "ended", SCHEMA, BOUNDS).unwrap();
    for id in 0..20 {
        store.write(move |unit| add(unit, id)).await.unwrap();
        assert_eq!(count(&store).await, id + 1);
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
        operator(&format!("{end} '{database}'")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_frozen_in_a_unit_loses_its_lock_and_none_of_its_work_is_half_done() {
    let stores = processes("frozen", 2);
    let (begin, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let frozen = stores[0].clone();
    let frozen = tokio::spawn(async move {
        let mut runs = 0;
        let work = move |unit: &mut Unit<'_>| {
            add(unit, 1)?;
            runs += 1;
            if runs == 1 {
                begin.send(()).unwrap();
                may_go_on.recv().map_err(|_| StoreError::Closed)?;
            }
            Ok::<_, StoreError>(())
        };
        frozen.write_locking(vec!["notes".to_owned()], work).await
    });
    has_begun.recv().await.unwrap();
    let other = stores[1].write_locking(vec!["notes".to_owned()], |unit| add(unit, 2));
    tokio::time::timeout(Duration::from_mins(1), other).await.expect("the lock was released").unwrap();
    assert_eq!(count(&stores[1]).await, 1, "what the frozen one wrote is undone");
    go_on.send(()).unwrap();
    let ended = frozen.await.unwrap();
    assert_eq!(count(&stores[1]).await == 2, ended.is_ok(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_bring_the_schema_up_to_date_once() {
    let schema = format!("together_{}", std::process::id());
    let opened: Vec<_> = (0..8)
        .map(|_| {
            let schema = schema.clone();
            std::thread::spawn(move || Store::open_shared(&address(), &schema, SCHEMA, BOUNDS).map(|_| ()))
        })
        .collect();
    for one in opened {
        one.join().unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_of_one_process_reaches_the_others() {
    let stores = processes("told", 2);
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    stores[1].subscribe(move || heard.send(()).unwrap());
    stores[0].notify().await.unwrap();
    hears.recv().await.unwrap();
}
