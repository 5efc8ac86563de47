//! Invoices and payouts: what is paid to partners, and that it is what they earned in the end.

use std::collections::BTreeMap;

use headwater_protocol::Millis;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, TestLedger, text};

/// A month and a day: from anywhere in a month, a day of the next month or of the one after.
const MONTH: i64 = 32 * Millis::DAY;

async fn close(ledger: &TestLedger, body: Value) -> Reply {
    ledger.post("/api/v2/invoices/close", &body.to_string()).await
}

async fn items(ledger: &TestLedger, path: &str) -> Vec<Value> {
    let page = ledger.get(&format!("/api/v2/{path}")).await.data();
    assert_eq!(page["has_more"], false, "{path}");
    page["items"].as_array().unwrap().clone()
}

async fn set(ledger: &TestLedger, path: &str, status: &str) -> Reply {
    let body = json!({"status": status}).to_string();
    ledger.request(&ledger.production(), "PATCH", &format!("/api/v2/{path}"), &body).await
}

async fn approve_all(ledger: &TestLedger) {
    for row in items(ledger, "rewards?limit=250&status=pending").await {
        let reply = set(ledger, &format!("rewards/{}", text(&row["key"])), "approved").await;
        // A reversal moves with its reward.
        assert!(reply.status == 200 || reply.error().1 == "reversal_follows", "{reply:?}");
    }
}

async fn pay_all(ledger: &TestLedger) {
    for invoice in items(ledger, "invoices?limit=250&status=open").await {
        set(ledger, &format!("invoices/{}", text(&invoice["key"])), "paid").await.data();
    }
}

/// A shop in which two payments of Ada's earned 1980 and 490, both approved.
async fn earned() -> Shop {
    let shop = Shop::open().await;
    shop.sell("Inbox", "sub_inbox", json!({})).await;
    shop.sell("Live Chat", "sub_chat", json!({})).await;
    shop.pay("invoice-inbox", 9900, "sub_inbox").await.data();
    shop.pay("invoice-chat", 4900, "sub_chat").await.data();
    approve_all(&shop.ledger).await;
    shop
}

#[tokio::test]
async fn a_month_is_closed_once_it_is_over_and_paid_as_a_whole() {
    let shop = earned().await;
    let ledger = &shop.ledger;
    // The rewards are of April 2026.
    assert_eq!(close(ledger, json!({"month": "2026-04"})).await.error().1, "month_not_over");
    assert_eq!(
        close(ledger, json!({})).await.data(),
        json!({"month": "2026-03", "created": 0, "has_more": false})
    );
    for month in ["April", "2026-13", "2026-4"] {
        assert_eq!(close(ledger, json!({"month": month})).await.error().2, "month");
    }
    ledger.pass(MONTH);
    let bonus = json!({"partner_key": "referrer", "amount": 7, "description": "of May"});
    let bonus = text(&ledger.post("/api/v2/rewards", &bonus.to_string()).await.data()["key"]);
    set(ledger, &format!("rewards/{bonus}"), "approved").await.data();
    assert_eq!(
        close(ledger, json!({})).await.data(),
        json!({"month": "2026-04", "created": 1, "has_more": false})
    );
    assert_eq!(close(ledger, json!({"month": "2026-04"})).await.data()["created"], 0);
    let invoice = items(ledger, "invoices").await.remove(0);
    let key = text(&invoice["key"]);
    let expected = json!({
        "key": key, "partnership_key": shop.partner, "month": "2026-04", "amount": 2470, "currency": "USD",
        "rewards": 2, "status": "open", "payment_date": null, "created_at": invoice["created_at"],
        "updated_at": invoice["created_at"],
    });
    assert_eq!(invoice, expected);
    let held = items(ledger, &format!("rewards?invoice_key={key}")).await;
    let open = json!({"key": key, "payment_date": null, "status": "open"});
    assert!(held.len() == 2 && held.iter().all(|row| row["invoice"] == open && row["status"] == "approved"));
    assert_eq!(items(ledger, "rewards?payment_status=in_transit").await, held);
    assert_eq!(items(ledger, "rewards?payment_status=available").await.len(), 1);
    let one = format!("rewards/{}", text(&held[0]["key"]));
    for status in ["paid", "declined", "hold", "pending"] {
        let body = json!({"status": status, "reason": "r"}).to_string();
        let reply = ledger.request(&ledger.production(), "PATCH", &format!("/api/v2/{one}"), &body).await;
        assert_eq!(reply.error().1, "reward_invoiced", "{status}");
    }
    assert_eq!(items(ledger, "payouts").await, Vec::<Value>::new());
    ledger.pass(5);
    let path = format!("invoices/{key}");
    assert_eq!(set(ledger, &path, "cancelled").await.error().2, "status");
    let late = json!({"status": "paid", "payment_date": 1}).to_string();
    let late = ledger.request(&ledger.production(), "PATCH", &format!("/api/v2/{path}"), &late).await;
    assert_eq!(late.error().2, "payment_date");
    let paid = set(ledger, &path, "paid").await.data();
    assert_eq!((&paid["status"], &paid["payment_date"]), (&json!("paid"), &paid["updated_at"]));
    assert_eq!(set(ledger, &path, "paid").await.data(), paid);
    assert_eq!(set(ledger, &path, "open").await.error().1, "invoice_paid");
    let held = items(ledger, "rewards?payment_status=withdrawn").await;
    assert!(held.len() == 2 && held.iter().all(|row| row["status"] == "paid"));
    let payout = items(ledger, "payouts").await.remove(0);
    let expected = json!({
        "key": payout["key"], "partnership_key": shop.partner, "invoice_key": key, "amount": 2470,
        "currency": "USD", "status": "paid", "payment_date": paid["payment_date"],
        "created_at": payout["created_at"], "updated_at": payout["created_at"],
    });
    assert_eq!(payout, expected);
    assert_eq!(ledger.get(&format!("/api/v2/payouts/{}", text(&payout["key"]))).await.data(), payout);
    assert_eq!(items(ledger, "payouts?partnership_key=gstest").await, Vec::<Value>::new());
    let export = ledger.get("/api/v2/invoices/export?month=2026-04").await.data();
    let line = format!(
        "{key},2026-04,{},referrer@partner.example,USD,2470,2,paid,{}\r\n",
        shop.partner, paid["payment_date"]
    );
    assert_eq!((&export["name"], &export["complete"]), (&json!("invoices-2026-04.csv"), &json!(true)));
    assert!(text(&export["csv"]).ends_with(&format!("payment_date\r\n{line}")), "{export}");
}

