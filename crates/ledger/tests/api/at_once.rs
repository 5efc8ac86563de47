//! What happens at once, in several processes, or in another mode or currency, pays no more than what happens alone.

use axum::body::Body;
use axum::http::Request;
use headwater_ledger::Ledger;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::shop::Shop;
use crate::test_ledger::{START, TestLedger, text};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Sends a request to one of the processes.
async fn send(process: &Ledger, request: Request<Body>) {
    let status = process.router().oneshot(request).await.unwrap().status();
    assert!(status.as_u16() < 400, "{status}");
}

async fn post_through(ledger: &TestLedger, process: &Ledger, path: &str, body: &Value) {
    let request = Request::post(format!("/api/v2/{path}")).header("authorization", ledger.production());
    send(process, request.body(Body::from(body.to_string())).unwrap()).await;
}

#[tokio::test]
async fn a_process_that_has_not_heard_of_the_test_clock_ends_none_of_its_installments() {
    let shop = Shop::open().await;
    let action = json!({"type": "commission_flat", "amount": 300, "currency": "USD",
        "drip": {"delay": "1d", "cycle": "1d", "occurrences": 3}});
    shop.trigger("transaction_created", json!({"all": []}), action).await;
    let second = shop.ledger.second();
    let test = shop.ledger.test();
    let post = async |path: &str, body: Value| {
        shop.ledger.request(&test, "POST", &format!("/api/v2/{path}"), &body.to_string()).await.data()
    };
    post("test_clock", json!({"advance_to": START})).await;
    post("customers", json!({"email": "t@site.example", "customer_key": "tess", "partner_key": "gstest"}))
        .await;
    post("transactions", json!({"customer_key": "tess", "key": "paid", "amount": 900, "currency": "USD"}))
        .await;
    shop.ledger.pass(2 * DAY);
    while second.run_due().await.unwrap() {}
    let list = shop.ledger.request(&test, "GET", "/api/v2/rewards?limit=250", "").await.data();
    let told: Vec<_> = list["items"].as_array().unwrap().iter().map(|row| text(&row["status"])).collect();
    assert_eq!(told, ["pending", "pending"]);
}

