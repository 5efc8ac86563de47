//! Stopping: at SIGTERM or ctrl-c open requests and deliveries end within a bound. What is not finished by then is said,
//! and the process ends all the same: nothing that was acknowledged is lost by that, it is delivered after the next start.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a process that could not finish what it had begun.
pub(crate) const UNFINISHED: u8 = 3;
/// How much longer than the drain time the whole process may take: closing the stores waits for writers, which wait for a
/// database that is away.
const CLOSING: Duration = Duration::from_secs(5);

/// What a stopping server could not finish within its time.
#[derive(Debug)]
pub(crate) struct Unfinished(pub(crate) usize);

impl std::fmt::Display for Unfinished {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "stopped, but the outcome of {} deliveries could not be stored; they are repeated after the next start, which \
             receivers tolerate",
            self.0
        )
    }
}

impl std::error::Error for Unfinished {}

/// A flag that turns true at SIGTERM or SIGINT (ctrl-c). A process that has not ended `drain` and a few seconds after it
/// is ended, with [`UNFINISHED`].
pub(crate) fn on_signal(drain: Duration) -> anyhow::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!(seconds = drain.as_secs(), "stopping: open requests and deliveries may still end");
        let _ = stop.send(true);
        // A thread, because the runtime may be the one that waits.
        std::thread::spawn(move || {
            let most = drain + CLOSING;
            std::thread::sleep(most);
            tracing::error!(
                seconds = most.as_secs(),
                "not stopped in time: ending at once; nothing accepted is lost"
            );
            std::process::exit(UNFINISHED.into());
        });
    });
    Ok(stopped)
}
