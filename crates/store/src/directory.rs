//! The data directory: used by one process at a time, and readable by its owner only.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The file that a process locks while it uses the directory.
const LOCK: &str = "headwater.lock";
/// The permission bits of group and others, none of which may be set (trust.md section 4).
const OTHERS: u32 = 0o077;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds it.
    #[error("data directory {0} is in use by another process; stop that process or give another --data")]
    InUse(PathBuf),
    /// Other users may read it, and its permissions are not changed because it holds files that are not Headwater's.
    #[error(
        "directory {0} is open to other users and holds other files; chmod 700 it or give another --data"
    )]
    Foreign(PathBuf),
    /// The system refused.
    #[error("data directory {path}: {error}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A data directory, locked until this value is dropped. The operating system releases the lock when the process ends,
/// also when it is killed.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory when it is not there, and locks it. The directory gets mode 0700 and its files 0600; a
    /// warning in the log names each one that was open to other users until then.
    ///
    /// # Errors
    /// When another process has locked it, when it is open to other users and holds files but was no data directory
    /// before, or when the system refuses.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let io = |error| DataDirError::Io { path: path.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        if is_open(path).map_err(io)? && is_foreign(path).map_err(io)? {
            return Err(DataDirError::Foreign(path.to_owned()));
        }
        close(path, 0o700).map_err(io)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join(LOCK))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        close_files(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), _lock: file })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file inside, which is made empty with mode 0600 when it is not there. SQLite would make it
    /// readable by others, and its write-ahead log too, which gets the mode of the database.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn file(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.path.join(name);
        match File::options().create(true).append(true).mode(0o600).open(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(DataDirError::Io { path, error }),
        }
    }
}

fn is_open(path: &Path) -> std::io::Result<bool> {
    Ok(std::fs::metadata(path)?.permissions().mode() & OTHERS != 0)
}

/// Whether the directory holds files and was no data directory before (it has no lock file).
fn is_foreign(path: &Path) -> std::io::Result<bool> {
    Ok(!path.join(LOCK).exists() && std::fs::read_dir(path)?.next().is_some())
}

/// Takes away the permissions of group and others.
fn close(path: &Path, mode: u32) -> std::io::Result<()> {
    if is_open(path)? {
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
        tracing::warn!("{} was open to other users; it is {mode:o} now", path.display());
    }
    Ok(())
}

/// Does the same for every file inside.
fn close_files(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            close(&entry.path(), 0o600)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_data_directory_is_its_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let directory = DataDir::lock(&path).unwrap();
        let file = directory.file("journal.sqlite").unwrap();
        assert_eq!((mode(&path), mode(&path.join(LOCK)), mode(&file)), (0o700, 0o600, 0o600));
    }

    #[test]
    fn a_data_directory_that_others_could_read_becomes_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for name in [LOCK, "ledger.sqlite", "ledger.sqlite-wal"] {
            std::fs::write(path.join(name), "").unwrap();
            std::fs::set_permissions(path.join(name), Permissions::from_mode(0o644)).unwrap();
        }
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        let _locked = DataDir::lock(path).unwrap();
        assert_eq!(mode(path), 0o700);
        for name in [LOCK, "ledger.sqlite", "ledger.sqlite-wal"] {
            assert_eq!(mode(&path.join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn a_private_directory_may_hold_other_files() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("letter.txt"), "").unwrap();
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        DataDir::lock(directory.path()).unwrap();
    }

    #[test]
    fn a_readable_directory_with_other_files_is_refused_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::write(path.join("letter.txt"), "").unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(DataDir::lock(path).unwrap_err(), DataDirError::Foreign(_)));
        assert_eq!(mode(path), 0o755);
        std::fs::remove_file(path.join("letter.txt")).unwrap();
        DataDir::lock(path).unwrap();
        assert_eq!(mode(path), 0o700);
    }
}
