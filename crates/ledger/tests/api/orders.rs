//! Random months of a program: claims, products, payments, refunds, disputes, actions, deals, groups, caps, installments,
//! invoices. What arrives within a month arrives in any order and repeatedly, and the ledger ends the same
//! (triggers.md section 2, billing.md section 2).

mod history;

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use self::history::{Fact, History, MonthEnd, histories};
use crate::drips::run_due;
use crate::shop::Shop;
use crate::test_ledger::text;

/// From anywhere in a month, a day of the next one or of the one after.
const MONTH: i64 = 32 * 24 * 60 * 60 * 1000;

/// The triggers beside those of the shop. The last is switched off in the course of a history.
async fn set_up(shop: &Shop) -> String {
    shop.ledger.partner("robin").await;
    shop.ledger.make("groups", &json!({"name": "gold"})).await;
    let flat = |amount: i64| json!({"type": "commission_flat", "amount": amount, "currency": "USD"});
    let with = |mut action: Value, member: &str, value: Value| {
        action[member] = value;
        action
    };
    let active = json!({"where": {"object": "product", "rules": [
        {"field": "status", "operator": "is", "value": "active"}]}});
    let drip = json!({"delay": "1m", "cycle": "1m", "occurrences": 3});
    shop.trigger("transaction_created", active, with(flat(1000), "drip", drip)).await;
    let gold = json!({"name": "gold", "offer_description": "Earn", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "33.3333"}, "eligibility": {"groups": ["gold"]}});
    shop.ledger.make("triggers", &gold).await;
    shop.trigger("customer_created", json!({"all": []}), flat(77)).await;
    let cap = json!([{"per": "partner", "period": "month", "amounts": {"USD": 120}}]);
    let call = json!({"name": "call", "offer_description": "call", "event": "action_recorded",
        "action": with(flat(55), "caps", cap)});
    shop.ledger.make("triggers", &call).await;
    let won = json!({"object": "deal", "field": "stage", "operator": "is_any_of", "value": ["qualified", "proposal"]});
    shop.trigger("deal_updated", won, flat(500)).await;
    let inbox = json!({"object": "product", "field": "name", "operator": "is", "value": "Inbox"});
    let off = shop
        .trigger("transaction_created", inbox, json!({"type": "commission_percent", "percent": "1"}))
        .await;
    format!("/api/v2/triggers/{off}")
}

/// Lets a fact arrive; `false` if what it names does not exist yet, so that the relay would park it.
async fn arrive(shop: &Shop, fact: Fact) -> bool {
    let (source, method, path, body) = fact.request();
    let reply = shop.ledger.send_as(source, method, &format!("/api/v2/{path}"), &body).await;
    assert!(reply.status < 500, "{fact:?}: {reply:?}");
    // A deal that exists is 409, as is a repeated payment or action.
    !matches!(reply.status, 403 | 404)
}

async fn end_month(shop: &Shop, end: MonthEnd, switched: &str) {
    shop.ledger.pass(MONTH);
    run_due(&shop.ledger).await;
    if end.approve {
        let list = shop.ledger.get("/api/v2/rewards?limit=250&status=pending").await.data();
        for row in list["items"].as_array().unwrap() {
            let path = format!("/api/v2/rewards/{}", text(&row["key"]));
            let reply = shop.patch(&path, json!({"status": "approved"})).await;
            assert!(reply.status == 200 || reply.error().1 == "reversal_follows", "{reply:?}");
        }
    }
    if end.close {
        shop.ledger.post("/api/v2/invoices/close", "{}").await.data();
    }
    if end.pay {
        let open = shop.ledger.get("/api/v2/invoices?limit=250&status=open").await.data();
        for invoice in open["items"].as_array().unwrap() {
            let path = format!("/api/v2/invoices/{}", text(&invoice["key"]));
            shop.patch(&path, json!({"status": "paid"})).await.data();
        }
    }
    let group = if end.gold { "gold" } else { "partners" };
    shop.patch("/api/v2/partnerships/referrer", json!({"group_key": group})).await.data();
    if end.switch_off {
        shop.patch(switched, json!({"active": false})).await.data();
    }
    shop.ledger.pass(1);
}

