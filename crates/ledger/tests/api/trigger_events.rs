//! The events beside signups and payments that triggers listen for, and the action that moves a partner (triggers.md
//! section 1).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{TestLedger, text};

const ALWAYS: fn() -> Value = || json!({"all": []});

fn flat(amount: i64) -> Value {
    json!({"type": "commission_flat", "amount": amount, "currency": "USD"})
}

fn is(object: &str, field: &str, value: &str) -> Value {
    json!({"object": object, "field": field, "operator": "is", "value": value})
}

impl Shop {
    async fn group(&self, slug: &str) {
        let body = json!({"name": slug, "slug": slug}).to_string();
        self.ledger.post("/api/v2/groups", &body).await.data();
    }

    async fn group_of(&self, partner: &str) -> String {
        let found = self.ledger.get(&format!("/api/v2/partnerships/{partner}")).await.data();
        text(&found["group"]["slug"])
    }
}

#[tokio::test]
async fn a_partner_who_joins_the_program_or_a_group_earns_once_for_it() {
    let shop = Shop::open().await;
    shop.group("gold").await;
    shop.trigger("partnership_created", ALWAYS(), flat(100)).await;
    shop.trigger("partnership_created", is("partnership", "group", "gold"), flat(1000)).await;
    shop.ledger.partner("robin").await;
    assert_eq!(shop.amounts().await, [100]);
    for group in ["gold", "gold", "partners", "gold"] {
        shop.patch("/api/v2/partnerships/robin", json!({"group_key": group})).await.data();
    }
    assert_eq!(shop.amounts().await, [100, 100, 1000], "and not when it returns");
    shop.patch("/api/v2/partnerships/robin", json!({"first_name": "Robin"})).await.data();
    assert_eq!(shop.amounts().await.len(), 3);
}

#[tokio::test]
async fn a_trigger_moves_a_partner_once_for_an_event_and_the_move_is_an_event() {
    let shop = Shop::open().await;
    shop.group("gold").await;
    let count = json!({"object": "customer", "field": "transaction_count", "operator": "is", "value": 2});
    shop.trigger("transaction_created", count, json!({"type": "group_move", "group": "gold"})).await;
    shop.trigger("partnership_created", is("partnership", "group", "gold"), flat(1000)).await;
    shop.pay("first", 900, "none").await.data();
    assert_eq!(shop.group_of("referrer").await, "partners");
    shop.pay("second", 900, "none").await.data();
    assert_eq!((shop.group_of("referrer").await, shop.amounts().await), ("gold".to_owned(), vec![1000]));
    let told = shop.ledger.get("/api/v2/transactions/second/explain").await.data();
    assert_eq!((&told["triggers"][4]["fired"], &told["triggers"][4]["amount"]), (&json!(true), &Value::Null));
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": "partners"})).await.data();
    let trigger = text(&told["triggers"][4]["trigger"]);
    let again = shop.ledger.post(&format!("/api/v2/triggers/{trigger}/replay"), "{}").await.data();
    assert_eq!((&again["fired"], &again["rewards"]), (&json!(1), &json!(0)));
    assert_eq!(shop.group_of("referrer").await, "partners", "a replay moves nobody twice");
}

#[tokio::test]
async fn moves_that_point_at_each_other_come_to_an_end() {
    let shop = Shop::open().await;
    for (from, to) in [("gold", "silver"), ("silver", "gold")] {
        shop.group(from).await;
        let there = json!({"type": "group_move", "group": to});
        shop.trigger("partnership_created", is("partnership", "group", from), there).await;
    }
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": "gold"})).await.data();
    assert_eq!(shop.group_of("referrer").await, "gold");
}

