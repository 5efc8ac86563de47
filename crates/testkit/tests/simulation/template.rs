//! What every run begins with: a ledger with partners, catalogue and triggers, and an empty journal, on files.

use std::path::Path;

use headwater_testkit::Headwater;
use serde_json::json;

use crate::receiver::EVENTS;

/// The files of a system that was set up once, and the keys of its program.
pub(crate) struct Template {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) program: i64,
    pub(crate) public_key: String,
    pub(crate) secret_key: String,
    pub(crate) stripe_secret: String,
}

impl Template {
    /// Sets a program up with the real ledger and keeps its files.
    pub(crate) fn make() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let headwater = Headwater::start().await;
            headwater.set_up_catalogue().await;
            let webhook = json!({"target": "https://hooks.example.com/headwater", "events": EVENTS});
            headwater.program(0).vendor().post("webhooks", webhook).await.data();
            let directory = in_memory();
            for (name, migrations) in
                [("ledger", headwater_ledger::MIGRATIONS), ("journal", headwater_journal::MIGRATIONS)]
            {
                copy(headwater.directory(), directory.path(), name, migrations);
            }
            let (program, keys) = (headwater.program(0), headwater.program(0).keys());
            Self {
                program: program.id(),
                public_key: keys.public_key.clone(),
                secret_key: keys.secret_key.clone(),
                stripe_secret: program.stripe_secret(),
                directory,
            }
        })
    }
}

/// Copies a database with its log, and moves the log into the copy.
fn copy(from: &Path, to: &Path, name: &str, migrations: &[&'static str]) {
    for file in [format!("{name}.sqlite"), format!("{name}.sqlite-wal")] {
        std::fs::copy(from.join(&file), to.join(&file)).unwrap();
    }
    // Closing moves the log.
    headwater_teststore::open(to, name, migrations);
}

/// A directory in memory, where the system has one: thousands of small databases are made and thrown away.
pub(crate) fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
