//! A property test over months of a Stripe account: trials, changed plans, coupons, taxes, refunds, disputes and credit
//! notes, in two versions of the API. The webhooks are signed, and arrive in any order and repeatedly. What the ledger
//! owes for each line equals a model of ten lines, to the cent (billing.md section 3; issue 8).

mod account;
mod history;
mod objects;

use std::cell::Cell;
use std::collections::BTreeMap;

use headwater_testkit::{CATALOGUE, DAY, Headwater, PARTNERS, TestEvent, stripe::event};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use account::{Account, Bill, Line};
use history::{History, Joined};
use objects::{provider, site};

/// For each payment with a base other than zero: the partner, the time it was paid, and what it earns in the end. A
/// commission that rounds to zero has no reward, and then no partner is named.
type Owed = BTreeMap<String, (String, i64, i64)>;

/// The model. The base of a line is the amount after discounts and before tax, reduced in proportion to the credit
/// notes from before the payment. A refund takes back the same share of the base as it is of the amount paid.
fn model(bills: &[Bill]) -> Owed {
    let lines = bills.iter().flat_map(|bill| bill.lines.iter().map(move |line| (bill, line)));
    let one = |(bill, line): (&Bill, &Line)| {
        let base = line.base() * bill.paid.max(1) / (bill.paid + bill.off).max(1);
        let back = base * bill.back.min(bill.paid) / bill.paid.max(1);
        let earned = half_up(base * CATALOGUE[line.product].percent, 100);
        let taken = if back == base { earned } else { half_up(earned * back, base) };
        let partner = if earned == 0 { String::new() } else { PARTNERS[bill.customer % 2].to_owned() };
        (base != 0)
            .then(|| (format!("{}/{}", bill.id, line.id), (partner, bill.paid_at * 1000, earned - taken)))
    };
    lines.filter_map(one).collect()
}

/// `part / whole`, halves away from zero.
fn half_up(part: i64, whole: i64) -> i64 {
    (2 * part.abs() + whole.abs()) / (2 * whole.abs()) * part.signum() * whole.signum()
}

/// What the ledger owes.
async fn owed(headwater: &Headwater) -> Owed {
    let mut owed = Owed::new();
    for payment in headwater.all("transactions?include_archived=true").await {
        let key = payment["key"].as_str().unwrap().to_owned();
        owed.insert(key, (String::new(), payment["created_at"].as_i64().unwrap(), 0));
    }
    for partner in PARTNERS {
        for reward in headwater.all(&format!("rewards?partnership_key={partner}")).await {
            let standing = owed.get_mut(reward["transaction"]["key"].as_str().unwrap()).unwrap();
            if reward["status"] != "declined" {
                standing.2 += reward["amount"].as_i64().unwrap();
            }
            partner.clone_into(&mut standing.0);
        }
    }
    owed
}

/// A request that arrives: a webhook of the provider's, or a page's signup.
enum Arriving {
    Webhook(Value),
    Signup(Value),
}

fn arriving(history: &History, webhooks: Vec<Value>) -> Vec<Arriving> {
    let mut all: Vec<_> = webhooks.into_iter().map(Arriving::Webhook).collect();
    for (number, subscription) in history.subscriptions.iter().enumerate() {
        let mut signup = json!({"customer_key": site(number), "email": format!("{number}@shop.example"),
            "partner_key": PARTNERS[number % 2]});
        let id = format!("evt_join_{number}");
        let at = headwater_testkit::START;
        match subscription.joined {
            Joined::Page => signup["provider_key"] = json!(provider(number)),
            Joined::Customer => {
                all.push(Arriving::Webhook(event(&id, "customer.created", at, &objects::customer(number))));
            }
            Joined::Session => all.push(Arriving::Webhook(event(
                &id,
                "checkout.session.completed",
                at,
                &objects::session(number),
            ))),
        }
        all.push(Arriving::Signup(signup));
    }
    all
}

async fn run(history: History) -> Result<(), TestCaseError> {
    let headwater = Headwater::start().await;
    headwater.set_up_catalogue().await;
    // Past the end of every history: the relay takes no event for later than its own clock.
    headwater.clock().pass(900 * DAY);
    let Account { webhooks, bills, .. } = account::live(&history);
    let all = arriving(&history, webhooks);
    let arrival = &history.arrival;
    let place = |n: usize| arrival.places[n % arrival.places.len()];
    let mut order: Vec<_> = (0..all.len()).map(|n| (place(n), n)).collect();
    order.extend(arrival.again.iter().map(|(n, place)| (*place, n % all.len())));
    order.sort_by_key(|(place, _)| *place);
    for (at, (_, n)) in order.iter().enumerate() {
        match &all[*n] {
            Arriving::Webhook(webhook) => drop(headwater.stripe(webhook).await.expect(200)),
            Arriving::Signup(data) => {
                drop(headwater.event(TestEvent::of_page("signup", data.clone())).await.expect(202));
            }
        }
        if arrival.pauses[at % arrival.pauses.len()] {
            headwater.deliver().await;
        }
    }
    headwater.deliver().await;
    let open: Vec<_> =
        headwater.entries().await.into_iter().filter(|one| one["state"] != "delivered").collect();
    prop_assert!(open.is_empty(), "all facts have arrived, so no entry may be parked: {open:#?}");
    prop_assert_eq!(
        owed(&headwater).await,
        model(&bills),
        "{}{}",
        told(&all, &order),
        headwater.describe_entries().await
    );
    Ok(())
}

/// The requests in their order of arrival, for the message of a failing test.
fn told(all: &[Arriving], order: &[(u8, usize)]) -> String {
    let line = |(_, n): &(u8, usize)| match &all[*n] {
        Arriving::Webhook(webhook) => {
            format!("{n}. at {} {} {}\n", webhook["created"], webhook["type"], webhook["data"]["object"])
        }
        Arriving::Signup(data) => format!("{n}. signup {data}\n"),
    };
    order.iter().map(line).collect()
}

/// Runs 64 histories by default, and a quarter of `PROPTEST_CASES` if that is set.
#[test]
fn months_of_stripe_earn_what_the_model_says_in_every_order() {
    let usual = Config::default();
    let config = Config {
        cases: usual.cases / 4,
        failure_persistence: None,
        max_shrink_iters: usual.max_shrink_iters.min(400),
        ..usual
    };
    let (cases, tried) = (config.cases, Cell::new(0));
    let done = TestRunner::new(config).run(&history::history(), |history| {
        tried.set(tried.get() + 1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(history))
    });
    if let Err(error) = done {
        panic!("history {}: {error}", tried.get());
    }
    assert_eq!(tried.get(), cases);
    println!("{cases} histories");
}
