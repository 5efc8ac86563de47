//! Units of work are committed whole or not at all.

use std::task::Poll;
use std::time::Duration;

use crate::log::Log;
use crate::{Bounds, DataDir, DataDirError, Store, StoreError, Value};

const BOUNDS: Bounds =
    Bounds { waiting: 4096, commit: 1024, readers: 8, reader_wait: Duration::from_secs(5) };
const SCHEMA: &[&str] = &["CREATE TABLE note (id bigint PRIMARY KEY, body text NOT NULL)"];

fn signals(
    log_is_long: std::sync::Arc<std::sync::atomic::AtomicBool>,
    version: crate::statistics::StatisticsVersion,
) -> crate::writer::Signals {
    crate::writer::Signals { log_is_long, version, commits: crate::StoreMetrics::default().commits }
}

fn open(directory: &std::path::Path) -> Store {
    open_within(directory, BOUNDS)
}

fn open_within(directory: &std::path::Path, bounds: Bounds) -> Store {
    Store::open(&directory.join("test.sqlite"), SCHEMA, bounds).unwrap()
}

async fn add(store: &Store, id: i64, fail: bool) -> Result<(), StoreError> {
    store
        .write(move |unit| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), "x".into()])?;
            if fail { Err(StoreError::Closed) } else { Ok(()) }
        })
        .await
}

async fn count(store: &Store) -> i64 {
    store
        .read(|unit| unit.query_one("SELECT count(*) FROM note", &[], |row| row.get(0)))
        .await
        .map(Option::unwrap)
        .map_err(|error: StoreError| error)
        .unwrap()
}

#[tokio::test]
async fn commits_and_syncs_are_counted_and_a_unit_that_changes_nothing_is_neither() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.check_writable().await.unwrap();
    assert_eq!((store.metrics().commits.count(), store.metrics().syncs.count()), (0, 0));
    add(&store, 1, false).await.unwrap();
    assert_eq!((store.metrics().commits.count(), store.metrics().syncs.count()), (1, 1));
    let within = store.clone();
    let load = store.read(move |_| Ok::<_, StoreError>(within.load())).await.unwrap();
    assert_eq!((load.readers, load.waiting), (1, 0), "the connection that reads");
    assert_eq!(store.load().readers, 0);
}

#[tokio::test]
async fn a_failed_unit_undoes_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let results = futures(&store, 200).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 100);
    assert_eq!(count(&store).await, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_more_units_and_runs_those_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_within(directory.path(), Bounds { waiting: 3, commit: 2, ..BOUNDS });
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let slow = store.clone();
    let slow = tokio::spawn(async move {
        slow.write(move |_| {
            begun.send(()).unwrap();
            may_go_on.recv().map_err(|_| StoreError::Closed)
        })
        .await
    });
    has_begun.recv().await.unwrap();
    let mut waiting = Vec::new();
    let mut refused = 0;
    for id in 0..5 {
        let mut unit = Box::pin(add(&store, id, false));
        match std::future::poll_fn(|context| Poll::Ready(unit.as_mut().poll(context))).await {
            Poll::Ready(result) => {
                assert!(matches!(result, Err(StoreError::Busy)), "{result:?}");
                refused += 1;
            }
            Poll::Pending => waiting.push(unit),
        }
    }
    assert_eq!((waiting.len(), refused), (3, 2));
    go_on.send(()).unwrap();
    for unit in waiting {
        unit.await.unwrap();
    }
    slow.await.unwrap().unwrap();
    assert_eq!(count(&store).await, 3);
    add(&store, 9, false).await.unwrap();
}

/// The most pages that the database may have; a value below the present number means that number.
async fn limit_pages(store: &Store, pages: i64) {
    let limit = format!("PRAGMA max_page_count = {pages}");
    store.write(move |unit| unit.query(&limit, &[], |_| Ok::<_, StoreError>(()))).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_the_unit_that_needs_room_and_the_same_unit_succeeds_later() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 1, false).await.unwrap();
    let large = |unit: &mut crate::Unit<'_>| {
        let body = "x".repeat(100_000);
        unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[2.into(), (&body).into()])
    };
    limit_pages(&store, 1).await;
    let refused = store.write(large).await;
    assert!(matches!(refused, Err(StoreError::NoRoom(_))), "{refused:?}");
    assert_eq!(count(&store).await, 1);
    limit_pages(&store, 1_000_000).await;
    store.write(large).await.unwrap();
    assert_eq!(count(&store).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_holds_all_units_that_wait_and_no_more_than_it_may() {
    assert_eq!(seen_by_the_third(2).await, Some(1), "the first two were committed without it");
    assert_eq!(seen_by_the_third(3).await, Some(0), "all three are one commit");
}

/// Queues three units: the first blocks, the second adds a note, the third counts the committed notes. Returns that
/// count: 1 when the third is in a later commit than the second.
async fn seen_by_the_third(commit: usize) -> Option<i64> {
    let directory = tempfile::tempdir().unwrap();
    let store = open_within(directory.path(), Bounds { waiting: 3, commit, ..BOUNDS });
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let slow = store.write(move |_| {
        begun.send(()).unwrap();
        may_go_on.recv().map_err(|_| StoreError::Closed)
    });
    // Counts on a read connection, which sees committed notes only.
    let reader = store.clone();
    let third = store.write(move |_| {
        reader.read_now(|unit| unit.query_one("SELECT count(*) FROM note", &[], |row| row.get::<i64>(0)))
    });
    let queue = async {
        has_begun.recv().await.unwrap();
        let (added, seen, ()) =
            tokio::join!(biased; add(&store, 1, false), third, async { go_on.send(()).unwrap() });
        added.unwrap();
        seen.unwrap()
    };
    let (slow, seen) = tokio::join!(slow, queue);
    slow.unwrap();
    seen
}

async fn futures(store: &Store, count: i64) -> Vec<Result<(), StoreError>> {
    let tasks: Vec<_> = (0..count)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, id, id % 2 == 1).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test]
