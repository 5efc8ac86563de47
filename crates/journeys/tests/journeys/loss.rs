//! Visitors sign up and leave at once, and the relay often fails: each signup that could be stored arrives, and arrives
//! once.
//!
//! The seed decides what happens. Each visitor signs up on a site of its own, in a real browser, and leaves at a bad
//! moment: in the same tick, while the request is under way, while another page loads. Between page and relay is a
//! proxy, the proxy, which loses requests and answers, cuts, delays and refuses them; the server is killed twice. Some
//! visitors come back soon; at the end all do, and nothing fails any more. `cargo xtask soak` has more visitors:
//! `HEADWATER_JOURNEYS_VISITORS`, with the seed `HEADWATER_JOURNEYS_SEED`.

mod answer;
mod faulty_proxy;
mod pages;
mod plan;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::browser::Browser;
use crate::process::number;
use crate::stage::Headwater;
use crate::view::View;
use faulty_proxy::FaultyProxy;

/// How long all visits may take on a loaded machine: the longest single visit, and an addition for each visitor.
const PATIENCE: [Duration; 2] = [Duration::from_mins(1), Duration::from_secs(1)];

/// Runs the visits of this name (`first` or `last`), and kills the server so many times in between.
async fn visits(
    browser: &Browser,
    proxy: &Arc<FaultyProxy>,
    name: &str,
    mut headwater: Headwater,
    deaths: usize,
) -> Headwater {
    let visitors = proxy.plans.len();
    let patience = PATIENCE[0] + PATIENCE[1] * u32::try_from(visitors).expect("not that many");
    browser.open_page(&proxy.address(name)).await;
    let coming = async {
        for death in 1..=deaths {
            proxy.have_gone(visitors * death / (deaths + 1)).await;
            headwater = headwater.kill_and_restart().await;
        }
        proxy.have_gone(visitors).await;
        headwater
    };
    timeout(patience, coming).await.unwrap_or_else(|_| panic!("{name} visits take more than {patience:?}"))
}

/// The result of a run.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    /// Events that were stored or sent.
    stored: usize,
    /// Visitors who are customers at the ledger.
    delivered: usize,
    /// Customers and entries beyond one for each visitor.
    duplicated: usize,
}

fn texts(items: &[Value], member: &str) -> Vec<String> {
    items.iter().filter_map(|item| item[member].as_str().map(str::to_owned)).collect()
}

/// Counts, and returns the log of each visitor whose signup did not arrive exactly once.
async fn count(headwater: &Headwater, proxy: &FaultyProxy) -> (Counts, String) {
    let view = View::of(headwater);
    view.everything_delivered().await;
    let customers = texts(&view.all("/api/v2/customers").await, "customer_key");
    let entries = texts(&view.all("/v1/entries").await, "customer");
    let known: BTreeSet<_> = customers.iter().collect();
    let mut times = BTreeMap::<_, usize>::new();
    for entry in &entries {
        *times.entry(entry).or_default() += 1;
    }
    let seen = proxy.seen();
    let mut stories = String::new();
    let mut delivered = 0;
    for (plan, events) in proxy.plans.iter().zip(seen.events()) {
        let found = known.contains(&plan.customer);
        delivered += usize::from(found);
        if !found || events.len() != 1 {
            let _ = write!(stories, "\n{plan:?}\n  {}", seen.describe(plan.number));
        }
    }
    let stored = seen.events().map(BTreeSet::len).sum();
    let duplicated = (customers.len() - known.len()) + (entries.len() - times.len());
    (Counts { stored, delivered, duplicated }, stories)
}

#[tokio::test]
async fn a_signup_that_could_be_stored_arrives_once_whatever_the_relay_and_the_visitor_do() {
    let begun = Instant::now();
    let seed = number("HEADWATER_JOURNEYS_SEED", 1);
    let visitors = usize::try_from(number("HEADWATER_JOURNEYS_VISITORS", 40)).expect("not that many");
    let headwater = Headwater::open().await;
    let partner = json!({"email": "robin@partner.example", "partner_key": "robin"});
    View::of(&headwater).post("/api/v2/partnerships", &partner).await;
    let proxy = FaultyProxy::open(&headwater, seed, plan::throw(seed, visitors)).await;
    let browser = Browser::open().await;
    let headwater = visits(&browser, &proxy, "first", headwater, 2).await;
    let headwater = visits(&browser, &proxy, "last", headwater, 0).await;
    browser.close().await;
    let (counts, stories) = count(&headwater, &proxy).await;
    let seen = proxy.seen();
    println!(
        "seed {seed}: {visitors} visitors: {} stored, {} delivered, {} duplicated; {} requests, {} with an event \
         left for the last visit; {:.1} s",
        counts.stored,
        counts.delivered,
        counts.duplicated,
        seen.requests(),
        seen.waited(),
        begun.elapsed().as_secs_f64(),
    );
    assert_eq!(seen.noise, Vec::<String>::new());
    assert_eq!(counts, Counts { stored: visitors, delivered: visitors, duplicated: 0 }, "{stories}");
    assert_eq!(seen.still_stored(), 0, "everything that was stored was acknowledged");
}