#[tokio::test]
async fn what_is_taken_back_after_its_payment_is_worked_off_by_later_rewards() {
    let shop = earned().await;
    let ledger = &shop.ledger;
    ledger.pass(MONTH);
    close(ledger, json!({})).await.data();
    pay_all(ledger).await;
    // 1980 are owed back, and nothing is earned in May but 490.
    ledger.request(&ledger.production(), "DELETE", "/api/v2/transactions/invoice-inbox", "").await.data();
    shop.pay("invoice-chat-2", 4900, "sub_chat").await.data();
    approve_all(ledger).await;
    ledger.pass(MONTH);
    assert_eq!(close(ledger, json!({})).await.data()["created"], 0);
    for number in 3..8 {
        shop.pay(&format!("invoice-chat-{number}"), 4900, "sub_chat").await.data();
    }
    approve_all(ledger).await;
    ledger.pass(MONTH);
    assert_eq!(close(ledger, json!({})).await.data()["created"], 1);
    let newest = items(ledger, "invoices").await.remove(0);
    assert_eq!((&newest["amount"], &newest["rewards"]), (&json!(6 * 490 - 1980), &json!(7)));
}

#[tokio::test]
async fn a_reward_on_an_open_invoice_keeps_its_amount_and_its_reversal_is_owed() {
    let shop = earned().await;
    let ledger = &shop.ledger;
    ledger.pass(MONTH);
    close(ledger, json!({})).await.data();
    ledger.request(&ledger.production(), "DELETE", "/api/v2/transactions/invoice-inbox", "").await.data();
    let rows = items(ledger, "rewards?transaction=invoice-inbox").await;
    let told: Vec<_> =
        rows.iter().map(|row| (&row["amount"], &row["status"], row["invoice"].is_null())).collect();
    assert_eq!(told, [(&json!(-1980), &json!("pending"), true), (&json!(1980), &json!("approved"), false)]);
    assert_eq!(items(ledger, "invoices").await[0]["amount"], 2470);
}

#[tokio::test]
async fn each_currency_and_each_mode_has_invoices_of_its_own() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    for (keys, amount, currency) in
        [(ledger.production(), 5, "USD"), (ledger.production(), 6, "EUR"), (ledger.test(), 7, "USD")]
    {
        let body =
            json!({"partner_key": "referrer", "amount": amount, "currency": currency, "description": "d"});
        let made = ledger.request(&keys, "POST", "/api/v2/rewards", &body.to_string()).await.data();
        let path = format!("/api/v2/rewards/{}", text(&made["key"]));
        ledger.request(&keys, "PATCH", &path, r#"{"status":"approved"}"#).await.data();
    }
    ledger.pass(MONTH);
    assert_eq!(close(ledger, json!({})).await.data()["created"], 2);
    let mut amounts: Vec<_> =
        items(ledger, "invoices").await.iter().map(|row| row["amount"].as_i64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [5, 6]);
    assert_eq!(items(ledger, "invoices?currency=EUR&status=open&month=2026-04").await.len(), 1);
    let closed = ledger.request(&ledger.test(), "POST", "/api/v2/invoices/close", "{}").await.data();
    assert_eq!(closed["created"], 1);
    let token = ledger.partner_token(&shop.partner).await;
    let seen = ledger.request(&token, "GET", "/api/v2/invoices", "").await.data();
    assert_eq!((seen["items"].as_array().unwrap().len(), &seen["total"]), (2, &json!(2)));
}

