//! What one more record costs in a large ledger: a small ledger and a filled one, measured in turn.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::store::fill::{self, Volume};
use super::template::LedgerTemplate;
use super::{
    BenchClient, BenchLedger, BenchRow, LatencySample, Options, PAYING, customer, median, payment_of,
    set_up_catalogue, set_up_payment,
};
use crate::bench::load;
use crate::server::Server;

/// Pages of a list that are timed, of each kind.
const PAGES: usize = 50;
/// How far from its beginning a list is read.
const DEPTH: u64 = 1_000_000;
/// Customers and payments of the filled ledger in a quick run.
const QUICK: u64 = 100_000;

impl Options {
    /// The volume of the filled ledger.
    pub(super) fn volume(&self) -> Volume {
        let at_most = if self.quick { QUICK } else { u64::MAX };
        Volume {
            customers: self.customers.min(at_most),
            payments: self.payments.min(at_most),
            programs: self.programs,
        }
    }
}

/// A ledger with few rows and one with many.
struct SmallAndLarge {
    few: BenchLedger,
    many: BenchLedger,
}

/// What something costs with many rows, by the same with few.
struct GrowthRatio {
    /// In time, from the rates.
    time: f64,
    /// In the server's processor time for each request.
    processor: f64,
}

/// Makes a request's body from the run's name, the customers of the ledger, and the numbers of connection and request.
type BodyFunction = fn(&str, u64, u64, u64) -> Value;

impl SmallAndLarge {
    /// Posts to both in turn, in the large ledger `about` so many customers; the ratios are medians of the rounds'. The
    /// rows get the median rate of each.
    async fn measure(
        &self,
        options: &Options,
        (path, about): (&'static str, u64),
        body: BodyFunction,
        rows: &mut Vec<BenchRow>,
    ) -> anyhow::Result<GrowthRatio> {
        let (mut samples, mut times, mut processors): ([Vec<LatencySample>; 2], Vec<f64>, Vec<f64>) =
            Default::default();
        for round in 0..options.rounds {
            let mut costs = [0.0; 2];
            let ledgers = [(&self.few, PAYING), (&self.many, about)];
            for (at, (ledger, customers)) in ledgers.into_iter().enumerate() {
                let (server, client) = ledger.serve().await?;
                let make = move |connection: u64, number: u64| {
                    body(&format!("r{round}_{about}"), customers, connection, number).to_string()
                };
                let (connections, duration) =
                    (options.connections as u64, Duration::from_secs(options.seconds));
                let before = processor_time(&server)?;
                let sample = client.load(path, connections, duration, Arc::new(make)).await?;
                costs[at] = (processor_time(&server)? - before) / sample.per_second;
                samples[at].push(sample);
                server.stop().await?;
            }
            let [few, many] =
                [0, 1].map(|at| samples[at].last().map_or(f64::NAN, |sample| sample.per_second));
            times.push(few / many);
            processors.push(costs[1] / costs[0]);
            eprintln!(
                "{path}: {few:.0}/s with few, {many:.0}/s with many; processor {:.2}",
                costs[1] / costs[0]
            );
        }
        let whats = ["in the small ledger".to_owned(), format!("in the filled ledger, of {about} customers")];
        for (ledger, samples) in whats.into_iter().zip(samples) {
            let what = format!("`POST {path}`, {ledger}").replace("/api/v2", "");
            rows.push(BenchRow { what, sample: load::median(&samples), of_bare: None });
        }
        Ok(GrowthRatio { time: median(times), processor: median(processors) })
    }
}

/// Seconds of processor time that a server has used; NaN where the system does not say.
fn processor_time(server: &Server) -> anyhow::Result<f64> {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{}/stat", server.id())) else {
        return Ok(f64::NAN);
    };
    // The name, in parentheses, may contain spaces. `utime` and `stime` are the 12th and 13th of the words behind it,
    // in hundredths of a second (proc(5)).
    let words = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> =
        words.map(str::parse).collect::<Result<_, _>>().context("/proc/PID/stat has numbers")?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Measures customers and payments in a small ledger and a filled one, and lists that are read from far behind.
pub(super) async fn measure(
    program: &Path,
    options: &Options,
    rows: &mut Vec<BenchRow>,
) -> anyhow::Result<String> {
    let volume = options.volume();
    let template = LedgerTemplate::of(program, volume).await?;
    let pair = SmallAndLarge { few: BenchLedger::init(program).await?, many: template.copy(program)? };
    let (server, client) = pair.few.serve().await?;
    set_up_catalogue(&client).await?;
    set_up_payment(&client).await?;
    server.stop().await?;
    let pages = pages(&pair.many, volume).await?;
    let payment: BodyFunction = |run, customers, connection, number| {
        // In no order, so that no page of their indexes is touched more often than others.
        let payer = (connection * 1_000_003 + number).wrapping_mul(2_654_435_761) % (1 << 32) % customers;
        payment_of(&format!("gk_{payer}"), &format!("{run}_{connection}_{number}"))
    };
    let transactions = "/api/v2/transactions";
    let of_payments = pair.measure(options, (transactions, PAYING), payment, rows).await?;
    let of_any = pair.measure(options, (transactions, volume.customers), payment, rows).await?;
    let signup: BodyFunction =
        |run, _, connection, number| customer(&format!("new_{run}_{connection}_{number}"));
    let of_customers = pair.measure(options, ("/api/v2/customers", volume.customers), signup, rows).await?;
    let Volume { customers, payments, programs } = volume;
    Ok(format!(
        "The small ledger has {PAYING} customers of one partner, one payment and one program; the filled one {customers} \
         customers of one\npartner, {payments} payments with their rewards, and {programs} programs. What one more costs in \
         the filled ledger, by the same\nin the small one (median of the rounds, in turn), in time and in the server's \
         processor time: a customer **{:.2}** and {:.2}, a payment\nof one of {PAYING} customers **{:.2}** and {:.2}, a payment of \
         any customer **{:.2}** and {:.2}: each of those changes pages that\nnone before it has touched.\n{pages}",
        of_customers.time,
        of_customers.processor,
        of_payments.time,
        of_payments.processor,
        of_any.time,
        of_any.processor
    ))
}

/// Times a page of ten at the beginning of each list and one far behind it (medians), in turn.
async fn pages(ledger: &BenchLedger, volume: Volume) -> anyhow::Result<String> {
    let (server, client) = ledger.serve().await?;
    let [customer, payment] =
        [volume.customers, volume.payments].map(|count| count.saturating_sub(DEPTH).max(2 * PAYING));
    let lists = [
        ("customers", format!("{}{customer}", fill::CUSTOMER), volume.customers - customer),
        ("transactions", format!("{}{payment:09}", fill::PAYMENT), volume.payments - payment),
        ("rewards", format!("{}{payment:09}", fill::REWARD), volume.payments - payment),
    ];
    let mut text = Vec::new();
    for (list, deep, depth) in lists {
        let first = format!("/api/v2/{list}?limit=10");
        let deep = format!("{first}&starting_after={deep}");
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..PAGES {
            for (path, took) in [&first, &deep].into_iter().zip(&mut took) {
                took.push(timed(&client, path).await?);
            }
        }
        let [first, deep] = took.map(median);
        text.push(format!("{list} {first:.2} ms and {deep:.2} ms behind {depth} others"));
    }
    server.stop().await?;
    Ok(format!("A page of ten takes, where the list begins and far behind: {}.\n", text.join("; ")))
}

async fn timed(client: &BenchClient, path: &str) -> anyhow::Result<f64> {
    let begun = Instant::now();
    client.ask("GET", path, &Value::Null).await?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}
