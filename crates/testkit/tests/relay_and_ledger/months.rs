//! A property test over months of a Stripe account: trials, changed plans, coupons, taxes, refunds, disputes and credit
//! notes, in two versions of the API. The webhooks are signed, and arrive in any order and repeatedly. What the ledger
//! owes for each line equals a model of ten lines, to the cent (billing.md section 3; issue 8).

mod account;
mod history;
mod model;
mod objects;

use std::cell::Cell;

use headwater_testkit::{DAY, Headwater, PARTNERS, TestEvent};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use account::Account;
use history::History;
use model::{Arriving, Owed, arriving, model};

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
