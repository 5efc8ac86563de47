//! The facts of a history, and the requests that tell them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::test_ledger::START;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// The catalogue entries of the shop.
const CATALOGUE: [&str; 4] = ["Live Chat", "Knowledge Base", "Surveys", "Inbox"];

/// Something that a source tells the ledger. Customers are numbered; each has one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// The company's server makes the customer.
    Customer(usize),
    /// The company credits the customer to the other partner.
    Credit(usize),
    /// A page claims the customer's product, of this catalogue entry.
    Claim(usize, usize),
    /// The provider reports the subscription as active or, if true, as churned, on this day.
    Subscription(usize, bool, i64),
    /// A payment of this number by the customer, on this day.
    Paid(usize, usize, i64),
    /// The provider's refunded total of a payment in thousandths, with the number of the report.
    Total(usize, i64, i64),
    /// The company deletes a payment.
    Deleted(usize),
    /// The customer's action of this number.
    Acted(usize, usize),
    /// The company makes a deal of this number.
    Deal(usize),
    /// The deal reaches the first or second stage that pays.
    Stage(usize, bool),
}

/// The amount of a payment, which totals of refunds are parts of.
fn amount(number: usize) -> i64 {
    [4900, 1, 9999, 0, -700, 12_345][number % 6]
}

/// The entry that a customer's subscription is for.
fn book(customer: usize) -> &'static str {
    CATALOGUE[3 - customer % 4]
}

impl Fact {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Customer(_) => "customers",
            Self::Credit(_) => "credits",
            Self::Claim(..) => "claims",
            Self::Subscription(..) => "subscriptions",
            Self::Paid(..) => "payments",
            Self::Total(..) => "refunds",
            Self::Deleted(_) => "deletions",
            Self::Acted(..) => "actions",
            Self::Deal(_) => "deals",
            Self::Stage(..) => "stages",
        }
    }

    /// Its source, method, path and body.
    pub(super) fn request(self) -> (&'static str, &'static str, String, Value) {
        let site = |customer: usize| format!("gk_{customer}");
        let product = |customer: usize, entry: &str, status: &str, at: Option<i64>| {
            json!({"customer_key": site(customer), "product_book_key": format!("book/{entry}"), "status": status,
                "external_subscription_key": "sub_1", "occurred_at": at.map(|day| START + day * DAY)})
        };
        match self {
            Self::Customer(number) => {
                let body = json!({"customer_key": site(number), "email": format!("{number}@site.example"),
                    "name": site(number), "partner_key": "referrer"});
                ("vendor", "POST", "customers".to_owned(), body)
            }
            Self::Credit(number) => {
                let body = json!({"partner_key": "robin", "reason": "asked"});
                ("vendor", "POST", format!("customers/{}/attribution", site(number)), body)
            }
            Self::Claim(number, entry) => {
                ("page", "POST", "products".to_owned(), product(number, CATALOGUE[entry % 4], "active", None))
            }
            Self::Subscription(number, over, day) => {
                let status = if over { "churned" } else { "active" };
                ("billing", "POST", "products".to_owned(), product(number, book(number), status, Some(day)))
            }
            Self::Paid(payment, customer, day) => {
                let entries =
                    if payment.is_multiple_of(3) { vec![format!("book/{}", book(customer))] } else { vec![] };
                let body = json!({"customer_key": site(customer), "key": format!("paid-{payment}"),
                    "amount": amount(payment), "currency": "USD", "subscription_key": "sub_1",
                    "created_at": START + day * DAY, "catalogue_keys": entries});
                ("billing", "POST", "transactions".to_owned(), body)
            }
            Self::Total(payment, part, number) => {
                let body =
                    json!({"refunded_total": amount(payment) * part / 1000, "occurred_at": START + number});
                ("billing", "POST", format!("transactions/paid-{payment}/refund"), body)
            }
            Self::Deleted(payment) => {
                ("vendor", "DELETE", format!("transactions/paid-{payment}"), Value::Null)
            }
            Self::Acted(action, customer) => {
                let body = json!({"customer_key": site(customer), "key": "call", "value": 1,
                    "external_key": format!("act-{action}")});
                ("vendor", "POST", "actions".to_owned(), body)
            }
            Self::Deal(number) => {
                let body =
                    json!({"key": format!("deal_{number}"), "partner_key": "robin", "account_name": "Acme"});
                ("vendor", "POST", "deals".to_owned(), body)
            }
            Self::Stage(number, second) => {
                let stage = if second { "proposal" } else { "qualified" };
                ("vendor", "PATCH", format!("deals/deal_{number}"), json!({"stage": stage}))
            }
        }
    }
}

/// What the company does at the end of a month.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each says whether one thing was done")]
pub(super) struct MonthEnd {
    pub(super) approve: bool,
    pub(super) close: bool,
    pub(super) pay: bool,
    /// Whether the first partner is in the group that earns more, from then on.
    pub(super) gold: bool,
    pub(super) switch_off: bool,
}

