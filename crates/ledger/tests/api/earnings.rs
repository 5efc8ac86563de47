//! Random histories of payments, refunds, cancellations, corrections and time, under triggers with caps and
//! installments: what holds in every order (triggers.md section 2).

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::drips::run_due;
use crate::shop::Shop;
use crate::test_ledger::{START, text};

/// Random histories in a run of the usual 256 cases (`PROPTEST_CASES`).
const HISTORIES: u32 = 24;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Payments of one history.
const PAYMENTS: usize = 6;
/// Minor units that the capped trigger pays a partner in a month.
const MONTHLY: i64 = 900;
/// Minor units that the capped drip pays for one customer, ever.
const LIFELONG: i64 = 2000;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A payment: its number and amount.
    Pay(usize, i64),
    /// What was given back of it altogether, in percent; a smaller total than before is a dispute that was won.
    Refund(usize, i64),
    /// The product's status.
    Status(bool),
    /// The customer is credited to one of two partners.
    Credit(bool),
    /// Days pass, and what is due is done.
    Wait(i64),
    /// One of the two triggers is replayed.
    Replay(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PAYMENTS, 1..9000_i64).prop_map(|(number, amount)| Step::Pay(number, amount)),
        3 => (0..PAYMENTS, 0..=100_i64).prop_map(|(number, part)| Step::Refund(number, part)),
        1 => any::<bool>().prop_map(Step::Status),
        1 => any::<bool>().prop_map(Step::Credit),
        3 => (0..70_i64).prop_map(Step::Wait),
        1 => (0..2_usize).prop_map(Step::Replay),
    ]
}

struct History {
    shop: Shop,
    triggers: [String; 2],
    /// Amount and time of each payment.
    paid: [Option<(i64, i64)>; PAYMENTS],
    now: i64,
    told: i64,
}

impl History {
    async fn begin() -> Self {
        let shop = Shop::open().await;
        for trigger in shop.ledger.get("/api/v2/triggers").await.data()["items"].as_array().unwrap() {
            shop.delete(&format!("/api/v2/triggers/{}", text(&trigger["key"]))).await.data();
        }
        shop.ledger.partner("robin").await;
        shop.report("billing", "Inbox", "active", json!({"occurred_at": 1000})).await.data();
        let monthly = json!({"type": "commission_percent", "percent": "10",
            "caps": [{"per": "partner", "period": "month", "amounts": {"USD": MONTHLY}}]});
        let lifelong = json!({"type": "commission_percent", "percent": "30",
            "caps": [{"per": "customer", "amounts": {"USD": LIFELONG}, "rewards": 9}],
            "drip": {"cycle": "2w", "occurrences": 4}});
        let active = json!({"object": "product", "field": "status", "operator": "is", "value": "active"});
        let triggers = [
            shop.trigger("transaction_created", json!({"all": []}), monthly).await,
            shop.trigger("transaction_created", active, lifelong).await,
        ];
        Self { shop, triggers, paid: [None; PAYMENTS], now: START, told: 2000 }
    }

    async fn run(&mut self, step: Step) {
        let shop = &self.shop;
        match step {
            Step::Pay(number, amount) if self.paid[number].is_none() => {
                let body = json!({"customer_key": "ada", "key": format!("paid-{number}"), "amount": amount,
                    "currency": "USD", "subscription_key": "sub_1"});
                shop.post_as("vendor", "transactions", body).await.data();
                self.paid[number] = Some((amount, self.now));
                self.explained(number).await;
            }
            Step::Refund(number, part) => {
                let Some((amount, _)) = self.paid[number] else { return };
                self.told += 1;
                let body = json!({"refunded_total": amount * part / 100, "occurred_at": self.told});
                shop.post_as("billing", &format!("transactions/paid-{number}/refund"), body).await.data();
            }
            Step::Status(active) => {
                let status = if active { "active" } else { "churned" };
                shop.patch("/api/v2/products/sub_1", json!({"status": status})).await.data();
            }
            Step::Credit(first) => drop(shop.credit(if first { "referrer" } else { "robin" }).await),
            Step::Wait(days) => {
                shop.ledger.pass(days * DAY);
                self.now += days * DAY;
                run_due(&shop.ledger).await;
            }
            Step::Replay(which) => {
                let path = format!("/api/v2/triggers/{}/replay", self.triggers[which]);
                shop.ledger.post(&path, "{}").await.data();
                let before = self.every().await;
                let again = shop.ledger.post(&path, "{}").await.data();
                assert_eq!(again["rewards"], 0, "a replay is idempotent");
                assert_eq!(self.every().await, before);
            }
            Step::Pay(..) => {}
        }
    }

