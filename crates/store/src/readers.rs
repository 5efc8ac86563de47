//! Read connections: a bounded number, each opened when it is first needed. A read that finds none free waits for a
//! bounded time and then fails as busy, so that many readers at once cost time, but no more files and memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{READER_CACHE, connect, leave_log, statement};
use crate::error::refused;
use crate::statistics::StatisticsVersion;
use crate::{Bounds, StoreError, Unit};

/// Limits how many connections are used at once.
pub(crate) struct ReadPermits {
    free: Arc<Semaphore>,
    wait: Duration,
}

/// A permit to use one connection until it is dropped.
pub(crate) struct ReadPermit(#[expect(dead_code, reason = "held for its `Drop`")] OwnedSemaphorePermit);

impl ReadPermits {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self { free: Arc::new(Semaphore::new(bounds.readers)), wait: bounds.reader_wait }
    }

    /// How many connections may be used besides those that are in use.
    pub(crate) fn free(&self) -> usize {
        self.free.available_permits()
    }

    /// Waits for a connection to come free.
    pub(crate) async fn acquire(&self) -> Result<ReadPermit, StoreError> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(ReadPermit(permit));
        }
        match tokio::time::timeout(self.wait, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(ReadPermit(permit)),
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(StoreError::Busy),
        }
    }
}

/// The read connections of a file.
pub(crate) struct FileReaders {
    path: PathBuf,
    pub(crate) permits: ReadPermits,
    idle_max: usize,
    version: StatisticsVersion,
    /// Whether closing a connection leaves the write-ahead log as it is.
    leaves_log: bool,
    idle: Mutex<Vec<(u64, Connection)>>,
}

impl FileReaders {
    pub(crate) fn new(path: PathBuf, bounds: &Bounds, version: StatisticsVersion) -> Self {
        Self {
            path,
            permits: ReadPermits::new(bounds),
            idle_max: bounds.readers,
            version,
            leaves_log: false,
            idle: Mutex::default(),
        }
    }

    /// The same readers, whose connections leave the write-ahead log as it is when they are closed.
    pub(crate) fn leaving_log(self) -> Self {
        Self { leaves_log: true, ..self }
    }

    /// Runs `work` on one snapshot. A connection whose `BEGIN` or `COMMIT` fails, or in which `work` panics, is closed.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (version, connection) = self.take()?;
        statement(&connection, "BEGIN")?;
        let result = work(&mut Unit::sqlite(&connection));
        statement(&connection, "COMMIT")?;
        self.put_back(version, connection);
        result
    }

    fn take(&self) -> Result<(u64, Connection), StoreError> {
        let pooled = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(pooled) = pooled {
            return Ok(pooled);
        }
        // The version is read before the connection is opened, so the connection has these statistics or newer ones.
        let version = self.version.now();
        let connection = connect(&self.path, READER_CACHE)?;
        connection.pragma_update(None, "query_only", true).map_err(refused)?;
        if self.leaves_log {
            leave_log(&connection)?;
        }
        Ok((version, connection))
    }

    /// Keeps the connection for the next reader, unless it has older statistics than there are now.
    fn put_back(&self, version: u64, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if version == self.version.now() && idle.len() < self.idle_max {
            idle.push((version, connection));
        }
    }
}
