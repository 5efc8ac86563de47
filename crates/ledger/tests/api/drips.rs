//! Commissions in installments: scheduled at once, earned when due if their rules still hold, under the real clock and
//! under a test clock (triggers.md section 1).

use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{START, TestLedger, text};

const DAY: i64 = 24 * 60 * 60 * 1000;

fn drip(amount: i64, delay: &str, cycle: &str, occurrences: u32) -> Value {
    let delay = Some(delay).filter(|delay| !delay.is_empty());
    json!({"type": "commission_flat", "amount": amount, "currency": "USD",
        "drip": {"delay": delay, "cycle": cycle, "occurrences": occurrences}})
}

fn active_product() -> Value {
    json!({"where": {"object": "product", "rules": [
        {"field": "name", "operator": "is", "value": "Inbox"},
        {"field": "status", "operator": "is", "value": "active"},
        {"field": "created", "operator": "within", "value": "current_month"},
    ]}})
}

/// Runs everything that is due; returns the number of steps.
pub(crate) async fn run_due(ledger: &TestLedger) -> usize {
    let mut steps = 0;
    while ledger.handle.run_due().await.unwrap() {
        steps += 1;
        assert!(steps < 100, "the scheduler does not come to an end");
    }
    steps
}

/// Amounts of rewards with a status, oldest first, for the holder of a credential.
async fn amounts(ledger: &TestLedger, whose: &str, status: &str) -> Vec<i64> {
    let path = format!("/api/v2/rewards?limit=250&order_by=created_at&status={status}");
    let list = ledger.request(whose, "GET", &path, "").await.data();
    list["items"].as_array().unwrap().iter().map(|row| row["amount"].as_i64().unwrap()).collect()
}

impl Shop {
    async fn with_status(&self, status: &str) -> Vec<i64> {
        amounts(&self.ledger, &self.ledger.production(), status).await
    }
}

#[tokio::test]
async fn installments_are_scheduled_at_once_hidden_from_lists_and_earned_when_due() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", json!({"all": []}), drip(1000, "14d", "1m", 3)).await;
    shop.pay("invoice-1", 9900, "none").await.data();
    assert_eq!(shop.amounts().await, [0; 0]);
    assert_eq!(shop.with_status("scheduled").await, [333, 334, 333]);
    assert_eq!(run_due(&shop.ledger).await, 0);
    shop.ledger.pass(14 * DAY - 1);
    assert_eq!(run_due(&shop.ledger).await, 0);
    shop.ledger.pass(1);
    assert_eq!(run_due(&shop.ledger).await, 1);
    assert_eq!(run_due(&shop.ledger).await, 0, "it is done once");
    assert_eq!(
        (shop.with_status("pending").await, shop.with_status("scheduled").await.len()),
        (vec![333], 2)
    );
    let first = &shop.rewards().await[0];
    assert_eq!(first["ready_at"], START + 14 * DAY);
    shop.ledger.pass(400 * DAY);
    run_due(&shop.ledger).await;
    assert_eq!(shop.with_status("pending").await.iter().sum::<i64>(), 1000);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn two_processes_that_run_what_is_due_at_once_do_it_once() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", json!({"all": []}), drip(6000, "1d", "1d", 60)).await;
    shop.pay("invoice-1", 9900, "none").await.data();
    shop.ledger.pass(70 * DAY);
    let (first, second) = tokio::join!(run_due(&shop.ledger), run_due(&shop.ledger));
    assert!(first + second >= 2);
    assert_eq!(shop.with_status("pending").await, [100; 60]);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn the_installments_after_a_cancellation_end_and_a_late_refund_takes_only_the_earned_ones() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", active_product(), drip(1200, "", "1m", 12)).await;
    shop.sell("Inbox", "sub_1", json!({})).await;
    shop.pay("invoice-1", 1000, "sub_1").await.data();
    shop.ledger.pass(100 * DAY);
    run_due(&shop.ledger).await;
    shop.patch("/api/v2/products/sub_1", json!({"status": "churned"})).await.data();
    shop.ledger.pass(400 * DAY);
    run_due(&shop.ledger).await;
    // 20 % by the shop's own trigger, and the first four of the installments.
    assert_eq!(shop.with_status("pending").await, [200, 100, 100, 100, 100]);
    let declined = shop.with_status("declined").await;
    assert_eq!((declined.len(), declined.iter().sum::<i64>()), (16, 0), "each of eight with its reversal");
    shop.patch("/api/v2/products/sub_1", json!({"status": "active"})).await.data();
    shop.refund("invoice-1", 500).await.data();
    assert_eq!(shop.balance().await, 300);
    shop.refund("invoice-1", 1000).await.data();
    assert_eq!(shop.balance().await, 0);
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_refund_takes_back_what_is_scheduled_and_a_won_dispute_schedules_it_again() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", json!({"all": []}), drip(1000, "1m", "1m", 2)).await;
    shop.report("billing", "Surveys", "trial", json!({})).await;
    shop.bill("in_1", 1000, START, &[]).await.data();
    let total = |total: i64, at: i64| json!({"refunded_total": total, "occurred_at": at});
    shop.post_as("billing", "transactions/in_1/refund", total(1000, START + 1)).await.data();
    assert_eq!(shop.with_status("scheduled").await, [0; 0]);
    shop.post_as("billing", "transactions/in_1/refund", total(0, START + 2)).await.data();
    assert_eq!(shop.with_status("scheduled").await.iter().sum::<i64>(), 1000);
    shop.ledger.pass(100 * DAY);
    run_due(&shop.ledger).await;
    assert_eq!(shop.with_status("scheduled").await, [0; 0]);
    let pending = shop.with_status("pending").await;
    assert_eq!(pending.iter().sum::<i64>(), 1000 + 100, "{pending:?}");
}

