//! The loop that delivers while a server runs: when it claims and rests, what it repeats, and how it ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use headwater_journal::{KEEP_BODY, NewEntry, Outcome, State};
use headwater_protocol::Millis;
use headwater_protocol::limits::{DELIVERIES_MAX, DELIVERY_BACKOFF_MIN, PARKED_DELIVERIES_MAX};
use http::Request;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{
    AHEAD_MAX, CLAIM_EVERY_MAX, DeliveryLoop, LEASE, PRUNE_EVERY, RELEASE_EVERY, has_passed, run, work,
};
use super::{DeliveryTest, PAYMENT, ReceivedRequests, SIGNUP, delivery_test, delivery_to};
use crate::Relay;

/// Longer than any of these tests takes.
const DRAIN: Duration = Duration::from_mins(10);

/// Runs the loop with the clock at each of these times in turn, and stops it at the last.
async fn run_at(delivery: &DeliveryTest, times: &[i64]) {
    let (stop, stopped) = watch::channel(false);
    let left = Mutex::new(VecDeque::from_iter(times.to_owned()));
    let now = Arc::clone(&delivery.now);
    let clock = move || {
        let (mut left, mut now) = (left.lock().unwrap(), now.lock().unwrap());
        *now = left.pop_front().unwrap_or(*now);
        if left.is_empty() {
            stop.send_replace(true);
        }
        Millis(*now)
    };
    let relay = Relay { clock: Arc::new(clock), ..delivery.relay.clone() };
    // Without the bound on its end: when the clock of the runtime is paused, that would be over at once.
    work(&mut DeliveryLoop::new(relay, Arc::clone(&delivery.destinations)), stopped).await;
}

