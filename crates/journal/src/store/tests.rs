//! Order in each lane, nothing lost, nothing twice: under any sequence of appends, claims, answers and lost
//! leases.

use std::collections::{BTreeMap, HashSet};

use ::store::{Store, StoreError};
use proptest::prelude::*;

use crate::{Appended, Entry, Filter, Journal, MIGRATIONS, NewEntry, Outcome, State};

const LEASE: i64 = 100;

struct Road {
    journal: Journal,
    _directory: tempfile::TempDir,
}

fn road() -> Road {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("journal.sqlite"), MIGRATIONS).unwrap();
    Road { journal: Journal::open(store), _directory: directory }
}

fn new(id: u8, lane: &str) -> NewEntry {
    NewEntry {
        id: [id; 16],
        program: 1,
        test: false,
        lane: lane.to_owned(),
        kind: "signup",
        body: format!("event {id}"),
        received_at: 0,
    }
}

fn retry(at: i64) -> Outcome {
    Outcome::Retry { at, reason: "503".to_owned() }
}

async fn ids(road: &Road, now: i64) -> Vec<u8> {
    road.journal.claim(now, 100, LEASE).await.unwrap().iter().map(|entry| entry.id[0]).collect()
}

async fn in_state(road: &Road, state: State) -> Vec<Entry> {
    let filter = Filter { program: 1, state: Some(state), limit: 100, ..Filter::default() };
    road.journal.list(filter).await.unwrap()
}

#[tokio::test]
async fn an_id_is_appended_once() {
    let road = road();
    let appended = road.journal.append(vec![new(1, "a"), new(1, "a"), new(2, "a")]).await.unwrap();
    assert_eq!(appended, [Appended::New, Appended::Duplicate, Appended::New]);
    assert_eq!(road.journal.append(vec![new(2, "a")]).await.unwrap(), [Appended::Duplicate]);
}

#[tokio::test]
async fn a_lane_waits_for_its_head_and_for_no_other_lane() {
    let road = road();
    road.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    assert_eq!(ids(&road, 0).await, [1, 3]);
    road.journal.settle(vec![(1, retry(500))], 10).await.unwrap();
    road.journal.settle(vec![(3, Outcome::Delivered)], 10).await.unwrap();
    assert_eq!(ids(&road, 499).await, [] as [u8; 0]);
    assert_eq!(ids(&road, 500).await, [1]);
    road.journal.settle(vec![(1, Outcome::Delivered)], 510).await.unwrap();
    assert_eq!(ids(&road, 510).await, [2]);
}

#[tokio::test]
async fn a_lost_claim_falls_due_again() {
    let road = road();
    road.journal.append(vec![new(1, "a")]).await.unwrap();
    assert_eq!(ids(&road, 0).await, [1]);
    assert_eq!(ids(&road, LEASE - 1).await, [] as [u8; 0]);
    let again = road.journal.claim(LEASE, 10, LEASE).await.unwrap();
    assert_eq!((again[0].id[0], again[0].attempts), (1, 2));
}

#[tokio::test]
async fn the_claims_of_a_process_that_was_killed_are_released_by_the_next_one_in_order() {
    let road = road();
    road.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    assert_eq!(ids(&road, 0).await, [1, 3]);
    assert_eq!(road.journal.release(1).await.unwrap(), 2);
    assert_eq!(ids(&road, 1).await, [1, 3]);
}

#[tokio::test]
async fn a_parked_entry_holds_nobody_up_and_wakes_when_its_customer_comes() {
    let road = road();
    road.journal.append(vec![new(1, "a"), new(2, "a")]).await.unwrap();
    assert_eq!(ids(&road, 0).await, [1]);
    let parked = Outcome::Parked { at: 1_000_000, reason: "unknown customer".to_owned() };
    road.journal.settle(vec![(1, parked)], 1).await.unwrap();
    assert_eq!(ids(&road, 1).await, [2]);
    road.journal.settle(vec![(2, Outcome::Delivered)], 2).await.unwrap();
    assert_eq!(ids(&road, 2).await, [1]);
}