#[tokio::test]
async fn an_archived_partner_earns_no_more_installments_and_a_switched_off_trigger_pays_its_own() {
    let shop = Shop::open().await;
    let trigger = shop.trigger("customer_created", json!({"all": []}), drip(200, "1m", "1m", 2)).await;
    shop.ledger.partner("robin").await;
    shop.customer("bob", "referrer").await;
    shop.customer("cat", "robin").await;
    shop.patch(&format!("/api/v2/triggers/{trigger}"), json!({"active": false})).await.data();
    shop.delete("/api/v2/partnerships/robin").await.data();
    shop.ledger.pass(100 * DAY);
    run_due(&shop.ledger).await;
    assert_eq!(shop.with_status("pending").await, [100, 100]);
    assert!(
        shop.rewards()
            .await
            .iter()
            .filter(|row| row["status"] == "pending")
            .all(|row| { row["partnership"]["key"] == shop.partner.as_str() && row["reason"].is_null() })
    );
}

#[tokio::test]
async fn a_corrected_credit_moves_the_installments_that_are_still_to_come() {
    let shop = Shop::open().await;
    let robin = shop.ledger.partner("robin").await;
    shop.trigger("transaction_created", json!({"all": []}), drip(400, "1m", "1m", 4)).await;
    shop.pay("invoice-1", 9900, "none").await.data();
    shop.ledger.pass(40 * DAY);
    run_due(&shop.ledger).await;
    shop.credit("robin").await;
    let of_robin = shop.rewards().await.into_iter().filter(|row| row["partnership"]["key"] == robin.as_str());
    assert_eq!(of_robin.map(|row| row["amount"].clone()).collect::<Vec<_>>(), [100], "what was due is due");
    shop.ledger.pass(400 * DAY);
    run_due(&shop.ledger).await;
    let standing = shop.standing().await;
    assert_eq!(standing.len(), 4, "{standing:?}");
    assert!(standing.iter().all(|(partner, amount, ..)| (partner, *amount) == (&robin, 100)));
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

/// A program's test mode: requests with test keys.
struct TestMode<'a>(&'a TestLedger);

impl TestMode<'_> {
    async fn post(&self, path: &str, body: Value) -> Value {
        self.0.request(&self.0.test(), "POST", &format!("/api/v2/{path}"), &body.to_string()).await.data()
    }

    async fn advance(&self, to: i64) -> Value {
        self.post("test_clock", json!({"advance_to": to})).await
    }

    async fn with_status(&self, status: &str) -> Vec<i64> {
        amounts(self.0, &self.0.test(), status).await
    }

    async fn pay(&self, key: &str) {
        let body = json!({"customer_key": "tess", "key": key, "amount": 9900, "currency": "USD",
            "subscription_key": "sub_t"});
        self.post("transactions", body).await;
    }

    async fn sign_up(&self) {
        let body = json!({"email": "tess@site.example", "customer_key": "tess", "partner_key": "gstest"});
        self.post("customers", body).await;
        let body = json!({"customer_key": "tess", "product_book_key": "book/Inbox", "status": "active",
            "external_subscription_key": "sub_t"});
        self.post("products", body).await;
    }
}

