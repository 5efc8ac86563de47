//! What calls return: the next due time, how much changed, lists, and notifications of new entries.

use headwater_store::Store;

use super::{BOUNDS, arrived, ids, in_state, new, retry, test_journal};
use crate::store::tests::parked::parked;
use crate::{Counts, Filter, Journal, KEEP_BODY, KEEP_ID, MIGRATIONS, Outcome, State};

#[tokio::test]
async fn the_next_due_time_is_that_of_the_earliest_head_or_parked_entry() {
    let fixture = test_journal();
    assert_eq!(fixture.journal.next_due().await.unwrap(), None);
    fixture.journal.append(vec![new(1, "a"), new(2, "a"), new(3, "b")]).await.unwrap();
    ids(&fixture, 0).await;
    fixture.journal.settle(vec![(1, retry(700)), (3, parked(500, &[], 0))], 1).await.unwrap();
    assert_eq!(fixture.journal.next_due().await.unwrap(), Some(500));
    fixture.journal.settle(vec![(3, arrived())], 2).await.unwrap();
    assert_eq!(fixture.journal.next_due().await.unwrap(), Some(700));
}

#[tokio::test]
async fn news_resolves_after_an_append_and_a_replay_and_after_nothing_else() {
    let fixture = test_journal();
    let heard = async || {
        tokio::select! {
            biased;
            () = fixture.journal.news() => true,
            () = std::future::ready(()) => false,
        }
    };
    assert!(!heard().await);
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    assert!(heard().await && !heard().await);
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    assert!(!heard().await, "a duplicate is no news");
    ids(&fixture, 0).await;
    fixture.journal.settle(vec![(1, Outcome::Dead { reason: "400".to_owned() })], 0).await.unwrap();
    assert!(!fixture.journal.replay(1, false, [9; 16], 0).await.unwrap() && !heard().await);
    assert!(fixture.journal.replay(1, false, [1; 16], 0).await.unwrap() && heard().await);
}

#[tokio::test]
async fn pruning_and_erasing_say_how_much_they_changed() {
    let fixture = test_journal();
    fixture.journal.append((1..=5).map(|id| new(id, &format!("lane {id}"))).collect()).await.unwrap();
    ids(&fixture, 0).await;
    let settled = (1..=3).map(|seq| (seq, arrived())).collect();
    fixture.journal.settle(settled, 0).await.unwrap();
    assert_eq!(fixture.journal.prune(KEEP_BODY).await.unwrap().changed, 3, "texts");
    assert_eq!(fixture.journal.prune(KEEP_BODY).await.unwrap().changed, 0);
    fixture.journal.settle(vec![(4, arrived()), (5, arrived())], KEEP_ID - KEEP_BODY).await.unwrap();
    assert_eq!(
        fixture.journal.prune(KEEP_ID).await.unwrap().changed,
        2 + 3,
        "texts of the later two, ids of the first three"
    );
    assert_eq!(in_state(&fixture, State::Delivered).await.len(), 2);

    fixture.journal.append(vec![new(6, "b"), new(7, "b"), new(8, "c")]).await.unwrap();
    assert_eq!(fixture.journal.erase("b".to_owned(), 1).await.unwrap(), 2);
    assert_eq!(fixture.journal.erase("b".to_owned(), 2).await.unwrap(), 0);
}

#[tokio::test]
async fn a_list_is_narrowed_by_state_lane_and_place_newest_first() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "b"), new(3, "a"), new(4, "a")]).await.unwrap();
    let seqs = async |filter: Filter| {
        let list = fixture.journal.list(Filter { program: 1, ..filter }).await.unwrap();
        list.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let (all, lane) = (Filter { limit: 9, ..Filter::default() }, Some("a".to_owned()));
    assert_eq!(seqs(all.clone()).await, [4, 3, 2, 1]);
    assert_eq!(seqs(Filter { lane: lane.clone(), ..all.clone() }).await, [4, 3, 1]);
    assert_eq!(seqs(Filter { lane: lane.clone(), before: Some(4), limit: 1, ..all.clone() }).await, [3]);
    assert_eq!(seqs(Filter { state: Some(State::Head), lane, ..all.clone() }).await, [1]);
    assert_eq!(seqs(Filter { test: true, ..all }).await, [] as [i64; 0]);
    assert_eq!(fixture.journal.counts(1, false).await.unwrap(), Counts::default());
}

#[tokio::test]
async fn the_log_of_a_file_is_empty_when_it_was_emptied() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let journal = Journal::open(Store::open(&path, MIGRATIONS, BOUNDS).unwrap());
    journal.append(vec![new(1, "a")]).await.unwrap();
    let log = directory.path().join("journal.sqlite-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    journal.empty_log().await.unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
}

#[test]
fn states_have_names_and_are_found_by_them() {
    let names = ["waiting", "due", "parked", "delivered", "dead", "unattributed", "dropped"];
    assert_eq!(State::ALL.map(State::name), names);
    assert_eq!(names.map(State::from_name), State::ALL.map(Some));
    assert_eq!(State::from_name("head"), None);
    for state in State::ALL {
        assert_eq!(State::from_number(state.number()), Some(state));
    }
    assert_eq!(State::from_number(7), None);
}
