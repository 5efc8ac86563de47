//! What operators do with entries, the history that they decide by, and retention.

use super::{arrived, ids, in_state, new, retry, test_journal};
use crate::store::operate::{entries, entries_of_event};
use crate::store::{attempts, prune};
use crate::{EntryRange, KEEP_ID, NewEntry, Outcome, REPLAYABLE, Retention, State};

fn dead(reason: &str) -> Outcome {
    Outcome::Dead { reason: reason.to_owned() }
}

/// The numbers, times and reasons of an entry's recorded attempts.
async fn history(fixture: &super::TestJournal, seq: i64) -> Vec<(i64, i64, String)> {
    let found = fixture.journal.store.read(move |unit| attempts(unit, seq)).await.unwrap();
    found.into_iter().map(|one| (one.number, one.at, format!("{}: {}", one.outcome, one.reason))).collect()
}

#[tokio::test]
async fn the_first_and_the_last_ten_attempts_of_an_entry_are_kept() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a"), new(2, "b")]).await.unwrap();
    for at in 0..34 {
        fixture.journal.settle(vec![(1, retry(0))], at).await.unwrap();
    }
    let held = Outcome::Retry { at: 0, reason: "held".to_owned(), counted: false };
    fixture.journal.settle(vec![(1, held), (2, arrived())], 40).await.unwrap();
    fixture.journal.settle(vec![(1, dead("refused with 400: no"))], 50).await.unwrap();
    fixture.journal.settle(vec![(1, retry(0))], 60).await.unwrap();
    let kept = history(&fixture, 1).await;
    let expected: Vec<i64> = (0..10).chain(25..35).collect();
    assert_eq!(kept.iter().map(|(number, ..)| *number).collect::<Vec<_>>(), expected);
    assert_eq!(kept[0], (0, 0, "retried: 503".to_owned()));
    assert_eq!(
        kept[19],
        (34, 50, "dead: refused with 400: no".to_owned()),
        "a settled entry has no attempts"
    );
    assert_eq!(history(&fixture, 2).await, [], "a delivery leaves none");
}

#[tokio::test]
async fn dead_entries_are_delivered_again_or_dropped_and_their_history_says_so() {
    let fixture = test_journal();
    fixture.journal.append((1..=5).map(|id| new(id, &format!("lane {id}"))).collect()).await.unwrap();
    ids(&fixture, 0).await;
    let settled = vec![(1, dead("400")), (2, dead("400")), (3, arrived()), (4, dead("409"))];
    fixture.journal.settle(settled, 10).await.unwrap();
    let changed = fixture.journal.replay_entries(vec![1, 3, 5, 99], false, 20).await.unwrap();
    assert_eq!(changed, 1, "delivered ones are not, nor those under way");
    assert_eq!(fixture.journal.drop_entries(vec![2, 3], 30).await.unwrap(), 1);
    assert_eq!(ids(&fixture, 20).await, [1]);
    let dropped = in_state(&fixture, State::Dropped).await;
    assert_eq!((dropped.len(), dropped[0].seq, dropped[0].body.as_str()), (1, 2, ""));
    assert_eq!(history(&fixture, 2).await[1], (1, 30, "dropped: by an operator".to_owned()));
    assert_eq!(history(&fixture, 1).await[1], (1, 20, "replayed: by an operator".to_owned()));
    let again = fixture.journal.append(vec![new(2, "lane 2")]).await.unwrap();
    assert_eq!(again, [crate::Appended::Duplicate], "its id is remembered");
    assert_eq!(fixture.journal.replay_entries(vec![2], true, 40).await.unwrap(), 0, "its text is gone");
    assert_eq!(fixture.journal.replay_entries(vec![3], true, 40).await.unwrap(), 1);
    let sound = fixture.journal.store.read(crate::check).await.unwrap();
    assert_eq!(sound, [] as [String; 0]);
}

#[tokio::test]
async fn entries_are_found_by_state_reason_place_and_event() {
    let fixture = test_journal();
    let other = NewEntry { program: 2, lane: "2:a".to_owned(), ..new(3, "") };
    fixture.journal.append(vec![new(1, "a"), new(2, "b"), new(3, "c"), other]).await.unwrap();
    ids(&fixture, 0).await;
    let settled = vec![(1, dead("refused with 400: no")), (2, dead("unreachable")), (3, arrived())];
    fixture.journal.settle(settled, 10).await.unwrap();
    let any = EntryRange {
        from: 0,
        before: i64::MAX,
        states: Vec::new(),
        reason: None,
        newest_first: false,
        limit: 9,
    };
    let found = async |range: EntryRange| {
        let found = fixture.journal.store.read(move |unit| entries(unit, &range)).await.unwrap();
        found.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert_eq!(found(any.clone()).await, [1, 2, 3, 4]);
    assert_eq!(found(EntryRange { newest_first: true, limit: 2, ..any.clone() }).await, [4, 3]);
    assert_eq!(found(EntryRange { from: 2, before: 4, ..any.clone() }).await, [2, 3]);
    assert_eq!(found(EntryRange { states: REPLAYABLE.to_vec(), ..any.clone() }).await, [1, 2]);
    let reason = Some("with 400".to_owned());
    assert_eq!(found(EntryRange { states: vec![State::Dead], reason, ..any }).await, [1]);
    let of_event = fixture.journal.store.read(|unit| entries_of_event(unit, [3; 16])).await.unwrap();
    assert_eq!(of_event.iter().map(|entry| entry.program).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn pruning_goes_in_small_steps_and_texts_are_kept_as_long_as_asked() {
    let fixture = test_journal();
    let count = prune::STEP + 1;
    let numbered = |n: usize| {
        let mut entry = new(0, &format!("lane {n}"));
        entry.id[8..].copy_from_slice(&(n as u64).to_be_bytes());
        entry
    };
    fixture.journal.append((0..count).map(numbered).collect()).await.unwrap();
    let settled = (1..=i64::try_from(count).unwrap()).map(|seq| (seq, arrived())).collect();
    fixture.journal.settle(settled, 0).await.unwrap();
    let journal = fixture.journal.clone().keeping(Retention { texts: 1_000 });
    assert_eq!(journal.prune(999).await.unwrap().changed, 0);
    let steps = async |now: i64| {
        let mut changed = Vec::new();
        loop {
            let step = journal.prune(now).await.unwrap();
            changed.push(step.changed);
            if !step.more {
                return changed;
            }
        }
    };
    assert_eq!(steps(1_000).await, [prune::STEP, 1]);
    assert_eq!(steps(1_001).await, [0]);
    assert_eq!(steps(KEEP_ID).await, [prune::STEP, 1], "then the entries themselves");
    assert_eq!(fixture.journal.append(vec![numbered(0)]).await.unwrap(), [crate::Appended::New]);
}
