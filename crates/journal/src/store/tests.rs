//! Entries of a lane keep their order, and none is lost or delivered twice, under any sequence of appends, claims,
//! settlements and expired leases.

use std::collections::{BTreeMap, HashSet};

use headwater_store::{Bounds, Store, StoreError};
use proptest::prelude::*;

use super::settle;
use crate::{Appended, Entry, Filter, Journal, MIGRATIONS, NewEntry, Outcome, State};

mod facts;
mod operate;
mod parked;
mod plans;
mod results;
mod status;

const LEASE: i64 = 100;
const BOUNDS: Bounds =
    Bounds { waiting: 64, commit: 16, readers: 4, reader_wait: std::time::Duration::from_secs(5) };

struct TestJournal {
    journal: Journal,
    directory: tempfile::TempDir,
}

impl TestJournal {
    /// Opens the same journal again, as a new process does after this one has died.
    fn reopened(self) -> Self {
        drop(self.journal);
        Self::open(self.directory)
    }

    fn open(directory: tempfile::TempDir) -> Self {
        let store = headwater_teststore::open(directory.path(), "journal", MIGRATIONS);
        Self { journal: Journal::open(store), directory }
    }
}

fn test_journal() -> TestJournal {
    TestJournal::open(tempfile::tempdir().unwrap())
}

fn new(id: u8, lane: &str) -> NewEntry {
    NewEntry {
        id: [id; 16],
        program: 1,
        test: false,
        lane: lane.to_owned(),
        kind: "signup",
        source: "page",
        body: format!("event {id}"),
        received_at: 0,
    }
}

fn arrived() -> Outcome {
    Outcome::Delivered { names: Vec::new() }
}

fn retry(at: i64) -> Outcome {
    Outcome::Retry { at, reason: "503".to_owned(), counted: true }
}

async fn ids(fixture: &TestJournal, now: i64) -> Vec<u8> {
    fixture.journal.claim(now, 100, 100, LEASE).await.unwrap().iter().map(|entry| entry.id[0]).collect()
}

async fn in_state(fixture: &TestJournal, state: State) -> Vec<Entry> {
    let filter = Filter { program: 1, state: Some(state), limit: 100, ..Filter::default() };
    fixture.journal.list(filter).await.unwrap()
}

#[tokio::test]
async fn an_entry_under_way_is_not_claimed_and_makes_no_room_smaller() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "b"), new(3, "c")]).await.unwrap();
    let first = fixture.journal.claim(0, 1, 1, LEASE).await.unwrap().remove(0);
    // Settled and due again, while the deliverer has not seen the end of its attempt.
    fixture.journal.settle(vec![(first.seq, retry(0))], 0).await.unwrap();
    let under_way = HashSet::from([first.seq]);
    let claim = crate::Claim { limit: 2, parked: 2, lease: LEASE };
    let others = fixture.journal.claim_except(under_way, 1, claim).await.unwrap();
    assert_eq!(others.iter().map(|entry| entry.lane.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    let again = fixture.journal.claim(1, 9, 9, LEASE).await.unwrap();
    assert_eq!(
        again.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [first.seq],
        "its lease is not taken"
    );
}

#[tokio::test]
async fn an_id_is_appended_once() {
    let fixture = test_journal();
    let appended = fixture.journal.append(vec![new(1, "a"), new(1, "a"), new(2, "a")]).await.unwrap();
    assert_eq!(appended, [Appended::New, Appended::Duplicate, Appended::New]);
    assert_eq!(fixture.journal.append(vec![new(2, "a")]).await.unwrap(), [Appended::Duplicate]);
}

#[tokio::test]
async fn a_lane_waits_for_its_head_and_for_no_other_lane() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    assert_eq!(ids(&fixture, 0).await, [1, 3]);
    fixture.journal.settle(vec![(1, retry(500))], 10).await.unwrap();
    fixture.journal.settle(vec![(3, arrived())], 10).await.unwrap();
    assert_eq!(ids(&fixture, 499).await, [] as [u8; 0]);
    assert_eq!(ids(&fixture, 500).await, [1]);
    fixture.journal.settle(vec![(1, arrived())], 510).await.unwrap();
    assert_eq!(ids(&fixture, 510).await, [2]);
}

