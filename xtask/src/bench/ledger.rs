//! `cargo xtask bench --ledger`: how much the ledger records a second, compared with bare SQLite on the same cores in
//! the same run, and how long a signup takes from the relay to the ledger.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

pub(super) use self::client::BenchClient;
pub(super) use self::store::compare::compare;
pub(super) use self::store::fill::Volume;
pub(super) use self::template::{FILE, LedgerTemplate};
use super::load::LatencySample;
use super::{BenchPrograms, Options, median, on_cores};
use crate::page;
use crate::server::Server;

mod client;
mod growth;
mod steady;
mod store;
mod template;

/// Customers who pay.
pub(super) const PAYING: u64 = 1000;
/// Entries of the catalogue in a filled ledger.
const CATALOGUE: u64 = 20;
/// Triggers of the program in each measurement; one of them pays, the others ask for another category.
const TRIGGERS: [u64; 3] = [1, 10, 100];
/// Longest wait until accepted signups are recorded.
const BOOKED_WITHIN: Duration = Duration::from_mins(5);

/// A ledger in a directory or database of its own, and its keys.
pub(super) struct BenchLedger {
    program: PathBuf,
    data: tempfile::TempDir,
    /// The arguments of its command line that name its storage.
    storage: [OsString; 2],
    public_key: String,
    secret_key: String,
    /// Whether servers run on the servers' cores.
    pinned: bool,
}

impl BenchLedger {
    /// Makes a ledger in a directory of its own.
    pub(super) async fn init(program: &Path) -> anyhow::Result<Self> {
        Self::init_on(program, None).await
    }

    /// Makes a ledger in this PostgreSQL database, or in a directory of its own.
    pub(super) async fn init_on(program: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let storage = match database {
            Some(address) => ["--database".into(), address.into()],
            None => ["--data".into(), data.path().into()],
        };
        let [public_key, secret_key] = init(program, &storage).await?;
        Ok(Self { program: program.to_owned(), data, storage, public_key, secret_key, pinned: false })
    }

    /// A ledger that is in this directory already, with its keys: the public one and the secret one.
    fn in_directory(program: &Path, data: tempfile::TempDir, [public_key, secret_key]: [String; 2]) -> Self {
        let storage = ["--data".into(), data.path().into()];
        Self { program: program.to_owned(), data, storage, public_key, secret_key, pinned: false }
    }

    /// The same, its servers on the servers' cores if `pinned`.
    pub(super) fn on_cores(self, pinned: bool) -> Self {
        Self { pinned, ..self }
    }

    pub(super) async fn serve(&self) -> anyhow::Result<(Server, BenchClient)> {
        let mut serve = on_cores(self.pinned, &self.program);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--events-per-second", "10000000"]);
        serve.args(&self.storage).env("HEADWATER_LOG", "off");
        let server = Server::start("the ledger", &mut serve).await?;
        let client = BenchClient::new(&server.url, &self.public_key, &self.secret_key)?;
        Ok((server, client))
    }

    /// Its program's keys: the public one and the secret one.
    pub(super) fn keys(&self) -> [&str; 2] {
        [&self.public_key, &self.secret_key]
    }

    /// Its data directory.
    pub(super) fn data(&self) -> &Path {
        self.data.path()
    }

    fn file(&self) -> PathBuf {
        self.data().join(FILE)
    }
}

/// Makes a program; returns its keys: the public one and the secret one.
async fn init(program: &Path, storage: &[OsString; 2]) -> anyhow::Result<[String; 2]> {
    let mut init = Command::new(program);
    init.args(["init", "--json", "--program", "Bench"]).args(storage);
    let said = init.output().await?;
    ensure!(said.status.success(), "init failed: {}", String::from_utf8_lossy(&said.stderr));
    let keys: Value = serde_json::from_slice(&said.stdout)?;
    let key = |name: &str| keys[name].as_str().map(str::to_owned).context("init prints its keys");
    Ok([key("public_key")?, key("secret_key")?])
}

/// One row of the table.
struct BenchRow {
    what: String,
    sample: LatencySample,
    of_bare: Option<f64>,
}

/// Measures, prints the table, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let section = tokio::runtime::Runtime::new()?.block_on(measure(&programs.headwater, options))?;
    print!("{section}");
    if options.dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "Booked", &section)
}

