//! Polls a condition until it holds, or until a deadline.

use std::time::Duration;

/// Long enough for a loaded machine; a row that works never comes near it.
const DEADLINE: Duration = Duration::from_secs(20);
/// Time between two polls.
const TICK: Duration = Duration::from_millis(10);

/// Polls until `ask` succeeds; at the deadline its last error is returned.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Result<T, String>) -> Result<T, String> {
    let start = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(last) if start.elapsed() > DEADLINE => return Err(format!("after {DEADLINE:?}: {last}")),
            Err(_) => {}
        }
    }
}
