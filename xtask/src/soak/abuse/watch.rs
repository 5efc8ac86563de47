//! Monitors a server's memory and open files during an attack, from `/proc`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Time between two samples.
const EVERY: Duration = Duration::from_millis(20);
/// Time after an attack for connections to be closed.
pub(super) const SETTLE: Duration = Duration::from_secs(3);

/// The samples' extremes.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResourceUse {
    pub(super) before_mib: u64,
    pub(super) peak_mib: u64,
    pub(super) files_before: usize,
    pub(super) files_peak: usize,
    pub(super) files_after: usize,
    /// The process's own limit.
    pub(super) files_max: usize,
}

/// Samples until [`Watcher::end`].
pub(super) struct Watcher {
    over: watch::Sender<bool>,
    looking: JoinHandle<anyhow::Result<ResourceUse>>,
}

/// Lets this process open as many files as the system allows: each hostile client is a connection.
pub(super) fn raise_own_files() -> anyhow::Result<()> {
    let now = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum })?;
    Ok(())
}

/// Starts to sample a process; the last sample is taken `settle` after the end.
pub(super) fn begin(process: u32, settle: Duration) -> anyhow::Result<Watcher> {
    let place = PathBuf::from(format!("/proc/{process}"));
    let (memory, files) = measure(&place)?;
    let mut seen = ResourceUse {
        before_mib: memory,
        peak_mib: memory,
        files_before: files,
        files_peak: files,
        files_after: files,
        files_max: files_max(&std::fs::read_to_string(place.join("limits"))?)?,
    };
    let (over, mut ended) = watch::channel(false);
    let looking = tokio::spawn(async move {
        while tokio::time::timeout(EVERY, ended.wait_for(|over| *over)).await.is_err() {
            let (memory, files) = measure(&place)?;
            (seen.peak_mib, seen.files_peak) = (seen.peak_mib.max(memory), seen.files_peak.max(files));
        }
        tokio::time::sleep(settle).await;
        seen.files_after = measure(&place)?.1;
        Ok(seen)
    });
    Ok(Watcher { over, looking })
}

impl Watcher {
    /// Becomes true when the sampling ends.
    pub(super) fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    /// Ends the sampling and returns the result.
    pub(super) async fn end(self) -> anyhow::Result<ResourceUse> {
        self.over.send_replace(true);
        self.looking.await?
    }
}

/// One sample: resident MiB and open files.
fn measure(place: &Path) -> anyhow::Result<(u64, usize)> {
    let status =
        std::fs::read_to_string(place.join("status")).context("the server is gone, or there is no /proc")?;
    let files = std::fs::read_dir(place.join("fd"))?.count();
    Ok((resident_mib(&status)?, files))
}

fn resident_mib(status: &str) -> anyhow::Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.context("status names no VmRSS")? / 1024)
}

fn files_max(limits: &str) -> anyhow::Result<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    soft.context("limits name no number of open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_limits_are_read_as_the_system_writes_them() {
        assert_eq!(resident_mib("VmHWM:\t  400000 kB\nVmRSS:\t  204800 kB\n").unwrap(), 200);
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            4096   65536    files\n";
        assert_eq!(files_max(limits).unwrap(), 4096);
        assert!(resident_mib("").is_err());
    }

    #[tokio::test]
    async fn this_process_has_memory_and_files() {
        let watcher = begin(std::process::id(), Duration::ZERO).unwrap();
        let seen = watcher.end().await.unwrap();
        assert!(seen.peak_mib > 0 && seen.files_before > 2 && seen.files_max > seen.files_before, "{seen:?}");
    }
}
