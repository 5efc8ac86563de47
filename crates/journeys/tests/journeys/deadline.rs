//! Waiting for what will be true soon: asked again until it is, or until the deadline.

use std::time::Duration;

/// Long enough for a loaded machine; a journey that works never comes near it.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between two questions.
const TICK: Duration = Duration::from_millis(25);

/// Asks until the answer is there. `what` says in the failure what was waited for.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(DEADLINE, asking).await;
    answer.unwrap_or_else(|_| panic!("waited {DEADLINE:?} for {what}"))
}
