//! Nothing is lost while a destination refuses our credential, the clock is wrong or the write queue is full.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use headwater_journal::{Journal, MIGRATIONS, Outcome, State};
use headwater_protocol::limits::{DELIVERY_BACKOFF_MIN, HOLD_MAX, PARKED_AGE_MAX};
use headwater_store::{Bounds, Store, StoreError, Unit};

use super::{PAYMENT, SIGNUP, delivery_test, delivery_to, receiver};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn a_rotated_key_holds_delivery_and_loses_nothing() {
    for refusal in [401, 403] {
        let working = Arc::new(Mutex::new(false));
        let heard = super::ReceivedRequests::default();
        let inner = receiver(Arc::clone(&heard), std::collections::VecDeque::default());
        let works = Arc::clone(&working);
        let receiver = axum::Router::new().fallback(move |request: http::Request<axum::body::Body>| {
            let (inner, works) = (inner.clone(), *works.lock().unwrap());
            async move {
                if works {
                    return tower::ServiceExt::oneshot(inner, request).await.unwrap();
                }
                axum::response::Response::builder().status(refusal).body("{}".into()).unwrap()
            }
        });
        let delivery = delivery_to(receiver, heard);
        for n in 0..5 {
            delivery.take("signup", &SIGNUP.replace("gk_1", &format!("gk_{n}"))).await;
        }
        delivery.take("payment", PAYMENT).await;
        let mut deliveries = delivery.delivery_loop();
        for _ in 0..30 {
            while deliveries.claim(delivery.relay.now().0).await.unwrap() > 0 {
                while deliveries.one_ended().await {}
            }
            delivery.later(HOLD_MAX);
        }
        assert!(delivery.received().is_empty());
        let due = delivery.in_state(State::Head).await;
        assert_eq!(
            (due.len(), delivery.count(State::Dead).await),
            (5, 0),
            "after hours, no entry is given up"
        );
        assert!(due.iter().all(|entry| entry.attempts == 0), "it counts as no attempt: {due:?}");
        assert!(
            due[0].last_error.as_deref().unwrap().contains("held: the destination refuses our credential")
        );
        *working.lock().unwrap() = true;
        delivery.later(HOLD_MAX);
        while deliveries.claim(delivery.relay.now().0).await.unwrap() > 0 {
            while deliveries.one_ended().await {}
        }
        assert_eq!(delivery.count(State::Delivered).await, 6, "all at once when it works again");
    }
}

#[tokio::test]
async fn entries_that_were_held_are_due_as_soon_as_one_is_accepted() {
    let heard = super::ReceivedRequests::default();
    let inner = receiver(Arc::clone(&heard), [(401, "{}".to_owned())].into());
    // It answers the second request when the test says so: by then the other entry is held.
    let may_answer = Arc::new(tokio::sync::Semaphore::new(1));
    let permits = Arc::clone(&may_answer);
    let slow = axum::Router::new().fallback(move |request: http::Request<axum::body::Body>| {
        let (inner, permits) = (inner.clone(), Arc::clone(&permits));
        async move {
            permits.acquire().await.unwrap().forget();
            tower::ServiceExt::oneshot(inner, request).await.unwrap()
        }
    });
    let delivery = delivery_to(slow, heard);
    delivery.take("signup", SIGNUP).await;
    let mut deliveries = delivery.delivery_loop();
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 1);
    while deliveries.one_ended().await {}
    delivery.take("signup", &SIGNUP.replace("gk_1", "gk_2")).await;
    delivery.later(DELIVERY_BACKOFF_MIN);
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 2);
    assert!(deliveries.one_ended().await, "the entry that is held");
    may_answer.add_permits(2);
    while deliveries.one_ended().await {}
    assert_eq!(delivery.count(State::Delivered).await, 1);
    assert_eq!(deliveries.claim(delivery.relay.now().0).await.unwrap(), 1, "it waits for no time");
    while deliveries.one_ended().await {}
    assert_eq!(delivery.count(State::Delivered).await, 2);
}