#[tokio::test]
async fn the_next_entry_of_a_lane_is_found_behind_thousands_of_other_lanes() {
    let fixture = test_journal();
    let numbered = |n: u32, lane: &str| {
        let mut entry = new(0, lane);
        entry.id[12..].copy_from_slice(&n.to_be_bytes());
        entry
    };
    // Lane a: one in the first stretch, one in the third, one in the fifth; nothing waits in the second.
    let (mut entries, mut n) = (Vec::new(), 0);
    for (count, crowd) in
        [(1, None), (6_000, None), (3_000, Some("b")), (1, None), (9_000, Some("c")), (1, None)]
    {
        for _ in 0..count {
            n += 1;
            let lane = match crowd {
                Some(lane) => lane.to_owned(),
                None if count == 1 => "a".to_owned(),
                None => format!("alone {n}"),
            };
            entries.push(numbered(n, &lane));
        }
    }
    fixture.journal.append(entries).await.unwrap();
    for expected in [1, 9_002, 18_003] {
        let due = fixture.journal.claim(0, 100_000, 100_000, LEASE).await.unwrap();
        let ours: Vec<_> = due.iter().filter(|entry| entry.lane == "a").map(|entry| entry.seq).collect();
        assert_eq!(ours, [expected]);
        fixture.journal.settle(vec![(expected, arrived())], 0).await.unwrap();
    }
    let left = fixture.journal.claim(LEASE, 100_000, 100_000, LEASE).await.unwrap();
    assert_eq!(left.len(), 6_002, "the entries alone in their lanes, and the heads of b and c");
}

#[tokio::test]
async fn a_journal_of_an_older_version_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let older = Store::open(&path, &MIGRATIONS[..2], BOUNDS).unwrap();
    older
        .write(|unit| {
            for (id, lane, state) in [(1_u8, "a", 1), (2, "a", 0), (3, "b", 1), (4, "a", 0)] {
                unit.execute(
                    "INSERT INTO entry (id, lane, state, program, test, kind, body, attempts, due_at, received_at)
                     VALUES ($1, $2, $3, 1, 0, 'signup', '{}', 0, 0, 0)",
                    &[(&[id; 16]).into(), lane.into(), state.into()],
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    drop(older);
    let journal = Journal::open(Store::open(&path, MIGRATIONS, BOUNDS).unwrap());
    let fixture = TestJournal { journal, directory };
    fixture.journal.append(vec![new(5, "b")]).await.unwrap();
    for (expected, settled) in [(vec![1, 3], vec![1, 3]), (vec![2, 5], vec![2, 5]), (vec![4], vec![4])] {
        assert_eq!(ids(&fixture, 0).await, expected);
        fixture.journal.settle(settled.into_iter().map(|seq| (seq, arrived())).collect(), 0).await.unwrap();
    }
    assert_eq!(ids(&fixture, LEASE).await, [] as [u8; 0]);
}

#[test]
fn every_statement_has_the_same_length_of_a_stretch() {
    let divided = format!("seq / {}", settle::STRETCH);
    for text in [settle::NEXT, settle::NEXT_STRETCH, MIGRATIONS[2]] {
        assert!(text.contains(&divided), "{text}");
    }
}

#[tokio::test]
async fn many_entries_of_one_append_keep_the_order_of_their_lanes_and_are_appended_once() {
    let fixture = test_journal();
    let entry = |number: u8| new(number, &format!("lane {}", number % 30));
    let all: Vec<_> = (0..200).map(entry).collect();
    let twice = all.iter().chain(&all[..150]).cloned().collect();
    let appended = fixture.journal.append(twice).await.unwrap();
    assert!(appended[..200].iter().all(|one| *one == Appended::New));
    assert!(appended[200..].iter().all(|one| *one == Appended::Duplicate) && appended.len() == 350);
    let mut delivered: Vec<Vec<u8>> = vec![Vec::new(); 30];
    loop {
        let claimed = fixture.journal.claim(0, 64, 64, LEASE).await.unwrap();
        if claimed.is_empty() {
            break;
        }
        for entry in &claimed {
            delivered[usize::from(entry.id[0] % 30)].push(entry.id[0]);
        }
        fixture
            .journal
            .settle(claimed.iter().map(|entry| (entry.seq, arrived())).collect(), 0)
            .await
            .unwrap();
    }
    assert!(delivered.iter().all(|lane| lane.is_sorted()), "{delivered:?}");
    assert_eq!(delivered.iter().map(Vec::len).sum::<usize>(), 200);
}

#[tokio::test]
async fn a_lost_claim_falls_due_again() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    assert_eq!(ids(&fixture, 0).await, [1]);
    assert_eq!(ids(&fixture, LEASE - 1).await, [] as [u8; 0]);
    let again = fixture.journal.claim(LEASE, 10, 10, LEASE).await.unwrap();
    assert_eq!((again[0].id[0], again[0].attempts), (1, 2));
}

#[tokio::test]
async fn the_claims_of_a_process_that_was_killed_are_released_by_the_next_one_in_order() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    assert_eq!(ids(&fixture, 0).await, [1, 3]);
    let fixture = fixture.reopened();
    assert_eq!(fixture.journal.release(1).await.unwrap(), 2);
    assert_eq!(ids(&fixture, 1).await, [1, 3]);
}

#[tokio::test]
async fn a_dead_entry_is_kept_listed_and_replayable() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a")]).await.unwrap();
    ids(&fixture, 0).await;
    fixture.journal.settle(vec![(1, Outcome::Dead { reason: "400".to_owned() })], 5).await.unwrap();
    assert_eq!(ids(&fixture, 5).await, [2], "the lane goes on");
    assert_eq!(in_state(&fixture, State::Dead).await[0].last_error.as_deref(), Some("400"));
    assert!(fixture.journal.replay(1, false, [1; 16], 6).await.unwrap());
    assert_eq!(ids(&fixture, 6).await, [1]);
    fixture.journal.settle(vec![(1, arrived())], 7).await.unwrap();
    assert!(!fixture.journal.replay(1, false, [1; 16], 8).await.unwrap(), "delivered is delivered");
}