#[tokio::test]
async fn a_dead_entry_is_kept_listed_and_replayable() {
    let road = road();
    road.journal.append(vec![new(1, "a"), new(2, "a")]).await.unwrap();
    ids(&road, 0).await;
    road.journal.settle(vec![(1, Outcome::Dead { reason: "400".to_owned() })], 5).await.unwrap();
    assert_eq!(ids(&road, 5).await, [2], "the lane goes on");
    assert_eq!(in_state(&road, State::Dead).await[0].last_error.as_deref(), Some("400"));
    assert!(road.journal.replay([1; 16], 6).await.unwrap());
    assert_eq!(ids(&road, 6).await, [1]);
    road.journal.settle(vec![(1, Outcome::Delivered)], 7).await.unwrap();
    assert!(!road.journal.replay([1; 16], 8).await.unwrap(), "delivered is delivered");
}

#[tokio::test]
async fn what_was_kept_long_enough_is_forgotten_and_its_id_is_not() {
    let road = road();
    road.journal.append(vec![new(1, "a")]).await.unwrap();
    ids(&road, 0).await;
    road.journal.settle(vec![(1, Outcome::Delivered)], 0).await.unwrap();
    assert_eq!(road.journal.prune(crate::KEEP_BODY - 1).await.unwrap(), 0);
    assert_eq!(road.journal.prune(crate::KEEP_BODY).await.unwrap(), 1);
    assert_eq!(in_state(&road, State::Delivered).await[0].body, "");
    assert_eq!(road.journal.append(vec![new(1, "a")]).await.unwrap(), [Appended::Duplicate]);
    road.journal.prune(crate::KEEP_ID).await.unwrap();
    assert_eq!(road.journal.append(vec![new(1, "a")]).await.unwrap(), [Appended::New]);
}

#[tokio::test]
async fn an_erased_customer_leaves_no_text() {
    let road = road();
    road.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    road.journal.erase("a".to_owned(), 1).await.unwrap();
    assert_eq!(ids(&road, 1).await, [3]);
    assert!(in_state(&road, State::Dead).await.iter().all(|entry| entry.body.is_empty()));
    assert!(!road.journal.replay([1; 16], 2).await.unwrap());
}

#[derive(Debug, Clone)]
enum Step {
    Append { id: u8, lane: u8 },
    Claim,
    Settle { pick: usize, how: u8 },
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u8..40, 0u8..4).prop_map(|(id, lane)| Step::Append { id, lane }),
        3 => Just(Step::Claim),
        4 => (any::<usize>(), 0u8..3).prop_map(|(pick, how)| Step::Settle { pick, how }),
        1 => (1i64..200).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..80)
}

async fn walk(steps: Vec<Step>) -> Result<(), StoreError> {
    let road = road();
    let (mut now, mut claimed) = (0, Vec::<Entry>::new());
    let mut order = BTreeMap::<String, Vec<u8>>::new();
    let mut delivered = BTreeMap::<String, Vec<u8>>::new();
    let mut known = HashSet::new();
    for step in steps {
        match step {
            Step::Append { id, lane } => {
                let lane = format!("lane {lane}");
                let appended = road.journal.append(vec![new(id, &lane)]).await?;
                assert_eq!(appended[0] == Appended::New, known.insert(id));
                if appended[0] == Appended::New {
                    order.entry(lane).or_default().push(id);
                }
            }
            Step::Claim => claimed.extend(road.journal.claim(now, 3, LEASE).await?),
            Step::Settle { pick, how } if !claimed.is_empty() => {
                let entry = claimed.swap_remove(pick % claimed.len());
                let done = delivered.entry(entry.lane.clone()).or_default();
                // A lost claim may end twice; the receiver knows the id.
                if how > 0 && !done.contains(&entry.id[0]) {
                    done.push(entry.id[0]);
                }
                let outcome = if how > 0 { Outcome::Delivered } else { retry(now + 50) };
                road.journal.settle(vec![(entry.seq, outcome)], now).await?;
            }
            Step::Settle { .. } => {}
            Step::Wait(millis) => now += millis,
        }
    }
    // The road empties in the end, whatever happened on it.
    loop {
        now += LEASE * 2;
        let batch = road.journal.claim(now, 10, LEASE).await?;
        if batch.is_empty() {
            break;
        }
        for entry in batch {
            let done = delivered.entry(entry.lane.clone()).or_default();
            if !done.contains(&entry.id[0]) {
                done.push(entry.id[0]);
            }
            road.journal.settle(vec![(entry.seq, Outcome::Delivered)], now).await?;
        }
    }
    delivered.retain(|_, ids| !ids.is_empty());
    assert_eq!(delivered, order, "every lane in its order, nothing lost");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_lane_keeps_its_order_and_loses_nothing(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(walk(steps)).unwrap();
    }
}
