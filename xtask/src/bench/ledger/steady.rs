//! Signups at a steady rate, far below the maximum: the time of each from the relay's acknowledgement to its record
//! in the ledger.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{BOOKED_WITHIN, BenchClient, BenchLedger, Options, PAYING, booked, set_up_catalogue};
use crate::bench::load;

/// Signups a second.
const RATE: u32 = 1000;
/// Connections that send them, in turn.
const CONNECTIONS: u32 = 50;
/// Time between two polls of how many are recorded.
const LOOK: Duration = Duration::from_millis(2);

/// Sends at the rate, however long the answers take, and polls the ledger. The n-th signup to be acknowledged counts
/// as recorded when n are. One that overtakes another is counted in its place, which leaves the sum of the times as
/// it is.
pub(super) async fn measure(program: &Path, options: &Options) -> anyhow::Result<String> {
    let ledger = BenchLedger::init(program).await?;
    let (server, client) = ledger.serve().await?;
    set_up_catalogue(&client).await?;
    let seconds = u32::try_from(options.seconds)?.saturating_mul(2);
    let begin = Instant::now() + Duration::from_millis(100);
    let mut senders = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let (client, public_key) = (client.clone(), ledger.public_key.clone());
        senders.spawn(send(client, public_key, connection, (begin, seconds)));
    }
    let polled = tokio::spawn(poll_counts(client.clone(), PAYING + u64::from(RATE * seconds)));
    let mut acknowledged = Vec::new();
    while let Some(sent) = senders.join_next().await {
        acknowledged.extend(sent??);
    }
    acknowledged.sort_unstable();
    let looks = polled.await??;
    server.stop().await?;
    let mut looks = looks.into_iter().peekable();
    let mut took = Vec::new();
    for (number, at) in (PAYING + 1..).zip(&acknowledged) {
        while looks.peek().is_some_and(|(_, there)| *there < number) {
            looks.next();
        }
        let Some((seen, _)) = looks.peek() else { break };
        took.push(seen.saturating_duration_since(*at));
    }
    ensure!(took.len() == acknowledged.len(), "{} of {} were booked", took.len(), acknowledged.len());
    let sample = load::summary(took, Duration::from_secs(u64::from(seconds)))?;
    let (p50, p99) = (sample.p50.as_secs_f64() * 1e3, sample.p99.as_secs_f64() * 1e3);
    eprintln!("{RATE} signups/s: booked p50 {p50:.1} ms, p99 {p99:.1} ms after their acknowledgement");
    Ok(format!(
        "At a steady {RATE} signups a second one is booked {p50:.1} ms after it was acknowledged (p99 **{p99:.1} ms**).\n"
    ))
}

/// Sends the signups of one connection, each at its time; returns when each was acknowledged.
async fn send(
    client: BenchClient,
    public_key: String,
    connection: u32,
    (begin, seconds): (Instant, u32),
) -> anyhow::Result<Vec<Instant>> {
    let mut http = client.connect().await?;
    let mut acknowledged = Vec::new();
    for number in 0..RATE * seconds / CONNECTIONS {
        let due = begin + Duration::from_secs(1) * (number * CONNECTIONS + connection) / RATE;
        tokio::time::sleep_until(due.into()).await;
        let event = load::signup(&public_key, u64::from(connection), u64::from(number));
        client.send(&mut http, ("POST", "/v1/events"), event).await?;
        acknowledged.push(Instant::now());
    }
    Ok(acknowledged)
}

/// Polls how many are recorded until all are; returns each time with its count.
async fn poll_counts(client: BenchClient, all: u64) -> anyhow::Result<Vec<(Instant, u64)>> {
    let begun = Instant::now();
    let mut looks = Vec::new();
    loop {
        let there = booked(&client).await?;
        looks.push((Instant::now(), there));
        if there >= all || begun.elapsed() > BOOKED_WITHIN {
            return Ok(looks);
        }
        tokio::time::sleep(LOOK).await;
    }
}
