//! The main use: a click, a signup, two products, two commissions.

use headwater_testkit::{KitOptions, START, TestEvent};
use serde_json::{Value, json};

use crate::stage::{subscribed, tell, with_catalogue};
use crate::stripe::{invoice, line, paid};

const BOTH: [(&str, i64); 2] = [("live_chat", 4900), ("inbox", 9900)];

fn both() -> Value {
    paid(START, &invoice(&[line("il_1", "live_chat", 4900), line("il_2", "inbox", 9900)], 14800))
}

#[tokio::test]
async fn a_referred_customer_who_buys_two_products_earns_the_partner_two_commissions() {
    let headwater = subscribed(&BOTH).await;
    tell(&headwater, &both()).await;
    assert_eq!(headwater.balance("robin").await, 490 + 1980, "{}", headwater.describe_entries().await);
    assert_eq!(headwater.balance("mallory").await, 0);
    let partner = headwater.program(0).partner("robin").await;
    let mut earned: Vec<_> = partner.all("rewards").await.iter().map(|one| one["amount"].clone()).collect();
    earned.sort_by_key(Value::as_i64);
    assert_eq!(earned, [490, 1980]);
}

#[tokio::test]
async fn a_click_on_a_partners_link_credits_the_partner() {
    let headwater = with_catalogue(KitOptions::default()).await;
    let xid = headwater.program(0).click("robin").await;
    let signup = json!({"customer_key": "gk_1", "email": "ada@shop.example", "xid": xid});
    headwater.event(TestEvent::of_page("signup", signup)).await.expect(202);
    headwater.deliver().await;
    let robin = headwater.api("GET", "partnerships/robin", Value::Null).await.data();
    let customers = headwater.all("customers").await;
    assert_eq!(customers.len(), 1, "{}", headwater.describe_entries().await);
    assert_eq!(customers[0]["partnership_key"], robin["key"]);
}

#[tokio::test]
async fn a_webhook_that_comes_twice_pays_once() {
    let headwater = subscribed(&BOTH).await;
    tell(&headwater, &both()).await;
    tell(&headwater, &both()).await;
    assert_eq!(headwater.all("transactions").await.len(), 2);
    assert_eq!(headwater.balance("robin").await, 490 + 1980);
}