#[tokio::test]
async fn a_year_of_installments_runs_under_the_test_clock_and_ends_with_the_product() {
    let shop = Shop::open().await;
    shop.trigger("transaction_created", active_product(), drip(1200, "", "1m", 12)).await;
    let mode = TestMode(&shop.ledger);
    mode.advance(START).await;
    mode.sign_up().await;
    mode.pay("yearly").await;
    assert_eq!(mode.with_status("scheduled").await, [100; 11]);
    assert_eq!(mode.with_status("pending").await, [1980, 100], "20 % by the shop's trigger, and the first");
    for month in 1..=6 {
        let clock = mode.advance(START + month * 31 * DAY).await;
        assert_eq!(clock, json!({"now": START + month * 31 * DAY, "in_use": true}));
        assert_eq!(mode.with_status("pending").await.len(), usize::try_from(month).unwrap() + 2);
    }
    let body = json!({"status": "churned"}).to_string();
    shop.ledger.request(&shop.ledger.test(), "PATCH", "/api/v2/products/sub_t", &body).await.data();
    mode.advance(START + 370 * DAY).await;
    assert_eq!(mode.with_status("scheduled").await, [0; 0]);
    let pending = mode.with_status("pending").await;
    assert_eq!(pending.iter().sum::<i64>(), 1980 + 700, "seven of twelve: {pending:?}");
    assert!(shop.rewards().await.is_empty(), "production sees none of it");
    for status in ["pending", "scheduled", "declined"] {
        assert_eq!(shop.with_status(status).await, [0; 0]);
    }
    let gone = format!("/api/v2/rewards?partnership_key={}", "gstest");
    assert_eq!(shop.ledger.get(&gone).await.data()["items"], json!([]));
    assert_eq!(shop.ledger.check().await, [""; 0]);
}

#[tokio::test]
async fn a_test_clock_moves_test_records_only_forward_within_bounds_and_without_it_they_earn_nothing() {
    let shop = Shop::open().await;
    shop.share("10").await;
    let mode = TestMode(&shop.ledger);
    mode.sign_up().await;
    mode.pay("before").await;
    assert_eq!(mode.with_status("pending").await, [0; 0]);
    let whole_year = START + 365 * DAY;
    mode.advance(whole_year).await;
    mode.pay("under").await;
    let test = shop.ledger.test();
    let paid = shop.ledger.request(&test, "GET", "/api/v2/transactions/under", "").await.data();
    assert_eq!(paid["created_at"], whole_year);
    shop.ledger.pass(1000);
    assert_eq!(
        shop.ledger.request(&test, "GET", "/api/v2/test_clock", "").await.data()["now"],
        whole_year + 1000
    );
    shop.pay("real", 9900, "none").await.data();
    assert_eq!(shop.ledger.get("/api/v2/transactions/real").await.data()["created_at"], START + 1000);
    for (to, whose) in [(whole_year, &test), (START + 3661 * DAY, &test)] {
        let body = json!({"advance_to": to}).to_string();
        let refused = shop.ledger.request(whose, "POST", "/api/v2/test_clock", &body).await.error();
        assert_eq!((refused.0, refused.2.as_str()), (400, "advance_to"));
    }
    let body = json!({"advance_to": whole_year + DAY}).to_string();
    assert_eq!(shop.ledger.post("/api/v2/test_clock", &body).await.error().1, "test_keys_only");
    assert_eq!(mode.with_status("pending").await, [1980, 990]);
    let reset = shop.ledger.request(&test, "DELETE", "/api/v2/test_clock", "").await.data();
    assert_eq!(reset, json!({"now": START + 1000, "in_use": false}));
    mode.pay("after").await;
    assert_eq!(mode.with_status("pending").await.len(), 2, "nor again once it is out of use");
    assert_eq!(text(&shop.rewards().await[0]["transaction"]["key"]), "real");
}