#[tokio::test]
async fn an_old_text_is_deleted_and_its_id_is_remembered_longer() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    ids(&fixture, 0).await;
    fixture.journal.settle(vec![(1, arrived())], 0).await.unwrap();
    assert_eq!(fixture.journal.prune(crate::KEEP_BODY - 1).await.unwrap().changed, 0);
    assert_eq!(fixture.journal.prune(crate::KEEP_BODY).await.unwrap().changed, 1);
    assert_eq!(in_state(&fixture, State::Delivered).await[0].body, "");
    assert_eq!(fixture.journal.append(vec![new(1, "a")]).await.unwrap(), [Appended::Duplicate]);
    fixture.journal.prune(crate::KEEP_ID).await.unwrap();
    assert_eq!(fixture.journal.append(vec![new(1, "a")]).await.unwrap(), [Appended::New]);
}

#[tokio::test]
async fn an_erased_customer_leaves_no_text() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    fixture.journal.append(vec![new(4, "a")]).await.unwrap();
    ids(&fixture, 0).await;
    let refused = Outcome::Dead { reason: "no customer is called 'Ada'".to_owned() };
    fixture.journal.settle(vec![(1, refused)], 0).await.unwrap();
    fixture.journal.erase("a".to_owned(), 1).await.unwrap();
    assert_eq!(ids(&fixture, LEASE + 1).await, [3]);
    let dead = in_state(&fixture, State::Dead).await;
    assert_eq!(dead.len(), 3);
    for entry in dead {
        assert_eq!((entry.body.as_str(), entry.last_error.as_deref()), ("", Some("erased on request")));
    }
    assert!(!fixture.journal.replay(1, false, [1; 16], 2).await.unwrap());
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
    let fixture = test_journal();
    let (mut now, mut claimed) = (0, Vec::<Entry>::new());
    let mut order = BTreeMap::<String, Vec<u8>>::new();
    let mut delivered = BTreeMap::<String, Vec<u8>>::new();
    let mut known = HashSet::new();
    for step in steps {
        match step {
            Step::Append { id, lane } => {
                let lane = format!("lane {lane}");
                let appended = fixture.journal.append(vec![new(id, &lane)]).await?;
                assert_eq!(appended[0] == Appended::New, known.insert(id));
                if appended[0] == Appended::New {
                    order.entry(lane).or_default().push(id);
                }
            }
            Step::Claim => claimed.extend(fixture.journal.claim(now, 3, 3, LEASE).await?),
            Step::Settle { pick, how } if !claimed.is_empty() => {
                let entry = claimed.swap_remove(pick % claimed.len());
                let done = delivered.entry(entry.lane.clone()).or_default();
                // After a lease has expired, two attempts may both deliver an entry; the receiver ignores the second.
                if how > 0 && !done.contains(&entry.id[0]) {
                    done.push(entry.id[0]);
                }
                let outcome = if how > 0 { arrived() } else { retry(now + 50) };
                fixture.journal.settle(vec![(entry.seq, outcome)], now).await?;
            }
            Step::Settle { .. } => {}
            Step::Wait(millis) => now += millis,
        }
    }
    // In the end every entry can be delivered, whatever happened before.
    loop {
        now += LEASE * 2;
        let batch = fixture.journal.claim(now, 10, 10, LEASE).await?;
        if batch.is_empty() {
            break;
        }
        for entry in batch {
            let done = delivered.entry(entry.lane.clone()).or_default();
            if !done.contains(&entry.id[0]) {
                done.push(entry.id[0]);
            }
            fixture.journal.settle(vec![(entry.seq, arrived())], now).await?;
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