async fn measure(program: &Path, options: &Options) -> anyhow::Result<String> {
    let (mut rows, bare) = transactions(program, options).await?;
    let growth = growth::measure(program, options, &mut rows).await?;
    let signups = signups(program, options).await?;
    let steady = steady::measure(program, options).await?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let busy =
        super::load_average().map_or(String::new(), |load| format!(" (load average {load} at the end)"));
    let mut text = format!(
        "`cargo xtask bench --ledger` writes this section. Each rate is the median of {} rounds of {} s with {} \
         connections; load and\nserver share {cores} cores{busy}. Bare SQLite writes the same rows into a copy of the \
         same file, with the same\nindexes, in commits of 64, from one thread and without HTTP: {bare:.0} a second. A \
         ratio is the median of each round's own.\n\n\
         | what | a second | of bare | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|\n",
        options.rounds, options.seconds, options.connections
    );
    for BenchRow { what, sample, of_bare } in rows {
        let of_bare = of_bare.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let (p50, p99) = (sample.p50.as_secs_f64() * 1e3, sample.p99.as_secs_f64() * 1e3);
        writeln!(text, "| {what} | {:.0} | {of_bare} | {p50:.1} | {p99:.1} |", sample.per_second)?;
    }
    write!(text, "\n{growth}{signups}{steady}")?;
    Ok(text)
}

/// Measures payments with few and many triggers, in turn with bare SQLite.
async fn transactions(program: &Path, options: &Options) -> anyhow::Result<(Vec<BenchRow>, f64)> {
    let mut rows = Vec::new();
    let mut bares = Vec::new();
    let ledger = BenchLedger::init(program).await?;
    let mut there = 0;
    for wanted in TRIGGERS {
        let (server, client) = ledger.serve().await?;
        if there == 0 {
            set_up_catalogue(&client).await?;
        }
        while there < wanted {
            client.ask("POST", "/api/v2/triggers", &trigger(there)).await?;
            there += 1;
        }
        server.stop().await?;
        let (mut samples, mut ratios) = (Vec::new(), Vec::new());
        for round in 0..options.rounds {
            let (server, client) = ledger.serve().await?;
            let duration = Duration::from_secs(options.seconds);
            let pay = move |connection: u64, number: u64| {
                payment(&format!("t{wanted}_{round}"), connection, number).to_string()
            };
            let connections = options.connections as u64;
            let sample = client.load("/api/v2/transactions", connections, duration, Arc::new(pay)).await?;
            server.stop().await?;
            let (file, copy) = (ledger.file(), tempfile::tempdir()?);
            let bare = tokio::task::spawn_blocking(move || {
                store::bare(&file, &copy.path().join("bare.sqlite"), duration)
            });
            let bare = bare.await??;
            eprintln!("{wanted} triggers: {:.0}/s, bare {bare:.0}/s", sample.per_second);
            ratios.push(sample.per_second / bare);
            bares.push(bare);
            samples.push(sample);
        }
        let what = format!("`POST /transactions`, {wanted} active triggers");
        rows.push(BenchRow { what, sample: super::load::median(&samples), of_bare: Some(median(ratios)) });
    }
    Ok((rows, median(bares)))
}

/// Makes a partner.
async fn set_up_partner(client: &BenchClient) -> anyhow::Result<()> {
    let partner = json!({"email": "robin@agency.example", "partner_key": "robin"});
    client.ask("POST", "/api/v2/partnerships", &partner).await?;
    Ok(())
}

/// Makes a partner with customers who pay.
pub(super) async fn set_up_catalogue(client: &BenchClient) -> anyhow::Result<()> {
    set_up_partner(client).await?;
    for number in 0..PAYING {
        client.ask("POST", "/api/v2/customers", &customer(&format!("gk_{number}"))).await?;
    }
    Ok(())
}

/// Makes what the load does not: a trigger that pays, a catalogue with a customer's product, and a payment with its
/// reward.
pub(super) async fn set_up_payment(client: &BenchClient) -> anyhow::Result<()> {
    client.ask("POST", "/api/v2/triggers", &trigger(0)).await?;
    for number in 0..CATALOGUE {
        let entry = json!({"name": format!("Plan {number}"), "external_key": format!("plan/{number}")});
        client.ask("POST", "/api/v2/product_book", &entry).await?;
    }
    let product = json!({"customer_key": "gk_0", "product_book_key": "plan/0", "status": "active",
                         "external_subscription_key": "sub_0"});
    client.ask("POST", "/api/v2/products", &product).await?;
    client.ask("POST", "/api/v2/transactions", &payment("first", 0, 0)).await?;
    Ok(())
}

fn payment(run: &str, connection: u64, number: u64) -> Value {
    payment_of(&payer(connection, number), &format!("{run}_{connection}_{number}"))
}

