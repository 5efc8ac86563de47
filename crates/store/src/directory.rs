//! The data directory: one process at a time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds it.
    #[error("data directory {0} is in use by another process; stop that process or give another --data")]
    InUse(PathBuf),
    /// The system refused.
    #[error("data directory {path}: {error}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A data directory, locked for as long as this value lives. The lock is the system's own and goes with the
/// process, also when it is killed.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory when it is not there, and locks it.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let io = |error| DataDirError::Io { path: path.to_owned(), error };
        std::fs::create_dir_all(path).map_err(io)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("headwater.lock"))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// The path of a file inside.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
