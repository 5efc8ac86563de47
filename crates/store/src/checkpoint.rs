//! Checkpoints off the commit path: a thread moves the write-ahead log into the file while commits go on.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// Between two checkpoints. Passive ones wait for nobody, so they may be frequent and stay small.
const INTERVAL: Duration = Duration::from_millis(250);

/// Handle of the checkpoint thread; dropping it stops the thread.
pub(crate) struct Checkpoint {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    pub(crate) fn start(connection: Connection) -> Self {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
                    {
                        tracing::warn!(%error, "checkpoint put off");
                    }
                }
            })
            .expect("the system can start a thread");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