async fn a_failed_unit_makes_the_others_of_its_commit_run_again_and_take_effect_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    // Holds the writer until the others are in the queue, so that one commit takes them all.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let first = {
        let store = store.clone();
        tokio::spawn(async move { store.write(move |_| held.recv().map_err(|_| StoreError::Closed)).await })
    };
    let tasks: Vec<_> = (0..100)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { add(&store, id, id % 7 == 3).await.is_ok() })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(release);
    let _ = first.await.unwrap();
    for (id, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), id % 7 != 3, "{id}");
    }
    assert_eq!(count(&store).await, 86);
}

#[tokio::test]
async fn a_unit_refused_before_it_changed_anything_makes_no_other_run_twice() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (release, held) = std::sync::mpsc::channel::<()>();
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let first = store.write(move |_| Ok::<_, StoreError>(held.recv().is_err()));
    let counted = runs.clone();
    let one = store.write(move |unit| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[Value::Int(1), "x".into()])
    });
    let two = store.write(|unit| {
        let taken = "INSERT INTO note (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
        assert_eq!(unit.execute(taken, &[Value::Int(1), "y".into()])?, 0);
        Err::<(), _>(StoreError::Closed)
    });
    let all = async { tokio::join!(first, one, two, async { drop(release) }) };
    let (_, one, two, ()) = all.await;
    assert!(one.is_ok() && two.is_err());
    assert_eq!(runs.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_panic_undoes_its_unit_and_no_other_of_its_commit() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (one, two, three) = tokio::join!(
        add(&store, 1, false),
        store.write(|unit| -> Result<(), StoreError> {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[Value::Int(2), "x".into()])?;
            panic!("on purpose")
        }),
        add(&store, 3, false),
    );
    assert!(one.is_ok() && matches!(two, Err(StoreError::Panicked)) && three.is_ok());
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_long_log_is_written_from_its_beginning_again() {
    let directory = tempfile::tempdir().unwrap();
    let connection = crate::connect(&directory.path().join("test.sqlite"), crate::WRITER_CACHE).unwrap();
    connection.execute_batch(SCHEMA[0]).unwrap();
    let long = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = crate::writer::Writer::start(
        connection,
        Log::start(|| Ok(())),
        BOUNDS,
        signals(long.clone(), crate::statistics::StatisticsVersion::default()),
    );
    let add = async |id: i64, body: String| {
        let work = move |unit: &mut crate::Unit<'_>| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[id.into(), (&body).into()])
        };
        writer.run::<_, StoreError>(Box::new(work)).await.unwrap();
    };
    let length = || std::fs::metadata(directory.path().join("test.sqlite-wal")).unwrap().len();
    add(1, "x".repeat(1_000_000)).await;
    let long_log = length();
    long.store(true, std::sync::atomic::Ordering::Relaxed);
    add(2, "x".to_owned()).await;
    for id in 3..20 {
        add(id, "x".repeat(10_000)).await;
    }
    assert!(long_log > 1_000_000 && length() < long_log + 100_000, "{long_log} {}", length());
}

#[tokio::test]
async fn a_panic_undoes_its_unit_and_the_writer_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let result: Result<(), StoreError> = store
        .write(|unit| {
            unit.execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[Value::Int(1), "x".into()])?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(result, Err(StoreError::Panicked)));
    assert!(add(&store, 1, false).await.is_ok());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let result: Result<usize, StoreError> = store.read(|unit| unit.execute("DELETE FROM note", &[])).await;
    assert!(result.is_err());
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    add(&store, 7, false).await.unwrap();
    drop(store);
    assert_eq!(count(&open(directory.path())).await, 1);
}

#[test]
fn a_data_directory_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let owner = DataDir::lock(directory.path()).unwrap();
    let error = DataDir::lock(directory.path()).unwrap_err();
    assert!(matches!(error, DataDirError::InUse(_)));
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(owner);
    DataDir::lock(directory.path()).unwrap();
}

mod columns;
mod log;
mod plans;
mod read_only;
mod readers;
mod rows;
mod stepped;
