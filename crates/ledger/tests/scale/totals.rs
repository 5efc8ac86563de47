//! Stored totals equal a recount after any history: customers reported by pages and by trusted sources, payments,
//! refunds and their corrections, customers who change partner or are deleted, partners who change group or are
//! archived.

use headwater_protocol::Source;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::test_ledger::TestLedger;

/// Random histories in a run of the usual 256 cases (`PROPTEST_CASES`).
const HISTORIES: u32 = 48;
const CUSTOMERS: [&str; 3] = ["ada", "bob", "cat"];
const PARTNERS: [&str; 2] = ["robin", "wren"];
const CURRENCIES: [&str; 2] = ["USD", "EUR"];
/// Different payments in a history.
const PAYMENTS: usize = 6;

/// A request. Numbers are indexes of customers, partners and payments. A step that names one that does not exist yet
/// is refused, which is a case of its own.
#[derive(Debug, Clone)]
enum Step {
    /// A source reports a customer, perhaps with a provider's id that another customer may have, too.
    Customer { says: Source, customer: usize, partner: Option<usize>, provider: Option<u8> },
    /// A payment that names its customer by the site's id or the provider's.
    Payment { says: Source, number: usize, customer: usize, by_provider: bool, amount: i64, currency: usize },
    /// A provider's total of what was refunded, with its time.
    Refund { number: usize, total: i64, at: i64 },
    /// The vendor deletes a payment, which refunds all of it.
    Void { number: usize },
    /// A product, which payments may have waited for.
    Product { says: Source, customer: usize },
    /// The vendor credits a customer to another partner.
    Move { customer: usize, partner: usize },
    /// A customer is deleted.
    Erase { customer: usize },
    /// A partner changes group.
    Group { partner: usize, new: bool },
    /// A partner is archived.
    Archive { partner: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let says = || prop::sample::select(Source::ALL.to_vec());
    let (customer, partner) = (|| 0..CUSTOMERS.len(), || 0..PARTNERS.len());
    let told = (says(), customer(), prop::option::of(partner()), prop::option::of(0..2_u8));
    let paid = (says(), 0..PAYMENTS, customer(), any::<bool>(), -5_000..20_000_i64, 0..CURRENCIES.len());
    prop_oneof![
        5 => told.prop_map(|(says, customer, partner, provider)| Step::Customer { says, customer, partner, provider }),
        5 => paid.prop_map(|(says, number, customer, by_provider, amount, currency)| {
            Step::Payment { says, number, customer, by_provider, amount, currency }
        }),
        3 => (0..PAYMENTS, -5_000..20_000_i64, 0..9_i64)
            .prop_map(|(number, total, at)| Step::Refund { number, total, at }),
        1 => (0..PAYMENTS).prop_map(|number| Step::Void { number }),
        2 => (says(), customer()).prop_map(|(says, customer)| Step::Product { says, customer }),
        2 => (customer(), partner()).prop_map(|(customer, partner)| Step::Move { customer, partner }),
        1 => customer().prop_map(|customer| Step::Erase { customer }),
        1 => (partner(), any::<bool>()).prop_map(|(partner, new)| Step::Group { partner, new }),
        1 => partner().prop_map(|partner| Step::Archive { partner }),
    ]
}

/// The request of a step.
fn request(step: &Step) -> (Source, &'static str, String, Value) {
    let vendor = |method, path: String, body| (Source::Vendor, method, path, body);
    match *step {
        Step::Customer { says, customer, partner, provider } => {
            let name = CUSTOMERS[customer];
            let mut body = json!({"customer_key": name, "email": format!("{name}@site.example")});
            if let Some(partner) = partner {
                body["partner_key"] = json!(PARTNERS[partner]);
            }
            if let Some(provider) = provider {
                body["provider_key"] = json!(format!("cus_P{provider}"));
            }
            (says, "POST", "customers?upsert=true".to_owned(), body)
        }
        Step::Payment { says, number, customer, by_provider, amount, currency } => {
            let (by, name) = if by_provider {
                ("customer_external_key", format!("cus_P{}", customer % 2))
            } else {
                ("customer_key", CUSTOMERS[customer].to_owned())
            };
            let body = json!({by: name, "key": format!("payment{number}"), "amount": amount,
                              "currency": CURRENCIES[currency], "subscription_key": "sub"});
            (says, "POST", "transactions".to_owned(), body)
        }
        Step::Refund { number, total, at } => {
            let body = json!({"refunded_total": total, "occurred_at": at});
            (Source::Billing, "POST", format!("transactions/payment{number}/refund"), body)
        }
        Step::Void { number } => vendor("DELETE", format!("transactions/payment{number}"), Value::Null),
        Step::Product { says, customer } => {
            let body = json!({"customer_key": CUSTOMERS[customer], "product_book_key": "inbox",
                              "status": "active", "external_subscription_key": "sub"});
            (says, "POST", "products".to_owned(), body)
        }
        Step::Move { customer, partner } => {
            let body = json!({"partner_key": PARTNERS[partner], "reason": "asked"});
            vendor("POST", format!("customers/{}/attribution", CUSTOMERS[customer]), body)
        }
        Step::Erase { customer } => {
            vendor("DELETE", format!("customers/{}", CUSTOMERS[customer]), Value::Null)
        }
        Step::Group { partner, new } => {
            let group = if new { "gold" } else { "default" };
            vendor("PATCH", format!("partnerships/{}", PARTNERS[partner]), json!({"group_key": group}))
        }
        Step::Archive { partner } => {
            vendor("DELETE", format!("partnerships/{}", PARTNERS[partner]), Value::Null)
        }
    }
}

/// Runs a history and checks every invariant after each step; returns how many steps succeeded.
async fn run(steps: &[Step]) -> usize {
    let ledger = TestLedger::open().await;
    ledger.done("POST", "partnerships", json!({"email": "wren@agency.example", "partner_key": "wren"})).await;
    ledger.done("POST", "groups", json!({"name": "Gold", "slug": "gold"})).await;
    let mut done = 0;
    for step in steps {
        let (says, method, path, body) = request(step);
        let (status, answer) = ledger.ask_for(says, method, &path, body, "").await;
        assert!(status < 500, "{step:?}: {answer}");
        done += usize::from(status < 300);
        let differs = ledger.check().await;
        assert!(differs.is_empty(), "after {step:?}: {differs:?}");
    }
    done
}

#[test]
fn stored_totals_equal_a_recount_after_any_history() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let usual = Config::default();
    let cases = (usual.cases * HISTORIES / 256).max(1);
    let config = Config { cases, failure_persistence: None, ..usual };
    let done = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 10..40), |steps| {
            done.set(done.get() + runtime.block_on(run(&steps)));
            Ok(())
        })
        .unwrap();
    let least = usize::try_from(cases).unwrap() * 2;
    assert!(done.get() > least, "most was refused: {} of {cases} histories", done.get());
}
