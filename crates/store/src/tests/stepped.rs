//! A store without threads: what its caller commits and syncs, and when callers are answered.

use std::io;

use super::log::poll_once;
use super::{BOUNDS, SCHEMA, count};
use crate::{Store, StoreError, StoreSteps, Unit};

fn open(directory: &std::path::Path) -> (Store, StoreSteps) {
    Store::open_stepped(&directory.join("test.sqlite"), SCHEMA, BOUNDS).unwrap()
}

fn insert(store: &Store, id: i64) -> impl Future<Output = Result<usize, StoreError>> + use<> {
    let store = store.clone();
    let work = move |unit: &mut Unit<'_>| unit.insert("note", [("id", id.into()), ("body", "x".into())]);
    async move { store.write(work).await }
}

#[tokio::test]
async fn a_stepped_store_commits_and_answers_when_its_caller_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mut steps) = open(directory.path());
    let (mut first, mut second) = (Box::pin(insert(&store, 1)), Box::pin(insert(&store, 2)));
    assert!(poll_once(first.as_mut()).await.is_pending() && poll_once(second.as_mut()).await.is_pending());
    assert_eq!(count(&store).await, 0);
    assert_eq!(steps.commit().await, Some(2), "both in one commit");
    assert_eq!(count(&store).await, 2);
    assert!(poll_once(first.as_mut()).await.is_pending(), "not before it is on disk");
    steps.answer(&Ok(()));
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 1));
    let mut repeated = Box::pin(insert(&store, 1));
    assert!(poll_once(repeated.as_mut()).await.is_pending());
    assert_eq!(steps.commit().await, Some(0), "what changed nothing is answered at once");
    assert!(repeated.await.is_err());
    drop(store);
    assert_eq!(steps.commit().await, None, "nobody is left");
}

#[tokio::test]
async fn a_stepped_sync_that_failed_leaves_its_callers_uncertain() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mut steps) = open(directory.path());
    let mut first = Box::pin(insert(&store, 1));
    assert!(poll_once(first.as_mut()).await.is_pending());
    assert_eq!(steps.commit().await, Some(1));
    steps.answer(&Err(io::Error::other("the disk is gone")));
    assert!(matches!(first.await, Err(StoreError::Uncertain)));
}
