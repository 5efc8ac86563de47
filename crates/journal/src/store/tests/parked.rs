//! Parked entries: they fall due by names, are claimed beside new entries without delaying them, and are listed.

use super::{BOUNDS, LEASE, TestJournal, arrived, ids, in_state, new, test_journal};
use crate::store::tests::retry;
use crate::{Appended, Counts, Journal, MIGRATIONS, NewEntry, Outcome, State};
use headwater_store::{Store, StoreError};

pub(super) fn parked(at: i64, names: &[&str], claimed: u64) -> Outcome {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Outcome::Parked { at, reason: "unknown customer".to_owned(), names, claimed }
}

fn there(names: &[&str]) -> Outcome {
    Outcome::Delivered { names: names.iter().map(|name| (*name).to_owned()).collect() }
}

fn of_program(program: i64, test: bool) -> NewEntry {
    NewEntry { program, test, lane: format!("{program}{test}"), ..new(1, "") }
}

#[tokio::test]
async fn a_parked_entry_does_not_block_its_lane_and_falls_due_when_its_customer_is_delivered() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a")]).await.unwrap();
    assert_eq!(ids(&fixture, 0).await, [1]);
    fixture.journal.settle(vec![(1, parked(1_000_000, &["c:gk_1"], u64::MAX))], 1).await.unwrap();
    assert_eq!(ids(&fixture, 1).await, [2]);
    let there = Outcome::Delivered { names: vec!["c:gk_1".to_owned()] };
    fixture.journal.settle(vec![(2, there)], 2).await.unwrap();
    assert_eq!(ids(&fixture, 2).await, [1]);
}

#[tokio::test]
async fn a_parked_entry_falls_due_by_its_names_from_any_lane_and_by_no_other_name() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "p:cus_1"), new(2, "p:cus_1"), new(3, "c:gk_1")]).await.unwrap();
    assert_eq!(ids(&fixture, 0).await, [1, 3]);
    let waits = parked(1_000_000, &["p:cus_1", "t:in_1"], u64::MAX);
    fixture.journal.settle(vec![(1, waits), (3, retry(10))], 1).await.unwrap();
    assert_eq!(ids(&fixture, 1).await, [2]);
    fixture.journal.settle(vec![(2, there(&["c:gk_2"]))], 2).await.unwrap();
    assert_eq!(
        ids(&fixture, 9).await,
        [] as [u8; 0],
        "its own lane went on, and it waits for something else"
    );
    assert_eq!(ids(&fixture, 10).await, [3]);
    fixture.journal.settle(vec![(3, there(&["c:gk_1", "p:cus_1"]))], 11).await.unwrap();
    assert_eq!(ids(&fixture, 11).await, [1]);
    fixture.journal.settle(vec![(1, parked(1_000_000, &["t:in_1"], u64::MAX))], 12).await.unwrap();
    fixture.journal.append(vec![new(4, "d")]).await.unwrap();
    assert_eq!(ids(&fixture, 12).await, [4]);
    fixture.journal.settle(vec![(4, there(&["p:cus_1"]))], 12).await.unwrap();
    assert_eq!(ids(&fixture, 12).await, [] as [u8; 0], "it no longer waits for that name");
}

#[tokio::test]
async fn a_name_delivered_during_the_attempt_makes_the_entry_due_at_once() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "p:cus_1"), new(2, "c:gk_1")]).await.unwrap();
    let claimed = fixture.journal.claim(0, 10, 10, LEASE).await.unwrap();
    // The payment is refused, the customer is made, and only then is the payment parked.
    fixture.journal.settle(vec![(2, there(&["c:gk_1", "p:cus_1"]))], 1).await.unwrap();
    let waits = parked(1_000_000, &["p:cus_1"], claimed[0].claimed);
    fixture.journal.settle(vec![(1, waits)], 2).await.unwrap();
    assert_eq!(ids(&fixture, 2).await, [1]);
    let again = parked(1_000_000, &["p:cus_1"], u64::MAX);
    fixture.journal.settle(vec![(1, again)], 3).await.unwrap();
    assert_eq!(ids(&fixture, 3).await, [] as [u8; 0]);
}

#[tokio::test]
async fn a_backlog_of_parked_entries_does_not_delay_new_ones_even_after_a_restart() {
    let fixture = test_journal();
    let old: Vec<_> = (0..50).map(|n| new(n, &format!("lane {n}"))).collect();
    fixture.journal.append(old).await.unwrap();
    let claimed = fixture.journal.claim(0, 100, 100, LEASE).await.unwrap();
    let outcomes = claimed.iter().map(|entry| (entry.seq, parked(1_000, &["c:nobody"], u64::MAX))).collect();
    fixture.journal.settle(outcomes, 1).await.unwrap();
    assert_eq!(fixture.journal.release(2).await.unwrap(), 0, "what is parked keeps its time");
    assert_eq!(ids(&fixture, 2).await, [] as [u8; 0]);
    fixture.journal.append(vec![NewEntry { received_at: 2_000, ..new(200, "new") }]).await.unwrap();
    let claimed = fixture.journal.claim(2_000, 10, 3, LEASE).await.unwrap();
    let states: Vec<_> = claimed.iter().map(|entry| (entry.state, entry.id[0] == 200)).collect();
    assert_eq!(states[0], (State::Head, true), "the newest of 51 that are due");
    assert_eq!(states.len(), 4, "and three that are parked: {states:?}");
}