pub(super) fn payment_of(customer: &str, key: &str) -> Value {
    json!({"customer_key": customer, "amount": 9900, "currency": "USD", "key": key})
}

/// Who pays the payment of that number of a connection.
pub(super) fn payer(connection: u64, number: u64) -> String {
    format!("gk_{}", (connection * 31 + number) % PAYING)
}

fn customer(key: &str) -> Value {
    json!({"customer_key": key, "email": format!("{key}@site.example"), "partner_key": "robin"})
}

/// The first pays; the others ask for a category that no payment has.
pub(super) fn trigger(number: u64) -> Value {
    let rules = match number {
        0 => Value::Null,
        _ => {
            json!({"object": "transaction", "field": "category_key", "operator": "is_any_of", "value": [format!("category{number}")]})
        }
    };
    json!({"name": format!("t{number}"), "offer_description": "Earn 20 %", "event": "transaction_created",
           "rules": rules, "action": {"type": "commission_percent", "percent": "20"}})
}

/// How many customers of the partner the ledger has recorded.
async fn booked(client: &BenchClient) -> anyhow::Result<u64> {
    let partner = client.ask("GET", "/api/v2/partnerships/robin", &Value::Null).await?;
    partner["stats"]["CUSTOMER_COUNT"].as_u64().context("a partner has a number of customers")
}

/// Measures signups from the first that is sent to the relay to the last that the ledger has recorded.
async fn signups(program: &Path, options: &Options) -> anyhow::Result<String> {
    let booked = signups_on(&BenchLedger::init(program).await?, 1, options).await?;
    let RecordedSignups { sent, there, seconds, per_second, meanwhile } = booked;
    Ok(format!(
        "Signups end to end, nothing switched off: {sent} sent to the relay, {there} booked in {seconds:.1} s from the first, \
         **{per_second:.0} a second**;\nmeanwhile the relay acknowledged {:.0} a second (p99 {:.1} ms).\n",
        meanwhile.per_second,
        meanwhile.p99.as_secs_f64() * 1e3
    ))
}

/// The result of sending signups.
pub(super) struct RecordedSignups {
    pub(super) sent: u64,
    pub(super) there: u64,
    /// From the first that was sent to the last that was recorded.
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    /// The relay's acknowledgements.
    pub(super) meanwhile: LatencySample,
}

/// Sends signups to the relay of this ledger, for so many programs, and waits until the last of them is recorded.
pub(super) async fn signups_on(
    ledger: &BenchLedger,
    programs: usize,
    options: &Options,
) -> anyhow::Result<RecordedSignups> {
    let mut keys = vec![[ledger.public_key.clone(), ledger.secret_key.clone()]];
    while keys.len() < programs {
        keys.push(init(&ledger.program, &ledger.storage).await?);
    }
    let (server, _) = ledger.serve().await?;
    let mut clients = Vec::new();
    for [public_key, secret_key] in &keys {
        let client = BenchClient::new(&server.url, public_key, secret_key)?;
        set_up_partner(&client).await?;
        clients.push(client);
    }
    let accepted = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut loads = tokio::task::JoinSet::new();
    for (client, [public_key, _]) in clients.iter().cloned().zip(keys) {
        let counted = Arc::clone(&accepted);
        let event = move |connection: u64, number: u64| {
            counted.fetch_add(1, Ordering::Relaxed);
            super::load::signup(&public_key, connection, number)
        };
        let connections = (options.connections / programs).max(1) as u64;
        let duration = Duration::from_secs(options.seconds);
        loads.spawn(async move { client.load("/v1/events", connections, duration, Arc::new(event)).await });
    }
    let mut samples = Vec::new();
    while let Some(sample) = loads.join_next().await {
        samples.push(sample??);
    }
    let sent = accepted.load(Ordering::Relaxed);
    let mut there = booked_for(&clients).await?;
    while there < sent && begun.elapsed() < BOOKED_WITHIN {
        tokio::time::sleep(Duration::from_millis(20)).await;
        there = booked_for(&clients).await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    server.stop().await?;
    #[allow(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let per_second = there as f64 / seconds;
    eprintln!("{sent} signups for {programs} programs, {there} booked in {seconds:.1} s: {per_second:.0}/s");
    Ok(RecordedSignups { sent, there, seconds, per_second, meanwhile: super::load::together(&samples) })
}

/// How many customers the partners of these programs have.
async fn booked_for(clients: &[BenchClient]) -> anyhow::Result<u64> {
    let mut all = 0;
    for client in clients {
        all += booked(client).await?;
    }
    Ok(all)
}
