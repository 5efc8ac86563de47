//! Where everything is stored: in the files of a data directory, or in the schemas of a database.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use headwater_protocol::limits;
use headwater_store::{Address, Bounds, DataDir, DataDirError, Store};

use crate::args;

/// A part with a store of its own. Not every process has all parts: a relay has no ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoragePart {
    pub(crate) name: &'static str,
    /// Its file in a data directory.
    pub(crate) file: &'static str,
    /// Its schema in a database.
    pub(crate) schema: &'static str,
    pub(crate) migrations: &'static [&'static str],
}

/// The ledger: customers, payments, commissions.
pub(crate) const LEDGER: StoragePart = StoragePart {
    name: "ledger",
    file: "ledger.sqlite",
    schema: "headwater_ledger",
    migrations: headwater_ledger::MIGRATIONS,
};
/// The event queue of a server with a ledger.
pub(crate) const JOURNAL: StoragePart = StoragePart {
    name: "journal",
    file: "journal.sqlite",
    schema: "headwater_journal",
    migrations: headwater_journal::MIGRATIONS,
};

/// The event queue of a relay without a ledger. In a database it has a schema of its own: a server that shared it would
/// claim events of programs that it does not know.
pub(crate) const RELAY_JOURNAL: StoragePart =
    StoragePart { name: "relay's journal", schema: "headwater_relay", ..JOURNAL };

const BOUNDS: Bounds = Bounds {
    waiting: limits::WRITE_QUEUE_MAX,
    commit: limits::COMMIT_UNITS_MAX,
    readers: limits::READERS_MAX,
    reader_wait: Duration::from_millis(limits::READ_WAIT),
};

/// The data directory or database of the process.
#[derive(Debug)]
pub(crate) enum Storage {
    /// A directory, locked until this value is dropped.
    Directory(DataDir),
    Database(Box<Address>),
}

impl Storage {
    /// Locks the directory, or reads the database's address.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] when another process has locked the directory.
    pub(crate) fn take(options: &args::StorageArguments) -> anyhow::Result<Self> {
        if let Some(address) = address(options)? {
            return Ok(Self::Database(Box::new(address)));
        }
        let data = options.data.as_deref().context("--data or --database says where everything is stored")?;
        let directory = DataDir::lock(data).map_err(|error: DataDirError| anyhow::Error::new(error))?;
        Ok(Self::Directory(directory))
    }

    /// The data directory; `None` for a database.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(directory) => Some(directory.path().to_owned()),
            Self::Database(_) => None,
        }
    }

    /// Opens a part and runs its migrations.
    pub(crate) fn open(&self, part: StoragePart) -> anyhow::Result<Store> {
        match self {
            Self::Directory(directory) => {
                let path = directory.file(part.file)?;
                Store::open(&path, part.migrations, BOUNDS)
                    .with_context(|| format!("cannot open {}", path.display()))
            }
            Self::Database(address) => Store::open_shared(address, part.schema, part.migrations, BOUNDS)
                .with_context(|| format!("cannot open schema {}", part.schema)),
        }
    }
}

/// Shows the option as an operator gives it, without a password.
impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "--data {}", directory.path().display()),
            Self::Database(address) => write!(f, "--database {address}"),
        }
    }
}

/// The database's address, if `--database` is given.
pub(crate) fn address(options: &args::StorageArguments) -> anyhow::Result<Option<Address>> {
    let given = options.database.as_deref().filter(|text| !text.is_empty());
    given.map(str::parse).transpose().context("--database")
}