#[tokio::test]
async fn events_of_a_program_that_a_restored_ledger_does_not_know_yet_are_kept() {
    let delivery = delivery_test(&[]);
    delivery.take("signup", SIGNUP).await;
    let known = delivery.program.clone();
    delivery.relay.programs.replace(Vec::new());
    delivery.settle().await;
    assert_eq!((delivery.received().len(), delivery.count(State::Dead).await), (0, 0));
    delivery.relay.programs.replace(vec![known]);
    delivery.later(HOLD_MAX);
    delivery.settle().await;
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

#[tokio::test]
async fn a_conflict_at_hosted_partnerstack_is_resolved_by_reading_the_customer() {
    let delivery = delivery_test(&[(409, "{}"), (200, "{}"), (409, "{}"), (404, "{}")]);
    delivery.take("signup", SIGNUP).await;
    delivery.settle().await;
    assert_eq!(delivery.received(), ["POST /api/v2/customers", "GET /api/v2/customers/gk_1"]);
    assert_eq!(delivery.count(State::Delivered).await, 1);
    delivery.take("signup", &SIGNUP.replace("gk_1", "gk_2")).await;
    delivery.settle().await;
    assert_eq!(
        (delivery.count(State::Parked).await, delivery.count(State::Dead).await),
        (1, 0),
        "something else is in the way"
    );
}

#[tokio::test]
async fn a_clock_that_jumps_a_month_and_back_gives_up_nothing() {
    let unknown = (404, r#"{"message":"no such customer","status":404,"code":"customer_not_found"}"#);
    let delivery = delivery_test(&[unknown; 3]);
    delivery.take("payment", PAYMENT).await;
    delivery.settle().await;
    delivery.later(2 * PARKED_AGE_MAX);
    delivery.settle().await;
    assert_eq!(delivery.count(State::Parked).await, 1);
    delivery.later(-2 * PARKED_AGE_MAX);
    super::super::release_far_ahead(&delivery.relay, delivery.relay.now().0).await;
    delivery.settle().await;
    assert_eq!(delivery.received().len(), 3, "delayed by a wrong clock, and tried again by the right one");
    assert_eq!(delivery.count(State::Parked).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_finds_the_write_queue_full_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let bounds = Bounds { waiting: 1, commit: 1, readers: 4, reader_wait: std::time::Duration::from_secs(5) };
    let store = Store::open(&directory.path().join("j.sqlite"), MIGRATIONS, bounds).unwrap();
    let mut delivery = delivery_test(&[]);
    delivery.relay.journal = Journal::open(store.clone());
    delivery.take("signup", SIGNUP).await;
    let entry = delivery.relay.journal.claim(delivery.relay.now().0, 1, 1, 1000).await.unwrap().remove(0);
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let busy = store.clone();
    let slow = tokio::spawn(async move {
        let work = move |_: &mut Unit<'_>| {
            begun.send(()).unwrap();
            may_go_on.recv().map_err(|_| StoreError::Closed)
        };
        busy.write(work).await
    });
    has_begun.recv().await.unwrap();
    let mut fills = Box::pin(store.write(|_| Ok::<_, StoreError>(())));
    assert!(is_pending(&mut fills).await, "the one place is taken");
    let done = Outcome::Delivered { names: Vec::new() };
    let mut settling = Box::pin(super::super::settle(&delivery.relay, entry.seq, done));
    assert!(is_pending(&mut settling).await, "it does not give up");
    go_on.send(()).unwrap();
    slow.await.unwrap().unwrap();
    fills.await.unwrap();
    settling.await;
    assert_eq!(delivery.count(State::Delivered).await, 1);
}

/// The most pages that the database may have; a value below the present number means that number.
async fn limit_pages(store: &Store, pages: i64) {
    let limit = format!("PRAGMA max_page_count = {pages}");
    store.write(move |unit| unit.query(&limit, &[], |_| Ok::<_, StoreError>(()))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_finds_the_disk_full_is_tried_again_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let bounds = Bounds { waiting: 9, commit: 9, readers: 4, reader_wait: std::time::Duration::from_secs(5) };
    let store = Store::open(&directory.path().join("j.sqlite"), MIGRATIONS, bounds).unwrap();
    let mut delivery = delivery_test(&[]);
    delivery.relay.journal = Journal::open(store.clone());
    delivery.take("signup", SIGNUP).await;
    let entry = delivery.relay.journal.claim(delivery.relay.now().0, 1, 1, 1000).await.unwrap().remove(0);
    limit_pages(&store, 1).await;
    let reason = "x".repeat(100_000);
    let done = Outcome::Dead { reason: reason.clone() };
    let refused =
        delivery.relay.journal.settle(vec![(entry.seq, done.clone())], delivery.relay.now().0).await;
    assert!(matches!(refused, Err(StoreError::NoRoom(_))), "{refused:?}");
    let mut settling = Box::pin(super::super::settle(&delivery.relay, entry.seq, done));
    let some_time = std::time::Duration::from_millis(200);
    assert!(tokio::time::timeout(some_time, &mut settling).await.is_err(), "it does not give up");
    limit_pages(&store, 1_000_000).await;
    settling.await;
    assert_eq!(delivery.count(State::Dead).await, 1);
}

async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())).await
}

#[tokio::test]
async fn a_product_that_is_not_in_the_catalogue_yet_is_tried_again() {
    let unknown =
        (404, r#"{"message":"no catalogue entry 'prod_inbox'","status":404,"code":"unknown_product_book"}"#);
    let delivery = delivery_test(&[unknown]);
    let said = r#"{"customer":{"customer_key":"gk_1"},"external_subscription_key":"sub_1","status":"active","product_book_key":"prod_inbox"}"#;
    delivery.take_from(headwater_protocol::Source::Billing, "subscription", said).await;
    delivery.settle().await;
    assert_eq!(delivery.count(State::Parked).await, 1);
    delivery.settle_for(DAY).await;
    assert_eq!(delivery.count(State::Delivered).await, 1);
}