/// A step of a partner's history.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A payment of so many cents.
    Pay(i64),
    /// A refund of a part, in percent, of one of the payments.
    Refund(usize, i64),
    /// Everything pending is approved.
    Approve,
    /// A month passes and is closed.
    Close,
    /// Every open invoice is paid.
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (100..20_000_i64).prop_map(Step::Pay),
        3 => (any::<usize>(), 1..=100_i64).prop_map(|(which, part)| Step::Refund(which, part)),
        2 => Just(Step::Approve),
        2 => Just(Step::Close),
        2 => Just(Step::Settle),
    ]
}

/// Asserts that the rows add up: every invoice is the sum of its rewards, and what is earned is what was paid, is on an
/// open invoice, or waits. Returns what is earned, and what was paid.
async fn balance(ledger: &TestLedger) -> (i64, i64) {
    let (mut waits, mut invoiced) = (0, BTreeMap::<String, i64>::new());
    let rows = items(ledger, "rewards?limit=250").await;
    for row in rows.iter().filter(|row| row["status"] != "declined") {
        let amount = row["amount"].as_i64().unwrap();
        match row["invoice"]["key"].as_str() {
            Some(key) => *invoiced.entry(key.to_owned()).or_default() += amount,
            None => waits += amount,
        }
        let paid = row["invoice"]["status"] == "paid";
        assert_eq!(paid, row["status"] == "paid", "{row}");
    }
    let (mut open, mut paid) = (0, 0);
    for invoice in items(ledger, "invoices?limit=250").await {
        let amount = invoice["amount"].as_i64().unwrap();
        assert_eq!(invoiced.remove(invoice["key"].as_str().unwrap()), Some(amount), "{invoice}");
        assert!(amount > 0);
        *(if invoice["status"] == "paid" { &mut paid } else { &mut open }) += amount;
    }
    assert!(invoiced.is_empty());
    let payouts = items(ledger, "payouts?limit=250").await;
    assert_eq!(payouts.iter().map(|row| row["amount"].as_i64().unwrap()).sum::<i64>(), paid);
    let sum = rows
        .iter()
        .filter(|row| row["status"] != "declined")
        .map(|row| row["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(waits + open + paid, sum);
    (sum, paid)
}

async fn run(steps: &[Step]) {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    shop.share("20").await;
    // What each payment is, and what was given back of it.
    let mut payments: Vec<(i64, i64)> = Vec::new();
    let pay =
        async |number: usize, amount: i64| shop.pay(&format!("paid-{number}"), amount, "none").await.data();
    for step in steps {
        match *step {
            Step::Pay(amount) => {
                pay(payments.len(), amount).await;
                payments.push((amount, 0));
            }
            Step::Refund(which, part) if !payments.is_empty() => {
                let number = which % payments.len();
                let (amount, refunded) = &mut payments[number];
                *refunded = (*refunded).max(*amount * part / 100);
                let body = json!({"refunded_total": *refunded}).to_string();
                ledger.post(&format!("/api/v2/transactions/paid-{number}/refund"), &body).await.data();
            }
            Step::Refund(..) => {}
            Step::Approve => approve_all(ledger).await,
            Step::Close => {
                ledger.pass(MONTH);
                close(ledger, json!({})).await.data();
            }
            Step::Settle => pay_all(ledger).await,
        }
        balance(ledger).await;
    }
    // In the end a large payment makes up for whatever is owed back.
    pay(payments.len(), 1_000_000).await;
    payments.push((1_000_000, 0));
    approve_all(ledger).await;
    ledger.pass(2 * MONTH);
    close(ledger, json!({})).await.data();
    pay_all(ledger).await;
    let (earned, paid) = balance(ledger).await;
    assert_eq!(earned, paid, "after {steps:?}");
    let kept: i64 = payments.iter().map(|(amount, refunded)| amount - refunded).sum();
    let rounding = i64::try_from(payments.len()).unwrap();
    assert!((kept / 5 - paid).abs() <= rounding, "{kept} {paid} after {steps:?}");
}

#[test]
fn whatever_is_refunded_and_whenever_months_are_closed_a_partner_is_paid_what_was_earned() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let usual = Config::default();
    let config = Config { cases: (usual.cases / 8).max(1), failure_persistence: None, ..usual };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..25), |steps| {
            runtime.block_on(run(&steps));
            Ok(())
        })
        .unwrap();
}