#[tokio::test]
async fn an_attempt_that_failed_for_every_event_alike_does_not_count() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    for round in 0..3 {
        assert_eq!(fixture.journal.claim(round, 1, 1, LEASE).await.unwrap()[0].attempts, 1);
        let held = Outcome::Retry { at: round + 1, reason: "401".to_owned(), counted: false };
        fixture.journal.settle(vec![(1, held)], round).await.unwrap();
    }
}

#[tokio::test]
async fn entries_put_off_by_a_wrong_clock_are_made_due() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "b"), new(3, "c")]).await.unwrap();
    ids(&fixture, 0).await;
    let month = 30 * 24 * 60 * 60 * 1000;
    let outcomes = vec![(1, retry(month)), (2, parked(month, &[], 0)), (3, retry(900))];
    fixture.journal.settle(outcomes, 1).await.unwrap();
    assert_eq!(fixture.journal.release_far_ahead(5, 1_000).await.unwrap(), 2);
    assert_eq!(ids(&fixture, 5).await, [1, 2]);
}

#[tokio::test]
async fn one_event_of_a_provider_is_appended_for_each_program_and_mode() {
    let fixture = test_journal();
    let all = [of_program(1, false), of_program(2, false), of_program(1, true), of_program(1, false)];
    let appended = fixture.journal.append(all.to_vec()).await.unwrap();
    assert_eq!(appended, [Appended::New, Appended::New, Appended::New, Appended::Duplicate]);
}

#[tokio::test]
async fn an_entry_cannot_be_replayed_by_another_program_or_mode() {
    let fixture = test_journal();
    fixture.journal.append(vec![of_program(1, false)]).await.unwrap();
    ids(&fixture, 0).await;
    fixture.journal.settle(vec![(1, Outcome::Dead { reason: "400".to_owned() })], 1).await.unwrap();
    for (program, test, expect) in [(2, false, false), (1, true, false), (1, false, true)] {
        assert_eq!(fixture.journal.replay(program, test, [1; 16], 2).await.unwrap(), expect);
    }
}

#[tokio::test]
async fn an_unattributed_entry_is_counted_listed_and_replayable() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    ids(&fixture, 0).await;
    let nobody = Outcome::Unattributed { reason: "no partner 'p1'".to_owned() };
    fixture.journal.settle(vec![(1, nobody), (3, parked(9, &[], 0))], 1).await.unwrap();
    assert_eq!(ids(&fixture, 1).await, [2], "the lane goes on");
    assert_eq!(
        in_state(&fixture, State::Unattributed).await[0].last_error.as_deref(),
        Some("no partner 'p1'")
    );
    let counts = fixture.journal.counts(1, false).await.unwrap();
    assert_eq!(counts, Counts { parked: 1, dead: 0, unattributed: 1 });
    assert_eq!(fixture.journal.counts(2, false).await.unwrap(), Counts::default());
    assert!(fixture.journal.replay(1, false, [1; 16], 2).await.unwrap(), "the partner was added since");
    assert_eq!(ids(&fixture, 2).await, [1]);
}

#[tokio::test]
async fn an_entry_parked_by_an_older_version_falls_due_and_has_a_source() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let older = Store::open(&path, &MIGRATIONS[..3], BOUNDS).unwrap();
    let rows = [(1_u8, "1:c:gk_1", 2, "payment", 9_000_000), (2, "1:c:gk_1", 1, "signup", 0)];
    older
        .write(move |unit| {
            for (id, lane, state, kind, due) in rows {
                unit.execute(
                    "INSERT INTO entry (id, lane, state, kind, due_at, program, test, body, attempts, received_at)
                     VALUES ($1, $2, $3, $4, $5, 1, 0, '{}', 0, 0)",
                    &[(&[id; 16]).into(), lane.into(), state.into(), kind.into(), due.into()],
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    drop(older);
    let journal = Journal::open(Store::open(&path, MIGRATIONS, BOUNDS).unwrap());
    let fixture = TestJournal { journal, directory };
    let claimed = fixture.journal.claim(0, 10, 10, LEASE).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].source.as_str()), (1, "page"));
    fixture.journal.settle(vec![(2, there(&["1:c:gk_1"]))], 1).await.unwrap();
    let woken = fixture.journal.claim(1, 10, 10, LEASE).await.unwrap();
    assert_eq!((woken[0].id[0], woken[0].source.as_str()), (1, "billing"));
    fixture.journal.settle(vec![(1, arrived())], 2).await.unwrap();
}