/// A signup of each of so many customers, in the journal at once.
async fn take_signups(delivery: &DeliveryTest, count: usize) {
    let entry = |n: usize| {
        let id = format!("019365b2-7c00-7abc-8def-{n:012x}");
        let data = SIGNUP.replace("gk_1", &format!("gk_{n}"));
        let body = format!(r#"{{"id":"{id}","type":"signup","occurred_at":1,"data":{data}}}"#);
        let (program, test, lane) = (1, false, format!("1:c:gk_{n}"));
        let id = id.parse::<headwater_protocol::EventId>().unwrap().bytes();
        NewEntry { id, program, test, lane, kind: "signup", source: "page", body, received_at: 1 }
    };
    delivery.relay.journal.append((0..count).map(entry).collect()).await.unwrap();
}

/// A receiver that never answers.
fn silent() -> DeliveryTest {
    delivery_to(Router::new().fallback(std::future::pending::<&str>), ReceivedRequests::default())
}

#[tokio::test(start_paused = true)]
async fn old_texts_are_deleted_at_the_start_and_then_hourly() {
    for (after, deleted) in [
        (&[0][..], true),
        (&[-PRUNE_EVERY][..], false),
        (&[-PRUNE_EVERY, -1][..], false),
        (&[1 - PRUNE_EVERY, 0][..], false),
        (&[-PRUNE_EVERY, 0][..], true),
    ] {
        let delivery = delivery_test(&[]);
        delivery.take("signup", SIGNUP).await;
        delivery.settle().await;
        let old = delivery.relay.now().0 + KEEP_BODY;
        run_at(&delivery, &after.iter().map(|millis| old + millis).collect::<Vec<_>>()).await;
        assert_eq!(delivery.in_state(State::Delivered).await[0].body.is_empty(), deleted, "{after:?}");
    }
}

#[test]
fn what_is_repeated_is_due_after_its_time_and_when_the_clock_was_set_back() {
    let due = |now| has_passed(100, 1_000, now);
    assert_eq!([due(1_000), due(1_099), due(1_100), due(999)], [false, false, true, true]);
    assert!(has_passed(100, i64::MIN, i64::MAX), "and never overflows");
}

#[tokio::test(start_paused = true)]
async fn what_was_delayed_while_the_clock_was_ahead_is_delivered_when_it_is_set_back() {
    let unknown = r#"{"message":"no such customer","status":404,"code":"customer_not_found"}"#;
    let delivery = delivery_test(&[(404, unknown)]);
    let right = delivery.relay.now().0;
    delivery.later(2 * AHEAD_MAX);
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    let ahead = delivery.relay.now().0;
    run_at(&delivery, &[ahead]).await;
    assert_eq!(delivery.count(State::Parked).await, 1, "it waits for its next attempt");
    run_at(&delivery, &[ahead, right]).await;
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_ended_process_had_claimed_is_delivered_at_the_start() {
    let delivery = delivery_test(&[]);
    if delivery.relay.journal.is_shared() {
        return; // there, this process lives and keeps its claim
    }
    delivery.take("signup", SIGNUP).await;
    let now = delivery.relay.now().0;
    assert_eq!(delivery.relay.journal.claim(now, 1, 1, LEASE).await.unwrap().len(), 1);
    delivery.settle().await;
    assert!(delivery.received().is_empty(), "it is claimed");
    run_at(&delivery, &[now]).await;
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

/// The loop in a task of its own, in front of a receiver that reports each customer and answers when it may: `gk_busy`
/// with 503, all others with success.
struct RunningLoop {
    delivery: DeliveryTest,
    heard: mpsc::UnboundedReceiver<String>,
    answers: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    task: JoinHandle<usize>,
}

fn start() -> RunningLoop {
    start_draining(DRAIN)
}

/// The same, with so much time to end when it is stopped.
fn start_draining(drain: Duration) -> RunningLoop {
    let (hear, heard) = mpsc::unbounded_channel();
    let answers = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&answers);
    let receiver = Router::new().fallback(move |request: Request<Body>| {
        let (hear, permits) = (hear.clone(), Arc::clone(&permits));
        async move {
            let body = to_bytes(request.into_body(), 100_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let customer = body["customer_key"].as_str().unwrap().to_owned();
            let status = if customer == "gk_busy" { 503 } else { 200 };
            hear.send(customer).unwrap();
            permits.acquire().await.unwrap().forget();
            axum::response::Response::builder().status(status).body(Body::from("{}")).unwrap()
        }
    });
    let delivery = delivery_to(receiver, ReceivedRequests::default());
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(delivery.relay.clone(), Arc::clone(&delivery.destinations), stopped, drain));
    RunningLoop { delivery, heard, answers, stop, task }
}

impl RunningLoop {
    async fn take(&self, customer: &str) {
        self.delivery.take("signup", &SIGNUP.replace("gk_1", customer)).await;
    }

    /// The customer of the next request.
    async fn hears(&mut self) -> String {
        tokio::select! {
            heard = self.heard.recv() => heard.unwrap(),
            ended = &mut self.task => panic!("the loop has ended: {ended:?}"),
        }
    }

    /// Waits until an entry is in this state.
    async fn has(&self, state: State) {
        while self.delivery.count(state).await == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_loop_that_is_stopped_waits_no_longer_than_it_may_and_says_what_is_left() {
    let mut running = start_draining(Duration::from_millis(50));
    running.take("gk_1").await;
    assert_eq!(running.hears().await, "gk_1");
    running.stop.send(true).unwrap();
    assert_eq!(running.task.await.unwrap(), 1, "it was sent, and nobody has answered");
    assert_eq!(running.delivery.count(State::Delivered).await, 0);
}

#[tokio::test]
async fn a_loop_that_is_stopped_settles_what_is_under_way_and_begins_nothing_new() {
    let mut running = start();
    running.take("gk_1").await;
    assert_eq!(running.hears().await, "gk_1", "appended while it ran");
    running.stop.send(true).unwrap();
    let ended = tokio::time::timeout(Duration::from_millis(50), &mut running.task).await;
    assert!(ended.is_err(), "its outcome would be lost");
    running.take("gk_2").await;
    running.answers.add_permits(2);
    running.task.await.unwrap();
    assert_eq!(running.delivery.count(State::Delivered).await, 1);
    assert!(running.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_claim_in_a_file_is_released_at_the_start_and_never_again() {
    let mut running = start();
    running.answers.add_permits(1_000);
    running.take("gk_busy").await;
    assert_eq!(running.hears().await, "gk_busy");
    // Its next attempt is due later, so this claim is the only one.
    let (journal, now) = (running.delivery.relay.journal.clone(), running.delivery.relay.now().0);
    while journal.claim(now + 1_000, 1, 1, LEASE).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    running.delivery.later(RELEASE_EVERY);
    running.take("gk_1").await;
    assert_eq!(running.hears().await, "gk_1");
    running.stop.send(true).unwrap();
    running.task.await.unwrap();
    assert!(running.heard.try_recv().is_err(), "what is claimed is not tried");
}

#[tokio::test]
async fn a_claim_without_an_answer_is_made_again() {
    let delivery = delivery_test(&[]);
    // A file answers every commit, or takes no more.
    if !delivery.relay.journal.is_shared() {
        return;
    }
    take_signups(&delivery, 2).await;
    let now = delivery.relay.now().0;
    assert_eq!(delivery.relay.journal.claim(now, 1, 1, LEASE).await.unwrap().len(), 1);
    let mut deliveries = delivery.delivery_loop();
    deliveries.claim_is_unknown = true;
    assert_eq!(deliveries.claim(now).await.unwrap(), 2);
    assert!(!deliveries.claim_is_unknown);
}

#[tokio::test]
async fn the_next_of_a_lane_follows_when_the_one_before_has_ended() {
    let mut running = start();
    running.take("gk_1").await;
    running.take("gk_1").await;
    assert_eq!(running.hears().await, "gk_1");
    running.answers.add_permits(2);
    assert_eq!(running.hears().await, "gk_1");
    running.has(State::Delivered).await;
    running.stop.send(true).unwrap();
    running.task.await.unwrap();
    assert_eq!(running.delivery.count(State::Delivered).await, 2);
}

/// How long the loop rests at `now`.
async fn rest(delivery: &DeliveryTest, now: i64, stopped: bool) -> Duration {
    let (_stop, mut stopped) = watch::channel(stopped);
    let begun = Instant::now();
    delivery.delivery_loop().rest(now, &mut stopped).await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_idle_loop_rests_until_an_entry_falls_due_but_no_longer_than_a_second() {
    let millis = |rested: Duration| i64::try_from(rested.as_millis()).unwrap();
    let delivery = delivery_test(&[(503, "{}")]);
    let now = delivery.relay.now().0;
    assert!((CLAIM_EVERY_MAX..CLAIM_EVERY_MAX + 3).contains(&millis(rest(&delivery, now, false).await)));
    assert_eq!(millis(rest(&delivery, now, true).await), 0, "it was told to stop");
    delivery.take("signup", SIGNUP).await;
    assert_eq!(millis(rest(&delivery, now - 10_000, false).await), 0, "something was appended");
    delivery.settle().await;
    let due = delivery.relay.journal.next_due().await.unwrap().unwrap();
    for (before, expect) in [(1, 1), (300, 300), (10_000, CLAIM_EVERY_MAX), (0, 1), (-10_000, 1)] {
        let rested = millis(rest(&delivery, due - before, false).await);
        assert!((expect..expect + 3).contains(&rested), "{before}: {rested}");
    }
}

#[tokio::test]
async fn delivery_that_is_stepped_counts_its_attempts_and_those_that_fall_due_by_them() {
    let delivery = delivery_test(&[(503, "{}")]);
    delivery.take("signup", SIGNUP).await;
    assert_eq!(delivery.settle().await, 1, "and the next attempt is due later");
    delivery.later(DELIVERY_BACKOFF_MIN);
    delivery.take("payment", PAYMENT).await;
    delivery.take("signup", &SIGNUP.replace("gk_1", "gk_2")).await;
    assert_eq!(delivery.settle().await, 3);
    assert_eq!((delivery.count(State::Delivered).await, delivery.settle().await), (3, 0));
}

#[tokio::test]
async fn so_many_entries_are_under_way_at_once_and_no_more() {
    let delivery = silent();
    take_signups(&delivery, DELIVERIES_MAX + 1).await;
    let mut deliveries = delivery.delivery_loop();
    let now = delivery.relay.now().0;
    assert_eq!(deliveries.claim(now).await.unwrap(), DELIVERIES_MAX);
    assert_eq!(deliveries.claim(now).await.unwrap(), 0);
}

#[tokio::test]
async fn a_backlog_of_parked_entries_leaves_room_for_new_ones() {
    let delivery = silent();
    take_signups(&delivery, PARKED_DELIVERIES_MAX + 2).await;
    let (journal, now) = (&delivery.relay.journal, delivery.relay.now().0);
    let parked = journal.claim(now, u32::MAX, 0, LEASE).await.unwrap().into_iter().map(|entry| {
        let (at, reason, names, claimed) = (now, String::new(), Vec::new(), entry.claimed);
        (entry.seq, Outcome::Parked { at, reason, names, claimed })
    });
    journal.settle(parked.collect(), now).await.unwrap();
    let mut deliveries = delivery.delivery_loop();
    assert_eq!(deliveries.claim(now).await.unwrap(), PARKED_DELIVERIES_MAX);
    assert_eq!(deliveries.claim(now).await.unwrap(), 0, "the others wait, whatever room there is");
    delivery.take("signup", SIGNUP).await;
    assert_eq!(deliveries.claim(now).await.unwrap(), 1);
}