/// Months of facts.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// The month in which each is told, and the fact.
    pub(super) facts: Vec<(usize, Fact)>,
    pub(super) ends: Vec<MonthEnd>,
    /// The order of the second run.
    pub(super) seed: u64,
}

impl History {
    /// The facts of a month in the order of a seed, 0 for their own, some of them twice.
    pub(super) fn arriving(&self, month: usize, seed: u64) -> Vec<Fact> {
        let mixed = |at: usize, salt: u64| {
            let number = (at as u64 + 1).wrapping_mul(seed | 1).wrapping_add(salt);
            number.wrapping_mul(6_364_136_223_846_793_005).rotate_left(23).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        let mut own: Vec<_> = self.facts.iter().enumerate().filter(|(_, (when, _))| *when == month).collect();
        if seed != 0 {
            let again: Vec<_> =
                own.iter().copied().filter(|(at, _)| mixed(*at, 1).is_multiple_of(4)).collect();
            own.extend(again);
            let places: Vec<_> = (0..own.len()).map(|place| mixed(own[place].0, place as u64)).collect();
            let mut order: Vec<_> = (0..own.len()).collect();
            order.sort_by_key(|place| places[*place]);
            return order.into_iter().map(|place| own[place].1.1).collect();
        }
        own.into_iter().map(|(_, (_, fact))| *fact).collect()
    }

    /// Both orders, for the message of a failing test.
    pub(super) fn told(&self) -> String {
        let months = 0..self.ends.len();
        let line = |month: usize| {
            format!(
                "{:?}\n  {:?}\n  {:?}\n",
                self.ends[month],
                self.arriving(month, 0),
                self.arriving(month, self.seed)
            )
        };
        months.map(line).collect()
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    // The customers 0 and 1 act; 2 and 3 are credited to another partner. What a customer did before stays with the
    // partner of then, so that the order of both would count.
    let (customer, payment) = (0..4_usize, 0..12_usize);
    prop_oneof![
        1 => (2..4_usize).prop_map(Fact::Credit),
        2 => (customer.clone(), 0..4_usize).prop_map(|(customer, entry)| Fact::Claim(customer, entry)),
        4 => (customer, any::<bool>(), 0..80_i64)
            .prop_map(|(customer, over, day)| Fact::Subscription(customer, over, day)),
        6 => (payment.clone(), 0..90_i64).prop_map(|(payment, day)| Fact::Paid(payment, payment % 4, day)),
        4 => (payment.clone(), prop_oneof![Just(0), Just(1000), 1..1000_i64], 1..6_i64)
            .prop_map(|(payment, part, number)| Fact::Total(payment, part, number)),
        1 => payment.prop_map(Fact::Deleted),
        2 => (0..6_usize).prop_map(|action| Fact::Acted(action, action % 2)),
        1 => (0..2_usize).prop_map(Fact::Deal),
        2 => (0..2_usize, any::<bool>()).prop_map(|(deal, second)| Fact::Stage(deal, second)),
    ]
}

/// Any history of up to four months. Each thing is told once in a history: what a source tells twice with other content is
/// another matter.
pub(super) fn histories() -> impl Strategy<Value = History> {
    let end =
        || {
            any::<(bool, bool, bool, bool, bool)>().prop_map(|(approve, close, pay, gold, switch_off)| {
                MonthEnd { approve, close, pay, gold, switch_off }
            })
        };
    let facts = prop::collection::vec((0..4_usize, fact()), 4..60);
    let customers = prop::collection::vec(0..3_usize, 4);
    (facts, customers, prop::collection::vec(end(), 4), 1..u64::MAX).prop_map(
        |(facts, customers, ends, seed)| {
            let mut all: Vec<(usize, Fact)> = customers
                .into_iter()
                .enumerate()
                .map(|(number, month)| (month, Fact::Customer(number)))
                .collect();
            for (month, fact) in facts {
                if all.iter().all(|(_, other)| other.name() != fact.name()) {
                    all.push((month, fact));
                }
            }
            History { facts: all, ends, seed }
        },
    )
}

impl Fact {
    /// What must be told once: a payment has one day, a report of a total one number.
    fn name(self) -> (&'static str, usize, i64) {
        let own = match self {
            Self::Customer(number) | Self::Credit(number) | Self::Deleted(number) | Self::Deal(number) => {
                (number, 0)
            }
            // Two pages that claim different products: the first one counts.
            Self::Claim(customer, _) => (customer, 0),
            Self::Subscription(customer, over, day) => (customer, day * 2 + i64::from(over)),
            Self::Paid(payment, ..) => (payment, 0),
            Self::Total(payment, _, number) => (payment, number),
            Self::Acted(action, _) => (action, 0),
            Self::Stage(deal, second) => (deal, i64::from(second)),
        };
        (self.kind(), own.0, own.1)
    }
}
