//! Random histories of claims by attackers and reports by page, vendor and billing provider, in any order: the honest
//! customer's partner is paid the right amount, or the commission is on hold (trust.md section 1).

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::text;

/// Random histories in a run of the usual 256 cases (`PROPTEST_CASES`).
const HISTORIES: u32 = 160;

/// The number of attacks, each with the public key alone.
const ATTACKS: usize = 7;

/// A request of one of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// An attacker's claim: the number of the attack.
    Stranger(usize),
    /// The honest customer's signup on the page.
    Page,
    /// The company's own call that makes the customer.
    Vendor,
    /// A report of the provider: the number of its event.
    Billing(usize),
}

/// The number of the provider's events. Each is repeated until it is accepted, as the relay does.
const TOLD: usize = 5;

async fn speak(shop: &Shop, step: Step) -> u16 {
    let (source, method, path, body) = match step {
        Step::Page => {
            ("page", "POST", "customers", signup("gk_1", "referrer", &json!({"provider_key": "cus_h"})))
        }
        Step::Vendor => {
            let email = json!({"email": "gk_1@site.example"});
            ("vendor", "POST", "customers", signup("gk_1", "referrer", &email))
        }
        Step::Stranger(attack) => stranger(attack),
        Step::Billing(told) => billing(told),
    };
    shop.ledger.send_as(source, method, &format!("/api/v2/{path}"), &body).await.status
}

fn signup(customer_key: &str, partner_key: &str, more: &Value) -> Value {
    let mut body = json!({"customer_key": customer_key, "partner_key": partner_key});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn stranger(attack: usize) -> (&'static str, &'static str, &'static str, Value) {
    let checkout = |customer: &str, entry: &str, status: &str| {
        json!({"customer_key": customer, "product_book_key": entry, "status": status, "amount": 1,
            "currency": "USD", "external_subscription_key": "sub_1"})
    };
    let (path, body) = match attack {
        0 => ("customers", signup("gk_1", "mallory", &json!({}))),
        1 => ("customers", signup("cus_h", "mallory", &json!({}))),
        2 => ("customers", signup("invented", "mallory", &json!({"provider_key": "cus_h"}))),
        3 => ("customers", signup("copied", "mallory", &json!({"email": "gk_1@site.example"}))),
        4 => ("products", checkout("gk_1", "book/Surveys", "churned")),
        5 => ("products", checkout("gk_1", "book/Inbox", "churned")),
        _ => ("products", checkout("invented", "book/Inbox", "active")),
    };
    ("page", "POST", path, body)
}

fn billing(told: usize) -> (&'static str, &'static str, &'static str, Value) {
    let payment = |key: &str, named: (&str, &str)| {
        let mut body = json!({"key": key, "amount": 9900, "currency": "USD", "subscription_key": "sub_1"});
        body[named.0] = json!(named.1);
        body
    };
    let (method, path, body) = match told {
        0 => ("PATCH", "customers/gk_1", json!({"provider_key": "cus_h"})),
        1 => (
            "POST",
            "products",
            json!({"customer_key": "gk_1", "product_book_key": "book/Inbox", "status": "active",
                "amount": 9900, "currency": "USD", "external_subscription_key": "sub_1", "occurred_at": 1000}),
        ),
        2 => ("POST", "transactions", payment("in_1/il_1", ("customer_external_key", "cus_h"))),
        3 => ("POST", "transactions", payment("in_2/il_1", ("customer_key", "gk_1"))),
        _ => {
            ("POST", "transactions/in_2%2Fil_1/refund", json!({"refunded_total": 4950, "occurred_at": 2000}))
        }
    };
    ("billing", method, path, body)
}

/// Partner, amount and status of every reward that is not declined.
async fn standing(shop: &Shop) -> Vec<(String, i64, String)> {
    let rows = shop.rewards().await;
    let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    let open: Vec<_> = rows.iter().filter(|row| row["status"] != "declined").collect();
    let counting: i64 = open.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    assert_eq!(sum, counting, "{rows:#?}");
    let told = |row: &&Value| {
        (text(&row["partnership"]["key"]), row["amount"].as_i64().unwrap(), text(&row["status"]))
    };
    open.iter().map(told).collect()
}

/// Asserts that every reward which is not on hold is the honest partner's and of the right amount.
async fn never_somebody_else(shop: &Shop, after: Step) {
    for (partner, amount, status) in standing(shop).await {
        let honest = partner == shop.partner && [1980, -990].contains(&amount);
        assert!(honest || status == "hold", "after {after:?}: {partner} {amount} {status}");
    }
}

async fn run(steps: &[Step]) {
    let shop = Shop::open().await;
    shop.ledger.partner("mallory").await;
    let mut parked = VecDeque::new();
    for step in steps {
        let status = speak(&shop, *step).await;
        if matches!(step, Step::Billing(_)) && matches!(status, 403 | 404 | 409) {
            parked.push_back(*step);
        }
        never_somebody_else(&shop, *step).await;
    }
    // Parked events are retried, as the relay does when their customer has come.
    for _ in 0..3 {
        for step in std::mem::take(&mut parked) {
            if matches!(speak(&shop, step).await, 403 | 404) {
                parked.push_back(step);
            }
            never_somebody_else(&shop, step).await;
        }
    }
    let mut ends = standing(&shop).await;
    ends.sort();
    let pending = |amount| (shop.partner.clone(), amount, "pending".to_owned());
    assert_eq!(ends, [pending(-990), pending(1980), pending(1980)], "after {steps:?}");
}

/// A history: the customer signs up before paying; attackers and the company act at any time, the provider repeats
/// itself.
fn history() -> impl Strategy<Value = Vec<Step>> {
    let strangers = || prop::collection::vec(0..ATTACKS, 2..8);
    let repeated = prop::collection::vec(0..TOLD, 0..4);
    (strangers(), strangers(), repeated, (0..4, any::<u64>())).prop_map(
        |(before, after, repeated, (early, seed))| {
            let mut begins: Vec<_> = before.into_iter().map(Step::Stranger).collect();
            begins.push(Step::Page);
            let mut goes_on: Vec<_> = after.into_iter().map(Step::Stranger).collect();
            goes_on.extend((0..TOLD).chain(repeated).map(Step::Billing));
            if early == 0 { &mut begins } else { &mut goes_on }.push(Step::Vendor);
            shuffle(&mut begins, seed);
            shuffle(&mut goes_on, !seed);
            begins.extend(goes_on);
            begins
        },
    )
}

fn shuffle(steps: &mut [Step], mut seed: u64) {
    for at in (1..steps.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap_or_default() % (at + 1);
        steps.swap(at, other);
    }
}

#[test]
fn in_every_order_the_honest_partner_is_paid_the_honest_amount() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let usual = Config::default();
    let cases = (usual.cases * HISTORIES / 256).max(1);
    let config = Config { cases, failure_persistence: None, ..usual };
    TestRunner::new(config)
        .run(&history(), |steps| {
            runtime.block_on(run(&steps));
            Ok(())
        })
        .unwrap();
}
