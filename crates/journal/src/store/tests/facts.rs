//! Facts: the newest of each is kept in any order of arrival, and entries parked for one fall due.

use super::{ids, new, test_journal};
use crate::store::tests::parked::parked;
use crate::{Appended, Fact};

fn fact(part: &str, at: i64, rank: i64, body: &str) -> Fact {
    let own = str::to_owned;
    Fact { scope: own("1"), name: own("in:in_1"), part: own(part), at, rank, body: own(body), change: 0 }
}

#[tokio::test]
async fn of_each_fact_the_newest_is_kept_in_any_order() {
    let states =
        [fact("a", 5, 0, "open"), fact("a", 7, 0, "late"), fact("a", 7, 1, "last"), fact("a", 6, 9, "mid")];
    for turn in 0..states.len() {
        let fixture = test_journal();
        for at in 0..states.len() {
            let one = states[(turn + at) % states.len()].clone();
            fixture
                .journal
                .append_with_facts(Vec::new(), vec![one, fact("b", 1, 0, "other")], 0)
                .await
                .unwrap();
        }
        let known = fixture.journal.facts("1".to_owned(), "in:in_1".to_owned()).await.unwrap();
        let known: Vec<_> = known.into_iter().map(|fact| Fact { change: 0, ..fact }).collect();
        assert_eq!(known, [states[2].clone(), fact("b", 1, 0, "other")]);
        assert_eq!(fixture.journal.facts("1t".to_owned(), "in:in_1".to_owned()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn each_change_of_a_fact_has_a_higher_number_than_all_before_it() {
    let fixture = test_journal();
    let mut newest = 0;
    for (one, changes) in [
        (fact("a", 5, 0, "open"), true),
        (fact("b", 9, 0, "other"), true),
        (fact("a", 5, 0, "open"), false),
        (fact("a", 4, 0, "older"), false),
        (fact("a", 6, 0, "closed"), true),
    ] {
        fixture.journal.append_with_facts(Vec::new(), vec![one.clone()], 0).await.unwrap();
        let known = fixture.journal.facts("1".to_owned(), "in:in_1".to_owned()).await.unwrap();
        let change = known.iter().map(|fact| fact.change).max().unwrap();
        assert_eq!(change > newest, changes, "{one:?}");
        newest = change;
    }
}

#[tokio::test]
async fn an_entry_parked_for_a_fact_falls_due_by_it_and_not_by_its_repetition() {
    let fixture = test_journal();
    fixture.journal.append(vec![new(1, "a")]).await.unwrap();
    for (at, woken) in [(1, vec![1]), (1, vec![]), (2, vec![1])] {
        let seqs = ids(&fixture, 0).await;
        if !seqs.is_empty() {
            fixture.journal.settle(vec![(1, parked(9_000, &["1:in:in_1"], u64::MAX))], 0).await.unwrap();
        }
        let appended =
            fixture.journal.append_with_facts(vec![], vec![fact("a", at, 0, "{}")], 0).await.unwrap();
        assert_eq!(appended, [] as [Appended; 0]);
        assert_eq!(ids(&fixture, 0).await, woken, "told of {at}");
        fixture.journal.settle(vec![(1, parked(9_000, &["1:in:in_1"], u64::MAX))], 0).await.unwrap();
    }
}

#[tokio::test]
async fn facts_are_forgotten_after_four_hundred_days() {
    let fixture = test_journal();
    fixture.journal.append_with_facts(Vec::new(), vec![fact("a", 1, 0, "{}")], 0).await.unwrap();
    assert_eq!(fixture.journal.prune(crate::KEEP_FACT - 1).await.unwrap().changed, 0);
    assert_eq!(fixture.journal.prune(crate::KEEP_FACT).await.unwrap().changed, 1);
}
