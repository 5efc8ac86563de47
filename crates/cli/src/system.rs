//! What comes from the operating system: the clock, randomness, the limit of open files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use headwater_protocol::{Millis, limits};
use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The wall clock. A time before 1970 reads as 1970.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A monotonic clock that begins now: setting the wall clock does not change it.
pub(crate) fn monotonic() -> headwater_relay::Monotonic {
    let begun = Instant::now();
    Arc::new(move || begun.elapsed())
}

/// The bytes that this process may still write to the disk of `path`.
///
/// # Errors
/// When the system does not say.
pub(crate) fn free_bytes(path: &Path) -> std::io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// 32 bytes from the system's random generator. Panics if that fails, because no secret can be made then.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system's random generator answers");
    bytes
}

/// Raises the limit of open files as far as the system allows; returns how many client connections that leaves room
/// for. Many systems start a process with 1,024, which a busy minute uses up.
pub(crate) fn connections() -> usize {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    let wanted = limits::OPEN_FILES.min(most);
    let mut files = now.current.unwrap_or(u64::MAX);
    if files < wanted {
        match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }) {
            Ok(()) => files = wanted,
            Err(error) => tracing::warn!(%error, files, "the limit of open files stays as it is"),
        }
    }
    // With a very low limit, only half is reserved: a server with few connections is better than none.
    let reserved = limits::OPEN_FILES_RESERVED.min(files / 2);
    let connections = usize::try_from(files.min(limits::OPEN_FILES) - reserved).unwrap_or(1);
    tracing::info!(files, connections, "open files");
    connections
}