#[tokio::test]
async fn a_product_that_changes_its_status_pays_once_for_each_status() {
    let shop = Shop::open().await;
    let active = json!({"all": [is("product", "name", "Inbox"), is("product", "status", "active")]});
    let trigger = shop.trigger("product_updated", active, flat(2500)).await;
    shop.sell("Inbox", "sub_1", json!({"status": "trial"})).await;
    assert_eq!(shop.amounts().await, [0; 0]);
    for status in ["active", "active", "churned", "active"] {
        shop.patch("/api/v2/products/sub_1", json!({"status": status})).await.data();
    }
    let rewards = shop.rewards().await;
    assert_eq!(shop.amounts().await, [2500]);
    assert_eq!((&rewards[0]["trigger"]["key"], &rewards[0]["transaction"]), (&json!(trigger), &Value::Null));
    assert!(text(&rewards[0]["customer"]["key"]).starts_with("cus_"));
}

#[tokio::test]
async fn a_providers_report_of_a_changed_product_is_an_event() {
    let shop = Shop::open().await;
    shop.trigger("product_updated", is("product", "status", "churned"), flat(1)).await;
    shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
    shop.report("billing", "Inbox", "churned", json!({"occurred_at": 2000})).await.data();
    shop.report("billing", "Inbox", "churned", json!({"occurred_at": 3000})).await.data();
    assert_eq!(shop.amounts().await, [1]);
}

#[tokio::test]
async fn each_click_of_a_person_pays_up_to_the_cap() {
    let shop = Shop::open().await;
    shop.ledger.link("referrer", "spring", "https://www.example.com/").await;
    shop.ledger.link("referrer", "autumn", "https://www.example.com/").await;
    shop.ledger.click("/spring").await;
    let action = json!({"type": "commission_flat", "amount": 5, "currency": "USD",
        "caps": [{"per": "partner", "period": "day", "amounts": {"USD": 12}}]});
    shop.trigger("link_clicked", is("link", "slug", "spring"), action).await;
    for slug in ["/spring", "/autumn", "/spring", "/spring", "/spring"] {
        shop.ledger.click(slug).await;
    }
    assert_eq!(shop.amounts().await, [5, 5, 2]);
    shop.ledger.pass(24 * 60 * 60 * 1000);
    let program = axum::http::Request::get("/spring").header("user-agent", "somebot/1.0");
    let reply = shop.ledger.send(program.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 302);
    assert_eq!(shop.amounts().await.len(), 3, "a program that follows links earns nobody anything");
}

#[tokio::test]
async fn a_deal_at_its_stage_and_a_lead_that_is_won_pay_once_and_a_test_deal_never() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    for (event, object, field, value, amount) in [
        ("deal_updated", "deal", "stage", "proposal", 700),
        ("lead_updated", "lead", "status", "closed won", 300),
    ] {
        let trigger = json!({"name": event, "offer_description": event, "event": event,
            "rules": {"object": object, "field": field, "operator": "is", "value": value},
            "action": {"type": "commission_flat", "amount": amount, "currency": "USD"}});
        ledger.make("triggers", &trigger).await;
    }
    let deal = json!({"partner_key": "robin", "account_name": "Acme"});
    let made = ledger.make("deals", &deal).await;
    let deal_path = format!("/api/v2/deals/{}", text(&made["key"]));
    let lead = ledger.make("leads", &json!({"partner_key": "robin", "email": "ada@site.example"})).await;
    let lead_path = format!("/api/v2/leads/{}", text(&lead["key"]));
    let test = ledger.test();
    let other = ledger.request(&test, "POST", "/api/v2/deals", &deal.to_string()).await.data();
    let other_path = format!("/api/v2/deals/{}", text(&other["key"]));
    for stage in ["qualified", "proposal", "qualified", "proposal"] {
        ledger.patch(&deal_path, &json!({"stage": stage})).await.data();
        let body = json!({"stage": stage}).to_string();
        ledger.request(&test, "PATCH", &other_path, &body).await.data();
    }
    ledger.patch(&lead_path, &json!({"status": "closed won"})).await.data();
    let amounts = |list: Value| -> Vec<_> {
        list["items"].as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).collect()
    };
    assert_eq!(amounts(ledger.get("/api/v2/rewards?order_by=amount").await.data()), [300, 700]);
    let of_tests = ledger.request(&test, "GET", "/api/v2/rewards", "").await.data();
    assert_eq!(amounts(of_tests), Vec::<i64>::new());
}
