//! Whether the server can take events, and if not, what is missing.

use std::time::Duration;

use headwater_protocol::limits::DISK_FREE_MIN;
use serde::Serialize;

use super::OperatorInterface;
use crate::system;

/// How long a store may take to show that it can be written: longer than a slow commit, shorter than what asks waits.
const WRITE_WAIT: Duration = Duration::from_secs(3);

/// Something that is not ready.
#[derive(Debug, Serialize)]
pub(super) struct Missing {
    what: String,
    why: String,
    remedy: &'static str,
}

/// Everything that keeps the server from taking events; empty when it is ready.
pub(super) async fn missing(admin: &OperatorInterface) -> Vec<Missing> {
    let not = |what: &str, why: String, remedy| Missing { what: what.to_owned(), why, remedy };
    if *admin.stop.borrow() {
        return vec![not("server", "it is stopping".to_owned(), "start it again, or wait for its successor")];
    }
    let Some(started) = admin.started.get() else {
        let why = "the stores are being opened and migrated".to_owned();
        return vec![not("migrations", why, "wait; the log says when something is wrong")];
    };
    let running = &started.running;
    let mut found = Vec::new();
    for (name, store) in &running.stores {
        let written = tokio::time::timeout(WRITE_WAIT, store.check_writable()).await;
        let why = match written {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it was not written within {} s", WRITE_WAIT.as_secs()),
        };
        let remedy =
            "see the log; look at the disk or the database, and restart the server when it stays closed";
        found.push(not(&format!("store {name}"), why, remedy));
    }
    if running.programs.is_empty() {
        found.push(not("program", "no program is set up".to_owned(), "make one with `headwater init`"));
    }
    if let Some(directory) = &running.directory {
        match system::free_bytes(directory) {
            Ok(free) if free >= DISK_FREE_MIN => {}
            Ok(free) => {
                let why = format!("{} MiB are free, {} are needed", free >> 20, DISK_FREE_MIN >> 20);
                found.push(not("disk", why, "make room on the disk of the data directory, or enlarge it"));
            }
            Err(error) => {
                found.push(not("disk", error.to_string(), "look at the disk of the data directory"));
            }
        }
    }
    found
}
