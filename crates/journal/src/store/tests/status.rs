//! What `backlog` and `activity` say, and that saying it reads indexes alone.

use super::{arrived, ids, new, retry, test_journal};
use crate::store::status::{self, activity};
use crate::store::tests::parked::parked;
use crate::{Activity, Backlog, MIGRATIONS, Outcome, ReasonCount, State};

#[tokio::test]
async fn the_backlog_is_counted_by_state_and_its_age_is_that_of_the_oldest_open_entry() {
    let fixture = test_journal();
    assert_eq!(fixture.journal.backlog().await.unwrap(), Backlog::default());
    let at = |id: u8, lane: &str, received_at: i64| crate::NewEntry { received_at, ..new(id, lane) };
    let entries = vec![at(1, "a", 10), at(2, "a", 20), at(3, "b", 30), at(4, "c", 40), at(5, "d", 50)];
    fixture.journal.append(entries).await.unwrap();
    ids(&fixture, 100).await;
    let dead = Outcome::Dead { reason: "refused with 400: no".to_owned() };
    let settled = vec![(1, arrived()), (3, retry(9_000)), (4, parked(9_000, &[], 0)), (5, dead)];
    fixture.journal.settle(settled, 100).await.unwrap();
    let expected = Backlog { due: 2, parked: 1, dead: 1, oldest: Some(20), ..Backlog::default() };
    assert_eq!(
        fixture.journal.backlog().await.unwrap(),
        expected,
        "of lane a the second entry is the head now"
    );
}

#[tokio::test]
async fn activity_counts_the_last_minute_and_lists_reasons() {
    let fixture = test_journal();
    let at = |id: u8, received_at: i64| crate::NewEntry { received_at, ..new(id, &format!("lane {id}")) };
    let entries = vec![at(1, 1_000), at(2, 60_000), at(3, 61_000), at(4, 62_000), at(5, 63_000)];
    fixture.journal.append(entries).await.unwrap();
    ids(&fixture, 63_000).await;
    let dead = |reason: &str| Outcome::Dead { reason: reason.to_owned() };
    fixture.journal.settle(vec![(1, arrived())], 1_000).await.unwrap();
    let settled = vec![(2, arrived()), (3, dead("one")), (4, dead("one")), (5, retry(90_000))];
    fixture.journal.settle(settled, 64_000).await.unwrap();
    let found = fixture.journal.store.read(|unit| activity(unit, 120_500)).await.unwrap();
    let of = |reason: &str, count: i64| vec![ReasonCount { reason: reason.to_owned(), count }];
    let expected = Activity {
        received: 3,
        delivered: 1,
        given_up: 2,
        retried: of("503", 1),
        parked: Vec::new(),
        dead: of("one", 2),
    };
    assert_eq!(found, expected, "the entry of 60,000 came more than a minute ago");
    let later = fixture.journal.store.read(|unit| activity(unit, 999_999)).await.unwrap();
    assert_eq!((later.received, later.delivered, later.dead), (0, 0, of("one", 2)));
}

#[tokio::test]
async fn looking_at_a_queue_reads_no_table_from_end_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let store = headwater_store::Store::open(&path, MIGRATIONS, super::BOUNDS).unwrap();
    let indexed = [
        (status::count(State::Head), 1, "COVERING INDEX entry_"),
        (status::count(State::Waiting), 1, "COVERING INDEX entry_waiting"),
        (status::count(State::Parked), 1, "COVERING INDEX entry_"),
        (status::count(State::Dead), 1, "COVERING INDEX entry_given_up"),
        (status::count(State::Unattributed), 1, "COVERING INDEX entry_unattributed"),
        (status::OLDEST.to_owned(), 1, "COVERING INDEX entry_"),
        (status::RETRIED.to_owned(), 2, "INDEX entry_due"),
        (status::settled_reasons(State::Dead), 2, "INDEX entry_given_up"),
        (status::SETTLED_SINCE.to_owned(), 1, "INDEX entry_settled (settled_at>?)"),
    ];
    for (text, params, index) in indexed {
        let explain = format!("EXPLAIN QUERY PLAN {text}");
        let plan = store.read(move |unit| {
            let params = vec![headwater_store::Value::Null; params];
            unit.query::<_, headwater_store::StoreError>(&explain, &params, |row| row.get::<String>(3))
        });
        let plan = plan.await.unwrap();
        assert!(plan.iter().any(|step| step.contains(index)), "{text}: {plan:?}");
        assert!(!plan.iter().any(|step| step.trim() == "SCAN entry"), "{text}: {plan:?}");
    }
}

#[tokio::test]
async fn the_first_entry_of_a_time_is_found_where_places_are_missing() {
    let fixture = test_journal();
    let first = async |time: i64| {
        fixture.journal.store.read(move |unit| status::first_received(unit, time)).await.unwrap()
    };
    assert_eq!(first(5).await, 1, "an empty journal");
    let at = |id: u8, received_at: i64| crate::NewEntry { received_at, ..new(id, &format!("lane {id}")) };
    fixture.journal.append((1..=9).map(|id| at(id, i64::from(id) * 10)).collect()).await.unwrap();
    let delete =
        |unit: &mut headwater_store::Unit<'_>| unit.execute("DELETE FROM entry WHERE seq IN (3, 4, 5)", &[]);
    fixture.journal.store.write(delete).await.unwrap();
    for (time, expected) in [(0, 1), (10, 1), (11, 2), (90, 9), (91, 10)] {
        assert_eq!(first(time).await, expected, "{time}");
    }
    assert!((3..=6).contains(&first(25).await), "places that are missing lie before the next entry");
}
