//! Repeated POSTs, and units of work that run again because another unit of their commit was refused.

use std::sync::Arc;

use crate::test_ledger::TestLedger;

const BODY: &str = r#"{"email":"ada@site.example","customer_key":"ada"}"#;

#[tokio::test]
async fn a_repeated_post_gets_the_first_answer_and_makes_nothing() {
    let ledger = TestLedger::open().await;
    let first = ledger.post_once("/api/v2/customers", BODY, "k1").await;
    ledger.pass(60_000);
    let again = ledger.post_once("/api/v2/customers", BODY, "k1").await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text, again.text);
    assert_eq!(ledger.get("/api/v2/customers").await.data()["items"].as_array().unwrap().len(), 1);
    assert_eq!(ledger.post_once("/api/v2/customers", BODY, "k2").await.status, 409);
}

#[tokio::test]
async fn an_idempotency_key_is_refused_for_a_different_request() {
    let ledger = TestLedger::open().await;
    ledger.post_once("/api/v2/customers", BODY, "k1").await.data();
    let other = ledger.post_once("/api/v2/customers", &BODY.replace("ada", "bob"), "k1").await;
    assert_eq!(other.error(), (409, "idempotency_key_reused".to_owned(), "Idempotency-Key".to_owned()));
    let elsewhere = ledger.post_once("/api/v2/customers?upsert=true", BODY, "k1").await;
    assert_eq!(elsewhere.error().0, 409);
}

#[tokio::test]
async fn a_refused_post_may_be_tried_again_under_its_key() {
    let ledger = TestLedger::open().await;
    let body = BODY.replace("\"customer_key\"", "\"partner_key\":\"late\",\"customer_key\"");
    assert_eq!(ledger.post_once("/api/v2/customers", &body, "k1").await.error().1, "unknown_partner");
    ledger.partner("late").await;
    assert_eq!(ledger.post_once("/api/v2/customers", &body, "k1").await.status, 200);
}

#[tokio::test]
async fn an_idempotency_key_expires() {
    let ledger = TestLedger::open().await;
    ledger.post_once("/api/v2/customers", BODY, "k1").await.data();
    ledger.pass(headwater_protocol::limits::IDEMPOTENCY_HOURS * 3_600_000 + 1);
    assert_eq!(ledger.post_once("/api/v2/customers", BODY, "k1").await.error().1, "customer_exists");
}

#[tokio::test]
async fn an_empty_or_overlong_idempotency_key_is_refused() {
    let ledger = TestLedger::open().await;
    for key in [String::new(), "k".repeat(256)] {
        let reply = ledger.post_once("/api/v2/customers", BODY, &key).await;
        assert_eq!(reply.error(), (400, "out_of_range".to_owned(), "Idempotency-Key".to_owned()));
    }
}

#[tokio::test]
async fn a_refused_unit_in_the_same_commit_neither_duplicates_nor_loses_others() {
    let ledger = Arc::new(TestLedger::open().await);
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..90 {
        let ledger = Arc::clone(&ledger);
        asked.spawn(async move {
            let partner = if number % 3 == 0 { r#","partner_key":"nobody""# } else { "" };
            let body = format!(r#"{{"email":"{number}@site.example","customer_key":"c{number}"{partner}}}"#);
            ledger.post_once("/api/v2/customers", &body, &format!("k{number}")).await.status
        });
    }
    let answers = asked.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 60);
    let there = ledger.get("/api/v2/customers?limit=250").await.data();
    assert_eq!(there["items"].as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn an_idempotency_key_is_remembered_for_three_days() {
    let ledger = TestLedger::open().await;
    let first = ledger.post_once("/api/v2/customers", BODY, "k1").await;
    ledger.pass(72 * 3_600_000);
    assert_eq!(ledger.post_once("/api/v2/customers", BODY, "k1").await.text, first.text);
}
