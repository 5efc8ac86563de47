//! The journal with several processes that append and deliver at once.

use std::collections::HashMap;

use headwater_journal::{Appended, Journal, MIGRATIONS, NewEntry, Outcome};
use headwater_store::Store;
use headwater_teststore::BOUNDS;

use crate::address;

const LANES: usize = 40;
const EACH: usize = 25;
const LEASE: i64 = 1_000_000;

fn relays(count: usize, schema: &str) -> Vec<Journal> {
    let schema = format!("{schema}_{}", std::process::id());
    (0..count)
        .map(|_| Journal::open(Store::open_shared(&address(), &schema, MIGRATIONS, BOUNDS).unwrap()))
        .collect()
}

/// The `number`-th entry of a lane; its body is that number.
fn entry(lane: usize, number: usize) -> NewEntry {
    let mut id = [0; 16];
    id[0] = u8::try_from(lane).unwrap();
    id[1] = u8::try_from(number).unwrap();
    NewEntry {
        id,
        program: 1,
        test: false,
        lane: format!("1:c:{lane}"),
        kind: "signup",
        source: "page",
        body: number.to_string(),
        received_at: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_relays_deliver_every_entry_once_and_each_lane_in_order() {
    let relays = relays(3, "lanes");
    let appending = (0..LANES).map(|lane| {
        let journals = relays.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                // Entries reach different relays, as behind a load balancer; every fifth is sent a second time.
                let appended = journals[(lane + number) % 3].append(vec![entry(lane, number)]).await.unwrap();
                assert_eq!(appended, [Appended::New]);
                if number % 5 == 0 {
                    let again =
                        journals[(lane + number + 1) % 3].append(vec![entry(lane, number)]).await.unwrap();
                    assert_eq!(again, [Appended::Duplicate]);
                }
            }
        })
    });
    let appending: Vec<_> = appending.collect();
    let delivered = std::sync::Arc::new(std::sync::Mutex::new(HashMap::<String, Vec<usize>>::new()));
    let delivering: Vec<_> = relays
        .iter()
        .cloned()
        .map(|journal| {
            let delivered = std::sync::Arc::clone(&delivered);
            tokio::spawn(async move {
                while delivered.lock().unwrap().values().map(Vec::len).sum::<usize>() < LANES * EACH {
                    let claimed = journal.claim(1, 16, 16, LEASE).await.unwrap();
                    for entry in &claimed {
                        let mut delivered = delivered.lock().unwrap();
                        delivered.entry(entry.lane.clone()).or_default().push(entry.body.parse().unwrap());
                    }
                    let outcomes = claimed
                        .iter()
                        .map(|entry| {
                            (entry.seq, Outcome::Delivered { names: vec![format!("n:{}", entry.lane)] })
                        })
                        .collect();
                    journal.settle(outcomes, 1).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in appending {
        task.await.unwrap();
    }
    let all = tokio::time::timeout(std::time::Duration::from_mins(1), async {
        for task in delivering {
            task.await.unwrap();
        }
    });
    all.await.expect("all entries are delivered within a minute");
    let delivered = delivered.lock().unwrap();
    assert_eq!(delivered.len(), LANES);
    for (lane, numbers) in &*delivered {
        assert_eq!(*numbers, (0..EACH).collect::<Vec<_>>(), "{lane}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_takes_the_claims_of_one_that_died_and_no_others() {
    let mut relays = relays(3, "claims");
    relays[0].append(vec![entry(1, 1), entry(2, 1)]).await.unwrap();
    assert_eq!(relays[1].claim(0, 1, 0, LEASE).await.unwrap().len(), 1);
    assert_eq!(relays[2].claim(0, 10, 0, LEASE).await.unwrap().len(), 1);
    assert_eq!(relays[0].release(1).await.unwrap(), 0, "both run");
    drop(relays.pop());
    let released = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        loop {
            // The server ends a session some moments after its client is gone.
            match relays[0].release(1).await.unwrap() {
                0 => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
                released => break released,
            }
        }
    });
    assert_eq!(released.await, Ok(1), "one of them lives");
    assert_eq!(relays[0].claim(1, 10, 10, LEASE).await.unwrap().len(), 1);
    assert_eq!(relays[1].claim(LEASE, 10, 10, LEASE).await.unwrap().len(), 1, "its own lease has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_releases_its_claims_that_it_did_not_hear_of_and_no_others() {
    let relays = relays(2, "unheard");
    relays[0].append(vec![entry(1, 1), entry(2, 1), entry(3, 1)]).await.unwrap();
    let claimed = relays[0].claim(0, 2, 0, LEASE).await.unwrap();
    assert_eq!(relays[1].claim(0, 10, 0, LEASE).await.unwrap().len(), 1);
    let under_way = std::collections::HashSet::from([claimed[0].seq]);
    assert_eq!(relays[0].release_claims(under_way, 1).await.unwrap(), 1);
    let again = relays[1].claim(1, 10, 10, LEASE).await.unwrap();
    assert_eq!(again.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [claimed[1].seq]);
}
