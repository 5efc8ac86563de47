//! A unit of work that fails at any of its steps leaves nothing behind and undoes no other unit.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod fault;

use fault::Fault;
use headwater_store::{Store, StoreError, Unit};

const SCHEMA: &[&str] = &["CREATE TABLE note (id bigint PRIMARY KEY, body text NOT NULL)"];
/// Rows of one unit.
const ROWS: i64 = 3;

fn insert(unit: &mut Unit<'_>, first: i64) -> Result<(), StoreError> {
    for id in first..first + ROWS {
        unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), "x".into()])?;
    }
    Ok(())
}

/// One unit.
async fn add(store: Store, number: i64) -> Result<(), StoreError> {
    let first = number * 100;
    store.write(move |unit| insert(unit, first)).await
}

#[tokio::test]
async fn a_unit_that_fails_at_any_step_leaves_nothing_behind() {
    let fault = Fault::open(SCHEMA);
    for number in 0..2 {
        let steps = fault.at_every_step(async || add(fault.store.clone(), number).await.is_ok()).await;
        assert_eq!(steps, ROWS);
    }
    assert_eq!(fault.left_behind().len(), 6);
}

#[tokio::test]
async fn a_unit_reported_as_failed_left_nothing_and_one_reported_as_done_is_whole() {
    const UNITS: i64 = 12;
    for step in 1..=UNITS * ROWS {
        let fault = Fault::open(SCHEMA);
        fault.at(step).await;
        let tasks: Vec<_> = (0..UNITS).map(|number| tokio::spawn(add(fault.store.clone(), number))).collect();
        let mut kept = Vec::new();
        for (number, task) in (0..UNITS).zip(tasks) {
            if task.await.unwrap().is_ok() {
                kept.extend((0..ROWS).map(|row| format!("note: Int({}) | Text(\"x\")", number * 100 + row)));
            }
        }
        let mut found = fault.left_behind();
        found.sort_unstable();
        kept.sort_unstable();
        assert_eq!(found, kept, "failing at step {step}");
        assert!(kept.len() < usize::try_from(UNITS * ROWS).unwrap(), "one unit fails at step {step}");
    }
}
