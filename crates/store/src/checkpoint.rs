//! The checkpoint thread of an SQLite file: it moves the write-ahead log into the file while commits go on, and gathers
//! the planner's statistics of tables that have grown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::statistics::Statistics;

/// The pause between two checkpoints. Passive checkpoints wait for no reader or writer, so they can run often, and each
/// has little to do.
const INTERVAL: Duration = Duration::from_millis(250);

/// Pages of the write-ahead log from which on it is restarted: 64 MiB. A longer log takes more disk and makes every
/// lookup in it slower; a shorter one writes pages to the file that soon change again.
const LOG_PAGES: i64 = 16 * 1024;

/// Checkpoints between two checks of how much the tables have grown: a minute.
const LOOK_AT_TABLES: u32 = 240;

/// Handle of the checkpoint thread; dropping it stops the thread.
pub(crate) struct Checkpoint {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    /// Starts the thread. It sets `log_is_long` when the writer should restart the log.
    pub(crate) fn start(
        connection: Connection,
        log_is_long: Arc<AtomicBool>,
        mut statistics: Statistics,
    ) -> Self {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                let mut round = 0_u32;
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    match checkpoint(&connection) {
                        Ok(pages) => log_is_long.store(pages > LOG_PAGES, Ordering::Relaxed),
                        Err(error) => tracing::warn!(%error, "a checkpoint failed; the next one runs soon"),
                    }
                    round = round.wrapping_add(1);
                    if round.is_multiple_of(LOOK_AT_TABLES)
                        && let Err(error) = statistics.refresh(&connection)
                    {
                        tracing::warn!(%error, "statistics were not gathered; tried again in a minute");
                    }
                }
            })
            .expect("the system can start a thread");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

/// Moves the content of the log into the file; returns how many pages the log has.
fn checkpoint(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| row.get(1))
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::checkpoint;
    use crate::{WRITER_CACHE, connect};

    #[test]
    fn a_checkpoint_moves_the_log_into_the_file_and_says_how_long_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.sqlite");
        let connection = connect(&path, WRITER_CACHE).unwrap();
        assert_eq!(checkpoint(&connection).unwrap(), 0);
        connection.execute_batch("CREATE TABLE note (body text NOT NULL)").unwrap();
        connection.execute("INSERT INTO note (body) VALUES (?1)", ["x".repeat(400_000)]).unwrap();
        let before = std::fs::metadata(&path).unwrap().len();
        let pages = checkpoint(&connection).unwrap();
        assert!((100..200).contains(&pages), "{pages} pages of 4 KiB");
        assert!(std::fs::metadata(&path).unwrap().len() >= before + 400_000);
    }
}