#[tokio::test]
async fn payments_and_clicks_at_once_in_two_processes_stay_below_their_caps() {
    let shop = Shop::open().await;
    let capped = |amount: i64| {
        json!({"type": "commission_flat", "amount": amount, "currency": "USD", "caps": [
        {"per": "partner", "period": "month", "amounts": {"USD": 1000}}, {"per": "trigger", "rewards": 9}]})
    };
    shop.trigger("transaction_created", json!({"all": []}), capped(300)).await;
    shop.trigger("link_clicked", json!({"all": []}), capped(7)).await;
    shop.ledger.link("referrer", "spring", "https://www.example.com/").await;
    let (first, second) = (&shop.ledger, shop.ledger.second());
    let pay = async |at: usize| {
        let body =
            json!({"customer_key": "ada", "key": format!("paid-{at}"), "amount": 900, "currency": "USD"});
        post_through(
            first,
            if at.is_multiple_of(2) { &first.handle } else { &second },
            "transactions",
            &body,
        )
        .await;
    };
    let click = async |at: usize| {
        let request = Request::get("/spring").header("user-agent", "Mozilla/5.0 Firefox/153.0");
        send(
            if at.is_multiple_of(2) { &first.handle } else { &second },
            request.body(Body::empty()).unwrap(),
        )
        .await;
    };
    tokio::join!(
        pay(0),
        pay(1),
        pay(2),
        pay(3),
        pay(4),
        pay(5),
        click(0),
        click(1),
        click(2),
        click(3),
        click(4),
        click(5),
        click(6),
        click(7),
        click(8),
        click(9),
        click(10),
        click(11),
    );
    let mut amounts = shop.amounts().await;
    amounts.sort_unstable();
    assert_eq!(amounts, [7, 7, 7, 7, 7, 7, 7, 7, 7, 100, 300, 300, 300]);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn replays_at_once_and_beside_new_payments_pay_each_payment_once() {
    let shop = Shop::open().await;
    for at in 0..12 {
        shop.pay(&format!("before-{at}"), 1000, "none").await.data();
    }
    let trigger = shop.share("10").await;
    let (first, second) = (&shop.ledger, shop.ledger.second());
    let path = format!("triggers/{trigger}/replay");
    let replay = async |through| post_through(first, through, &path, &json!({})).await;
    let pay = async |at: usize| drop(shop.pay(&format!("beside-{at}"), 1000, "none").await.data());
    tokio::join!(
        replay(&first.handle),
        replay(&second),
        pay(0),
        replay(&second),
        pay(1),
        replay(&first.handle)
    );
    assert_eq!(shop.amounts().await, [100; 14]);
}

#[tokio::test]
async fn groups_that_point_each_at_the_next_move_a_partner_through_all_of_them() {
    let shop = Shop::open().await;
    let last = 400;
    for number in 0..=last {
        shop.ledger.make("groups", &json!({"name": format!("g{number}")})).await;
    }
    for number in 0..last {
        let here = json!({"object": "partnership", "field": "group", "operator": "is", "value": format!("g{number}")});
        let there = json!({"type": "group_move", "group": format!("g{}", number + 1)});
        shop.trigger("partnership_created", here, there).await;
    }
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": "g0"})).await.data();
    let found = shop.ledger.get("/api/v2/partnerships/referrer").await.data();
    assert_eq!(text(&found["group"]["slug"]), format!("g{last}"));
}

#[tokio::test]
async fn currencies_without_cents_or_with_three_decimals_are_shared_capped_and_refunded_in_their_own_units() {
    let shop = Shop::open().await;
    let caps = json!([{"per": "partner", "amounts": {"JPY": 150, "KWD": 99_999}}]);
    let action = json!({"type": "commission_percent", "percent": "12.5", "caps": caps});
    shop.trigger("transaction_created", json!({"all": []}), action).await;
    let pay = async |key: &str, amount: i64, currency: &str| {
        let body = json!({"customer_key": "ada", "key": key, "amount": amount, "currency": currency});
        shop.post_as("vendor", "transactions", body).await.data();
    };
    pay("yen-1", 1004, "JPY").await;
    pay("yen-2", 1004, "jpy").await;
    pay("dinar", 12_345, "KWD").await;
    pay("krona", 10_000, "SEK").await;
    let of = async |currency: &str| {
        let rows = shop.rewards().await;
        let own = rows.iter().filter(|row| row["currency"] == currency && row["status"] != "declined");
        own.map(|row| row["amount"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    // 125.5 yen round up once; the cap leaves 24 of the second; 1543.125 fils; no amount is set for kronor.
    assert_eq!((of("JPY").await, of("KWD").await, of("SEK").await), (vec![126, 24], vec![1543], vec![]));
    for total in [1, 334, 1003] {
        shop.refund("yen-1", total).await.data();
    }
    assert_eq!(of("JPY").await.iter().sum::<i64>(), 24, "1003 of 1004 yen take back 126 of 126");
    shop.refund("yen-1", 1004).await.data();
    assert_eq!(of("JPY").await, [24]);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn test_records_count_under_no_cap_of_production_and_move_nobody() {
    let shop = Shop::open().await;
    let test = shop.ledger.test();
    let action = json!({"type": "commission_flat", "amount": 400, "currency": "USD",
        "caps": [{"per": "trigger", "amounts": {"USD": 500}}]});
    shop.trigger("transaction_created", json!({"all": []}), action).await;
    shop.ledger.make("groups", &json!({"name": "gold"})).await;
    let there = json!({"type": "group_move", "group": "gold"});
    for event in ["transaction_created", "customer_created", "action_recorded"] {
        shop.trigger(event, json!({"all": []}), there.clone()).await;
    }
    let post = async |path: &str, body: Value| {
        shop.ledger.request(&test, "POST", &format!("/api/v2/{path}"), &body.to_string()).await.data()
    };
    post("test_clock", json!({"advance_to": START})).await;
    post("customers", json!({"email": "t@site.example", "customer_key": "tess", "partner_key": "referrer"}))
        .await;
    for at in 0..2 {
        post(
            "transactions",
            json!({"customer_key": "tess", "key": format!("test-{at}"), "amount": 9, "currency": "USD"}),
        )
        .await;
    }
    post("actions", json!({"customer_key": "tess", "key": "call", "value": 1})).await;
    let found = shop.ledger.get("/api/v2/partnerships/referrer").await.data();
    assert_eq!(text(&found["group"]["slug"]), "partners");
    let seen = shop.ledger.request(&test, "GET", "/api/v2/rewards?order_by=amount", "").await.data();
    let amounts: Vec<_> = seen["items"].as_array().unwrap().iter().map(|row| row["amount"].clone()).collect();
    assert_eq!(amounts, [100, 400]);
    shop.pay("real", 900, "none").await.data();
    assert_eq!(shop.amounts().await, [400], "production has its own room");
    let of_production = shop.ledger.get("/api/v2/partnerships/referrer").await.data();
    assert_eq!(of_production["stats"]["COMMISSION_EARNED"], 400, "{}", of_production["stats"]);
}
