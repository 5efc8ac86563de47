//! Every unit of work of the journal, made to fail at each of its steps: it is stored whole or not at all, also when
//! the process is killed.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

#[path = "../../store/tests/fault/mod.rs"]
mod fault;

use fault::Fault;
use headwater_journal::{Appended, Entry, Fact, Journal, KEEP_BODY, MIGRATIONS, NewEntry, Outcome};

const LEASE: i64 = 100;

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

fn parked() -> Outcome {
    let names = vec!["1:c:a".to_owned(), "1:in:in_1".to_owned()];
    Outcome::Parked { at: 9_000, reason: "404".to_owned(), names, claimed: u64::MAX }
}

fn retry(at: i64) -> Outcome {
    Outcome::Retry { at, reason: "503".to_owned(), counted: true }
}

fn delivered() -> Outcome {
    Outcome::Delivered { names: vec!["1:c:a".to_owned()] }
}

fn fact(at: i64) -> Fact {
    let own = str::to_owned;
    Fact {
        scope: own("1"),
        name: own("in:in_1"),
        part: own("lines"),
        at,
        rank: 0,
        body: own("{}"),
        change: 0,
    }
}

fn dead() -> Outcome {
    Outcome::Dead { reason: "400".to_owned() }
}

/// The journal on a database that can be made to fail.
struct TestJournal {
    fault: Fault,
    journal: Journal,
    /// Whether each unit of work is first made to fail at each of its steps, before it succeeds.
    failing: bool,
    steps: Vec<i64>,
}

impl TestJournal {
    fn open(failing: bool) -> Self {
        let fault = Fault::open(MIGRATIONS);
        let journal = Journal::open(fault.store.clone());
        Self { fault, journal, failing, steps: Vec::new() }
    }

    async fn step(&mut self, mut work: impl AsyncFnMut(&Journal) -> bool) {
        if self.failing {
            let steps = self.fault.at_every_step(async || work(&self.journal).await).await;
            self.steps.push(steps);
        } else {
            assert!(work(&self.journal).await);
        }
    }

    async fn append(&mut self, entries: &[NewEntry], expected: &[Appended]) {
        self.step(async |journal| {
            journal.append(entries.to_vec()).await.is_ok_and(|appended| appended == expected)
        })
        .await;
    }

    async fn claim(&mut self, now: i64, expected: &[u8]) {
        self.step(async |journal| {
            let ids = |entries: Vec<Entry>| entries.iter().map(|entry| entry.id[0]).collect::<Vec<_>>();
            journal.claim(now, 10, 10, LEASE).await.is_ok_and(|entries| ids(entries) == expected)
        })
        .await;
    }

    async fn settle(&mut self, outcomes: &[(i64, Outcome)], now: i64) {
        self.step(async |journal| journal.settle(outcomes.to_vec(), now).await.is_ok()).await;
    }

    /// Runs every unit of work of the journal, with five entries in three lanes and two webhooks' events.
    async fn travel(&mut self) {
        use Appended::{Duplicate, New};
        let batch = [new(1, "a"), new(2, "a"), new(1, "a"), new(3, "b"), new(4, "c"), new(5, "c")];
        self.append(&batch, &[New, New, Duplicate, New, New, New]).await;
        self.claim(0, &[1, 3, 4]).await;
        self.settle(&[(1, parked()), (3, retry(500)), (4, dead())], 10).await;
        self.claim(20, &[2, 5]).await;
        self.settle(&[(2, delivered()), (5, delivered())], 30).await;
        self.step(async |journal| journal.release(40).await.is_ok_and(|changed| changed == 1)).await;
        self.claim(50, &[3, 1]).await;
        self.settle(&[(1, parked())], 50).await;
        for (id, appended, due) in [(1, Duplicate, &[1_u8][..]), (9, New, &[9, 1])] {
            self.step(async |journal| {
                let both = journal.append_with_facts(vec![new(id, "f")], vec![fact(i64::from(id))], 50);
                both.await.is_ok_and(|got| got == [appended])
            })
            .await;
            // The fact has made entry 1 due, which is parked for it.
            self.claim(50, due).await;
            self.settle(&[(1, parked())], 50).await;
        }
        self.step(async |journal| journal.release_far_ahead(50, 400).await.is_ok_and(|changed| changed == 1))
            .await;
        self.settle(&[(1, delivered()), (3, retry(900))], 60).await;
        self.step(async |journal| journal.replay(1, false, [4; 16], 70).await.is_ok_and(|replayed| replayed))
            .await;
        self.step(async |journal| journal.erase("b".to_owned(), 80).await.is_ok_and(|changed| changed == 1))
            .await;
        let later = 80 + KEEP_BODY;
        self.step(async |journal| journal.prune(later).await.is_ok_and(|pruned| pruned.changed == 3)).await;
    }
}

#[tokio::test]
async fn a_unit_that_fails_at_any_step_leaves_nothing_behind_and_is_whole_when_done_again() {
    let (mut calm, mut rough) = (TestJournal::open(false), TestJournal::open(true));
    calm.travel().await;
    rough.travel().await;
    assert_eq!(rough.fault.left_behind(), calm.fault.left_behind());
    assert!(rough.steps.iter().all(|steps| *steps > 0), "each unit was made to fail: {:?}", rough.steps);
    assert!(rough.steps[0] >= 5 && rough.steps[2] >= 5, "at each of its rows: {:?}", rough.steps);
}

#[tokio::test]
async fn an_append_reported_as_failed_left_nothing_and_one_reported_as_done_is_whole() {
    const SENDERS: u8 = 8;
    for step in 1..=i64::from(2 * SENDERS) {
        let fixture = TestJournal::open(false);
        fixture.fault.at(step).await;
        let sends = (0..SENDERS).map(|sender| {
            let journal = fixture.journal.clone();
            // Two entries of the sender's own lane and one lane that all of them share.
            let entries = vec![new(2 * sender, "shared"), new(2 * sender + 1, &format!("own {sender}"))];
            tokio::spawn(async move { journal.append(entries).await })
        });
        let mut kept = Vec::new();
        for (sender, send) in (0..SENDERS).zip(sends.collect::<Vec<_>>()) {
            if send.await.unwrap().is_ok() {
                kept.extend([2 * sender, 2 * sender + 1]);
            }
        }
        fixture.fault.at(0).await;
        let mut found = Vec::new();
        loop {
            let due = fixture.journal.claim(0, 100, 100, LEASE).await.unwrap();
            if due.is_empty() {
                break;
            }
            found.extend(due.iter().map(|entry| entry.id[0]));
            fixture
                .journal
                .settle(due.iter().map(|entry| (entry.seq, delivered())).collect(), 0)
                .await
                .unwrap();
        }
        found.sort_unstable();
        assert_eq!(found, kept, "failing at step {step}: each kept entry is delivered, once");
        assert!(kept.len() < usize::from(2 * SENDERS), "one append fails at step {step}");
    }
}
