//! The kit itself: the clock moves only when told, delivery is stepped, answers can be set, and each run ends in the
//! same ledger.

use headwater_testkit::{Headwater, KitOptions, MINUTE, Reply, START, TestEvent};
use serde_json::{Value, json};

use crate::stage::{signup, subscribed, tell, with_catalogue};
use crate::stripe::{invoice, line, paid};

#[tokio::test]
async fn nothing_is_delivered_before_the_test_says_so() {
    let headwater = with_catalogue(KitOptions::default()).await;
    headwater.event(signup()).await.expect(202);
    assert_eq!(headwater.entries().await[0]["state"], "due");
    assert!(headwater.exchanges().is_empty());
    assert_eq!(headwater.deliver().await, 1);
    assert_eq!(headwater.entries().await[0]["state"], "delivered", "{}", headwater.describe_entries().await);
    assert_eq!(headwater.deliver().await, 0);
}

#[tokio::test]
async fn a_retry_waits_for_the_clock() {
    let headwater = with_catalogue(KitOptions::default()).await;
    headwater.intercept(|asked| asked.is("POST", "/api/v2/customers").then(|| Reply::status(503)));
    headwater.event(signup()).await.expect(202);
    assert_eq!(headwater.deliver().await, 1, "to be retried later, so not due again at this time");
    assert_eq!(headwater.deliver().await, 0);
    let heard = headwater.exchanges();
    assert_eq!((heard.len(), heard[0].status), (1, 503), "{}", heard[0]);
    assert!(heard[0].request.body.contains("gk_1"), "{}", heard[0]);
    headwater.let_through();
    assert!(headwater.deliver_for(MINUTE).await >= 1);
    assert_eq!(headwater.clock().now(), START + MINUTE);
    assert_eq!(headwater.all("customers").await.len(), 1, "{}", headwater.describe_entries().await);
}

#[tokio::test]
async fn each_caller_has_a_view_of_their_own() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let program = headwater.program(0);
    headwater.event(signup()).await.expect(202);
    headwater.deliver().await;
    assert_eq!(program.vendor().all("customers").await.len(), 1);
    assert_eq!(program.test().all("customers").await, Vec::<Value>::new());
    assert_eq!(program.partner("robin").await.all("customers").await.len(), 1);
    assert_eq!(program.partner("mallory").await.all("customers").await, Vec::<Value>::new());
    assert_eq!(program.admin().get("program").await.data()["checkout_amounts"], "confirm");
    assert_eq!(program.vendor().get("program").await.status, 401);
    assert_eq!(headwater.nobody().get("customers").await.status, 401);
}

#[tokio::test]
async fn an_event_of_the_test_keys_makes_test_data_only() {
    let headwater = with_catalogue(KitOptions::default()).await;
    headwater.event(signup().test()).await.expect(202);
    headwater.deliver().await;
    assert_eq!(headwater.all("customers").await.len(), 0);
    assert_eq!(headwater.program(0).test().all("customers").await.len(), 1);
}

#[tokio::test]
async fn a_server_may_send_kinds_that_a_page_may_not() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let payment =
        json!({"customer": {"customer_key": "gk_1"}, "key": "pay_1", "amount": 100, "currency": "USD"});
    let refused = headwater.event(TestEvent::of_page("payment", payment.clone())).await;
    assert_ne!(refused.status, 202, "{}", refused.body);
    headwater.event(TestEvent::of_server("payment", payment)).await.expect(202);
}

#[tokio::test]
async fn two_programs_do_not_share_data() {
    let headwater = Headwater::start_with(KitOptions { programs: 2, ..KitOptions::default() }).await;
    for number in [0, 1] {
        headwater.program(number).set_up_catalogue().await;
    }
    headwater.program(1).event(signup()).await.expect(202);
    headwater.deliver().await;
    assert_eq!(headwater.program(0).entries().await.len(), 0);
    assert_eq!(headwater.program(1).entries().await.len(), 1);
    assert_eq!(headwater.program(0).vendor().all("customers").await.len(), 0);
    assert_eq!(headwater.program(1).vendor().all("customers").await.len(), 1);
    assert_ne!(headwater.program(1).click("robin").await, headwater.program(0).click("robin").await);
}

#[tokio::test]
async fn the_same_history_gives_the_same_ledger() {
    let ledger_contents = async || {
        let headwater = subscribed(&[("inbox", 9900)]).await;
        for number in 2..20 {
            let data = json!({"customer_key": format!("gk_{number}"), "email": "b@shop.example",
                "partner_key": "mallory"});
            headwater.event(TestEvent::of_page("signup", data)).await.expect(202);
        }
        tell(&headwater, &paid(START, &invoice(&[line("il_1", "inbox", 9900)], 9900))).await;
        (headwater.all("customers").await, headwater.all("rewards").await)
    };
    let first = ledger_contents().await;
    assert_eq!((first.0.len(), first.1.len()), (19, 1));
    assert_eq!(first, ledger_contents().await);
}
