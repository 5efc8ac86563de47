//! The write-ahead log: nobody is told of a commit before it is on disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rusqlite::Connection;

use super::{BOUNDS, SCHEMA};
use crate::connection::{READER_CACHE, WRITER_CACHE, connect, migrate};
use crate::log::{Log, disk};
use crate::statistics::Statistics;
use crate::writer::Writer;
use crate::{StoreError, Value};

/// A writer whose disk the test plays.
struct Played {
    writer: Arc<Writer>,
    reader: Connection,
    /// How the next sync ends; it waits until this is said.
    disk: Sender<io::Result<()>>,
    syncs: Arc<AtomicUsize>,
    _directory: tempfile::TempDir,
}

impl Played {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.sqlite");
        migrate(&mut connect(&path, WRITER_CACHE).unwrap(), SCHEMA).unwrap();
        let (disk, said) = channel();
        let syncs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&syncs);
        let log = Log::start(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            said.recv().unwrap_or(Ok(()))
        });
        let connection = connect(&path, WRITER_CACHE).unwrap();
        let (long, version) = (Arc::new(AtomicBool::new(false)), Statistics::default().version());
        let writer = Arc::new(Writer::start(connection, log, BOUNDS, super::signals(long, version)));
        Self { writer, reader: connect(&path, READER_CACHE).unwrap(), disk, syncs, _directory: directory }
    }

    /// Adds a row, or looks for one when there is no `id`.
    fn unit(&self, id: Option<i64>) -> tokio::task::JoinHandle<Result<usize, StoreError>> {
        let writer = Arc::clone(&self.writer);
        tokio::spawn(async move {
            let work = Box::new(move |unit: &mut crate::Unit<'_>| match id {
                Some(id) => unit
                    .execute("INSERT INTO note (id, body) VALUES ($1, $2)", &[Value::from(id), "x".into()]),
                None => unit.execute("DELETE FROM note WHERE id = $1", &[Value::from(0_i64)]),
            });
            writer.run(work).await
        })
    }

    async fn until(&self, done: impl Fn(&Self) -> bool) {
        let wait = async {
            while !done(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it happens");
    }

    fn rows(&self) -> i64 {
        self.reader.query_row("SELECT count(*) FROM note", (), |row| row.get(0)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_a_commit_before_it_is_on_disk() {
    let played = Played::open();
    let first = played.unit(Some(1));
    played.until(|played| played.rows() == 1).await;
    assert!(!first.is_finished());
    // What finds the row already there acknowledges it as well.
    let repeated = played.unit(None);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!first.is_finished() && !repeated.is_finished());
    played.disk.send(Ok(())).unwrap();
    assert_eq!((first.await.unwrap().unwrap(), repeated.await.unwrap().unwrap()), (1, 0));
    assert_eq!(played.syncs.load(Ordering::SeqCst), 1, "what changes nothing needs no sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_the_log_is_synced_is_committed_together() {
    let played = Played::open();
    let first = played.unit(Some(1));
    played.until(|played| played.syncs.load(Ordering::SeqCst) == 1).await;
    let others: Vec<_> = (2..12).map(|id| played.unit(Some(id))).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(played.rows(), 1);
    (0..2).for_each(|_| played.disk.send(Ok(())).unwrap());
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!((played.rows(), played.syncs.load(Ordering::SeqCst)), (11, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sync_that_failed_nothing_more_is_written() {
    let played = Played::open();
    played.disk.send(Err(io::Error::other("the disk is gone"))).unwrap();
    assert!(matches!(played.unit(Some(1)).await.unwrap(), Err(StoreError::Uncertain)));
    assert!(matches!(played.unit(Some(2)).await.unwrap(), Err(StoreError::NotCommitted)));
    assert!(matches!(played.unit(Some(3)).await.unwrap(), Err(StoreError::Closed)));
    assert_eq!(played.rows(), 1);
}

#[test]
fn the_log_of_a_database_is_synced_and_one_that_is_not_there_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.sqlite");
    let mut sync = disk(&path);
    assert_eq!(sync().unwrap_err().kind(), io::ErrorKind::NotFound);
    migrate(&mut connect(&path, WRITER_CACHE).unwrap(), SCHEMA).unwrap();
    let open = connect(&path, WRITER_CACHE).unwrap();
    open.execute("INSERT INTO note (id, body) VALUES (1, 'x')", ()).unwrap();
    sync().unwrap();
    sync().unwrap();
}

/// A caller that goes away leaves its unit, and with it perhaps the last handle of the store, to the threads.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_may_hold_the_last_handle_of_its_own_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = super::open(directory.path());
    let (held, alive) = (store.clone(), Arc::new(()));
    let dropped = Arc::downgrade(&alive);
    let mut unit = Box::pin(async move {
        let work = move |unit: &mut crate::Unit<'_>| {
            let _ = (&held, &alive);
            unit.execute("INSERT INTO note (id, body) VALUES (1, 'x')", &[])
        };
        store.write(work).await
    });
    assert!(poll_once(unit.as_mut()).await.is_pending());
    drop(unit);
    for _ in 0..3000 {
        if dropped.strong_count() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(dropped.strong_count(), 0, "its threads wait for nobody");
    assert_eq!(super::count(&super::open(directory.path())).await, 1);
}

/// Polls once.
pub(super) async fn poll_once<F: Future + Unpin>(mut future: F) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context)))
        .await
}