    /// Every row of rewards, the scheduled ones too.
    async fn every(&self) -> Vec<Value> {
        let mut rows = self.shop.rewards().await;
        let list = self.shop.ledger.get("/api/v2/rewards?limit=250&status=scheduled").await.data();
        rows.extend(list["items"].as_array().unwrap().iter().cloned());
        rows
    }

    /// Asserts that a payment just made has earned what its explanation says.
    async fn explained(&self, number: usize) {
        let key = format!("paid-{number}");
        let told = self.shop.ledger.get(&format!("/api/v2/transactions/{key}/explain")).await.data();
        let rows = self.every().await;
        for trigger in told["triggers"].as_array().unwrap() {
            let own = rows.iter().filter(|row| {
                row["transaction"]["key"] == key.as_str() && row["trigger"]["key"] == trigger["trigger"]
            });
            let sum: i64 = own.map(|row| row["amount"].as_i64().unwrap()).sum();
            assert_eq!(trigger["amount"].as_i64().unwrap_or_default(), sum, "{trigger}");
        }
    }

    /// Asserts what holds after every step.
    async fn holds(&self) {
        let rows = self.every().await;
        assert!(rows.len() < 250, "the list is whole");
        let sum = |rows: &[&Value]| rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum::<i64>();
        let all: Vec<_> = rows.iter().collect();
        let counting: Vec<_> = rows.iter().filter(|row| row["status"] != "declined").collect();
        assert_eq!(sum(&all), sum(&counting), "what is declined sums to nothing");
        assert_eq!(self.shop.ledger.check().await, [""; 0]);
        let of_drip: Vec<_> = counting
            .iter()
            .copied()
            .filter(|row| row["trigger"]["key"] == self.triggers[1].as_str())
            .collect();
        assert!(sum(&of_drip) <= LIFELONG, "{}", sum(&of_drip));
        let months: std::collections::BTreeSet<_> = rows.iter().map(|row| self.month(row)).collect();
        for (key, partner) in months {
            let own: Vec<_> = counting
                .iter()
                .copied()
                .filter(|row| {
                    row["trigger"]["key"] == self.triggers[0].as_str()
                        && self.month(row) == (key.clone(), partner.clone())
                })
                .filter(|row| row["reverses"].is_null())
                .collect();
            assert!(sum(&own) <= MONTHLY, "{} in {key}", sum(&own));
        }
    }

    /// The month and the partner that a reward counts for.
    fn month(&self, row: &Value) -> (String, String) {
        let number: usize = text(&row["transaction"]["key"]).trim_start_matches("paid-").parse().unwrap();
        let at = jiff::Timestamp::from_millisecond(self.paid[number].unwrap().1).unwrap().to_string();
        (at[..7].to_owned(), text(&row["partnership"]["key"]))
    }

    /// Gives everything back: nothing is left.
    async fn end(&mut self) {
        self.shop.ledger.pass(400 * DAY);
        run_due(&self.shop.ledger).await;
        for number in (0..PAYMENTS).filter(|number| self.paid[*number].is_some()) {
            self.shop.delete(&format!("/api/v2/transactions/paid-{number}")).await.data();
        }
        self.holds().await;
        assert_eq!(self.shop.balance().await, 0);
    }
}

#[test]
fn caps_hold_replays_are_idempotent_and_refunds_sum_to_the_whole_in_every_history() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let usual = Config::default();
    let cases = (usual.cases * HISTORIES / 256).max(1);
    let config = Config { cases, failure_persistence: None, ..usual };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 4..24), |steps| {
            runtime.block_on(async {
                let mut history = History::begin().await;
                for step in &steps {
                    history.run(*step).await;
                    history.holds().await;
                }
                history.end().await;
            });
            Ok(())
        })
        .unwrap();
}
