//! Delivery: every acknowledged event arrives (issue 8, lines 7, 21 and 27).

use headwater_protocol::limits::COMMIT_UNITS_MAX;
use headwater_relay::deliver::deliver_due;
use headwater_store::Bounds;
use headwater_testkit::{HOUR, Headwater, KitOptions, Reply, START, TestEvent};
use serde_json::json;
use tokio::task::JoinSet;

use crate::stage::{signup, with_catalogue};
use crate::stripe::{invoice, line, paid};

fn payment() -> TestEvent {
    let customer = json!({"customer_key": "gk_1"});
    let data = json!({"customer": customer, "key": "pay_1", "amount": 100, "currency": "USD"});
    TestEvent::of_server("payment", data)
}

#[tokio::test]
async fn a_wrong_credential_at_the_destination_loses_no_event() {
    for status in [401, 403] {
        let headwater = with_catalogue(KitOptions::default()).await;
        headwater.intercept(move |_| Some(Reply::status(status)));
        headwater.event(signup()).await.expect(202);
        headwater.event(payment()).await.expect(202);
        headwater.deliver().await;
        headwater.let_through();
        headwater.deliver_for(2 * HOUR).await;
        let entries = headwater.describe_entries().await;
        assert_eq!(headwater.all("transactions").await.len(), 1, "{status}: {entries}");
    }
}

#[tokio::test]
async fn a_customer_that_hosted_partnerstack_knows_is_no_dead_entry() {
    let headwater = with_catalogue(KitOptions::default()).await;
    // Hosted PartnerStack has none of our error codes and ignores Idempotency-Key: it answers a repeated customer with
    // 409 and no code.
    headwater.intercept(|asked| {
        let knows = asked.is("GET", "/api/v2/customers/gk_1").then(|| Reply::status(200));
        asked.is("POST", "/api/v2/customers").then(|| Reply::status(409)).or(knows)
    });
    headwater.event(signup()).await.expect(202);
    headwater.deliver().await;
    assert_eq!(headwater.entries().await[0]["state"], "delivered", "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn another_programs_keys_cannot_replay_an_entry() {
    let headwater = Headwater::start_with(KitOptions { programs: 2, ..KitOptions::default() }).await;
    headwater.event(payment().numbered(1)).await.expect(202);
    headwater.deliver().await;
    let entry = headwater.entries().await.remove(0);
    assert_eq!(entry["state"], "parked", "its customer is unknown");
    let replay = format!("/v1/entries/{}/replay", entry["id"].as_str().unwrap());
    for stranger in [headwater.program(1).vendor(), headwater.program(0).test()] {
        assert_eq!(stranger.post(&replay, json!({})).await.status, 404);
    }
    assert_eq!(headwater.program(0).vendor().post(&replay, json!({})).await.status, 200);
}

#[tokio::test]
async fn two_programs_of_one_stripe_account_both_get_a_payment() {
    let headwater = Headwater::start_with(KitOptions { programs: 2, ..KitOptions::default() }).await;
    let event = paid(START, &invoice(&[line("il_1", "inbox", 9900)], 9900));
    for program in [headwater.program(0), headwater.program(1)] {
        program.stripe(&event).await.expect(200);
        program.stripe_test(&event).await.expect(200);
    }
    for program in [headwater.program(0), headwater.program(1)] {
        assert_eq!(program.entries().await.len(), 1, "program {}", program.number());
        assert_eq!(program.test().all("/v1/entries").await.len(), 1, "test keys of {}", program.number());
    }
}

#[tokio::test]
async fn a_full_write_queue_does_not_block_a_delivered_lane_until_its_lease_ends() {
    // The writer commits one unit at a time, and its queue has two places.
    let journal = Bounds { waiting: 2, commit: 1, ..KitOptions::default().journal };
    let headwater = with_catalogue(KitOptions { journal, ..KitOptions::default() }).await;
    assert_eq!(KitOptions::default().ledger.commit, COMMIT_UNITS_MAX, "the ledger itself is not full");
    let mut taken = 0;
    for round in 0..40 {
        let mut tasks = JoinSet::new();
        for place in 0..6 {
            let key = format!("gk_{round}_{place}");
            let data = json!({"customer_key": key, "email": "a@shop.example", "partner_key": "robin"});
            let program = headwater.program(0).clone();
            tasks.spawn(async move { program.event(TestEvent::of_page("signup", data)).await.status });
        }
        // A claim that the full queue refuses is tried again in the next round.
        let _ = deliver_due(headwater.relay(), &headwater.destinations()).await;
        taken += tasks.join_all().await.into_iter().filter(|status| *status == 202).count();
    }
    headwater.deliver().await;
    let entries = headwater.entries().await;
    assert_eq!(entries.len(), taken);
    let held = entries.iter().filter(|entry| entry["state"] != "delivered").count();
    assert_eq!(held, 0, "of {taken}, without any time having passed");
}