/// Minor units by trigger, partner, event and status; and the invoices.
async fn ends(shop: &Shop) -> BTreeMap<String, i64> {
    let mut rows = Vec::new();
    for status in ["hold", "pending", "approved", "declined", "paid", "scheduled"] {
        let list = shop.ledger.get(&format!("/api/v2/rewards?limit=250&status={status}")).await.data();
        assert_eq!(list["has_more"], false, "a history has too many rewards to be compared");
        rows.extend(list["items"].as_array().unwrap().clone());
    }
    let mut ends = BTreeMap::new();
    let mut add = |name: String, amount: &Value| *ends.entry(name).or_insert(0) += amount.as_i64().unwrap();
    for row in &rows {
        let told = |object: &str, member: &str| text(&row[object][member]);
        if row["status"] == "declined" {
            continue;
        }
        // Which of several actions the cap cuts follows their order.
        let event = if row["action"].is_null() {
            told("transaction", "key") + &told("customer", "name")
        } else {
            String::new()
        };
        let whose = told("partnership", "email");
        let status = text(&row["status"]);
        add(format!("{} {whose} {event} {status}", text(&row["description"])), &row["amount"]);
    }
    let invoices = shop.ledger.get("/api/v2/invoices?limit=250").await.data();
    for row in invoices["items"].as_array().unwrap() {
        let whose = if row["partnership_key"] == shop.partner.as_str() { "referrer" } else { "robin" };
        add(format!("invoice {} {whose}", text(&row["month"])), &row["amount"]);
    }
    ends.retain(|_, amount| *amount != 0);
    ends
}

async fn run(history: &History, seed: u64) -> BTreeMap<String, i64> {
    let shop = Shop::open().await;
    let switched = set_up(&shop).await;
    let mut parked = Vec::new();
    for (month, end) in history.ends.iter().enumerate() {
        for fact in history.arriving(month, seed) {
            if !arrive(&shop, fact).await {
                parked.push(fact);
            }
        }
        // What waited is delivered once what it names has come.
        loop {
            let before = parked.len();
            for fact in std::mem::take(&mut parked) {
                if !arrive(&shop, fact).await {
                    parked.push(fact);
                }
            }
            if parked.len() == before {
                break;
            }
        }
        end_month(&shop, *end, &switched).await;
    }
    assert_eq!(shop.ledger.check().await, [""; 0]);
    ends(&shop).await
}

/// Runs 8 histories by default, each in two orders, and a part of `PROPTEST_CASES` if that is set.
#[test]
fn whatever_happens_in_a_month_arrives_in_any_order_and_ends_in_the_same_ledger() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let usual = Config::default();
    let cases = (usual.cases / 32).max(1);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: usual.max_shrink_iters.min(8), ..usual };
    let (tried, longest) = (Cell::new(0), Cell::new(0));
    let kinds = std::cell::RefCell::new(BTreeMap::<&str, usize>::new());
    TestRunner::new(config)
        .run(&histories(), |history| {
            tried.set(tried.get() + 1);
            longest.set(longest.get().max(history.facts.len()));
            for (_, fact) in &history.facts {
                *kinds.borrow_mut().entry(fact.kind()).or_default() += 1;
            }
            runtime.block_on(async {
                let (one, other) = (run(&history, 0).await, run(&history, history.seed).await);
                proptest::prop_assert_eq!(one, other, "{}", history.told());
                Ok(())
            })
        })
        .unwrap();
    println!("{} histories, the longest of {} facts; {:?}", tried.get(), longest.get(), kinds.borrow());
    assert!(tried.get() >= cases);
}
