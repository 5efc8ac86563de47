//! What one more record costs in a large ledger: two ledgers, a small one and a filled one, measured in turn.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{
    BenchClient, BenchLedger, BenchRow, LatencySample, Options, PAYING, customer, median, payment,
    set_up_catalogue, store, trigger,
};
use crate::bench::load;

/// Pages of a list that are timed, of each kind.
const PAGES: usize = 50;

/// A ledger with few of something and one with many.
struct SmallAndLarge {
    few: BenchLedger,
    many: BenchLedger,
}

impl SmallAndLarge {
    /// Two equal ledgers, with a trigger and customers who have paid; the caller fills one of them.
    async fn new(program: &Path) -> anyhow::Result<Self> {
        let pair = Self { few: BenchLedger::init(program).await?, many: BenchLedger::init(program).await? };
        for ledger in [&pair.few, &pair.many] {
            let (server, client) = ledger.serve().await?;
            set_up_catalogue(&client).await?;
            client.ask("POST", "/api/v2/triggers", &trigger(0)).await?;
            client.ask("POST", "/api/v2/transactions", &payment("first", 0, 0)).await?;
            server.stop().await?;
        }
        Ok(pair)
    }

    /// Posts to both in turn. A round's cost is the rate with few divided by the rate with many; returns the median.
    /// The rows get the median rate of each.
    async fn measure(
        &self,
        options: &Options,
        path: &'static str,
        body: fn(&str, u64, u64) -> Value,
        whats: [String; 2],
        rows: &mut Vec<BenchRow>,
    ) -> anyhow::Result<f64> {
        let (mut samples, mut costs): ([Vec<LatencySample>; 2], _) = (Default::default(), Vec::new());
        for round in 0..options.rounds {
            for (ledger, samples) in [&self.few, &self.many].into_iter().zip(&mut samples) {
                let (server, client) = ledger.serve().await?;
                let make = move |connection: u64, number: u64| {
                    body(&format!("r{round}"), connection, number).to_string()
                };
                let (connections, duration) =
                    (options.connections as u64, Duration::from_secs(options.seconds));
                samples.push(client.load(path, connections, duration, Arc::new(make)).await?);
                server.stop().await?;
            }
            let last = |at: usize| samples[at].last().map_or(f64::NAN, |sample| sample.per_second);
            eprintln!("{path}: {:.0}/s with few, {:.0}/s with many", last(0), last(1));
            costs.push(last(0) / last(1));
        }
        for (what, samples) in whats.into_iter().zip(samples) {
            rows.push(BenchRow { what, sample: load::median(&samples), of_bare: None });
        }
        Ok(median(costs))
    }
}

/// Measures growth in customers of one partner, payments of the program and programs of the ledger, and a list that
/// is read from its middle.
pub(super) async fn measure(
    program: &Path,
    options: &Options,
    rows: &mut Vec<BenchRow>,
) -> anyhow::Result<String> {
    let (customers, payments, programs) = (options.customers, options.payments, options.programs);
    let signup: fn(&str, u64, u64) -> Value =
        |run, connection, number| customer(&format!("new_{run}_{connection}_{number}"));
    let pair = SmallAndLarge::new(program).await?;
    store::fill(&pair.many.file(), customers)?;
    let whats = [PAYING, customers]
        .map(|count| format!("`POST /customers`, their partner has {count} from the start"));
    let of_customers = pair.measure(options, "/api/v2/customers", signup, whats, rows).await?;
    let (first, deep) = pages(&pair.many, customers).await?;
    let pair = SmallAndLarge::new(program).await?;
    store::fill_payments(&pair.many.file(), payments)?;
    let whats =
        [1, payments].map(|count| format!("`POST /transactions`, the program has {count} from the start"));
    let of_payments = pair.measure(options, "/api/v2/transactions", payment, whats, rows).await?;
    let pair = SmallAndLarge::new(program).await?;
    store::fill_programs(&pair.many.file(), programs)?;
    let whats = [1, programs].map(|count| format!("`POST /customers`, one of {count} programs"));
    let of_programs = pair.measure(options, "/api/v2/customers", signup, whats, rows).await?;
    Ok(format!(
        "What one more costs, by the same with few (median of the rounds, in turn): from {PAYING} to {customers} \
         customers of one\npartner {of_customers:.2} times as much, from 1 to {payments} payments of the program \
         {of_payments:.2}, from 1 to {programs} programs {of_programs:.2}.\nA page of ten customers takes {first:.2} ms \
         where the list begins and {deep:.2} ms behind {} others.\n",
        customers - middle(customers)
    ))
}

/// The number of a customer in the middle of the filled ones. A list shows higher numbers first.
fn middle(customers: u64) -> u64 {
    (customers / 2).max(PAYING)
}

/// Milliseconds for a page at the beginning of the customers and for one in the middle (medians).
async fn pages(ledger: &BenchLedger, customers: u64) -> anyhow::Result<(f64, f64)> {
    let (server, client) = ledger.serve().await?;
    let deep = format!("/api/v2/customers?limit=10&starting_after=cus_filled{}", middle(customers));
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..PAGES {
        for (path, took) in ["/api/v2/customers?limit=10", &deep].into_iter().zip(&mut took) {
            took.push(timed(&client, path).await?);
        }
    }
    server.stop().await?;
    let [first, deep] = took.map(median);
    Ok((first, deep))
}

async fn timed(client: &BenchClient, path: &str) -> anyhow::Result<f64> {
    let begun = Instant::now();
    client.ask("GET", path, &Value::Null).await?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}
