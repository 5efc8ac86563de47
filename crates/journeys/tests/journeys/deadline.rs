//! Polls a condition until it holds, or until a deadline.

use std::time::Duration;

/// Long enough for a loaded machine; a journey that works never comes near it.
const DEADLINE: Duration = Duration::from_mins(1);
/// Time between two polls.
const TICK: Duration = Duration::from_millis(25);

/// Polls until `ask` returns a value. `what` names the condition in the failure message.
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
