//! `cargo xtask bench --versus`: what a company would write instead, Fastify with PostgreSQL, doing the same work on the
//! same cores in the same run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::process::Command;

use super::events::{Measured, measure};
use super::ledger::{
    BenchClient, BenchLedger, PAYING, payer, payment_of, set_up_catalogue, set_up_payment, trigger,
};
use super::load::{self, EventLoad, LatencySample};
use super::postgres::relays;
use super::{BenchPrograms, Options, median};
use crate::build::NodeRuntime;
use crate::cluster::{Cluster, free_port};
use crate::page;
use crate::server::Server;

/// The server of the peer, and the lock file that pins its packages.
const PEER: &str = "xtask/peers-server";
/// Triggers of the program, or rules of the peer; one of them pays.
const TRIGGERS: u64 = 10;
const SECRET: &str = "sk_test_example";

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    Peer,
    OnPostgres,
    OnFile,
}

const CONTENDERS: [Contender; 3] = [Contender::Peer, Contender::OnPostgres, Contender::OnFile];

impl Contender {
    fn title(self) -> &'static str {
        match self {
            Self::Peer => "Fastify, two processes, on PostgreSQL",
            Self::OnPostgres => "`headwater` on the same PostgreSQL",
            Self::OnFile => "`headwater` on its own file",
        }
    }
}

/// Events and payments of one contender, a sample for each round.
#[derive(Default)]
struct Rounds {
    events: Vec<LatencySample>,
    payments: Vec<LatencySample>,
}

/// Measures, prints the table, and writes it into docs/benchmarks.md.
pub(super) fn run(root: &Path, programs: &BenchPrograms, options: &Options) -> anyhow::Result<()> {
    let modules = NodeRuntime::packages(root, PEER, "peers-server")?
        .context("Fastify comes from npm: install node and npm, then run this again")?;
    let peer = PeerServer::copy(root, &modules)?;
    let cluster = Cluster::start_durable()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rounds: [Rounds; CONTENDERS.len()] = Default::default();
    for round in 0..options.rounds {
        for (contender, samples) in CONTENDERS.into_iter().zip(&mut rounds) {
            let database = |what: &str| cluster.database(&format!("{what}_{round}"));
            let (events, payments) = runtime.block_on(async {
                match contender {
                    Contender::Peer => peer.measure(&database("peer")?, options).await,
                    Contender::OnPostgres => {
                        let relays = relays(programs, &database("relay")?, 1, options).await?;
                        let events = load::median(&relays);
                        let ledger =
                            BenchLedger::init_on(&programs.headwater, Some(&database("ledger")?)).await?;
                        Ok((events, payments(&ledger, options).await?))
                    }
                    Contender::OnFile => {
                        let events = measure(Measured::Relay, programs, false, options).await?;
                        let ledger = BenchLedger::init(&programs.headwater).await?;
                        Ok((events, payments(&ledger, options).await?))
                    }
                }
            })?;
            let title = contender.title();
            eprintln!("{title}: {:.0} events/s, {:.0} payments/s", events.per_second, payments.per_second);
            samples.events.push(events);
            samples.payments.push(payments);
        }
    }
    let section = section(&rounds, options)?;
    print!("{section}");
    if options.dry {
        return Ok(());
    }
    page::replace(&root.join("docs/benchmarks.md"), "Instead", &section)
}

/// The peer's program, beside its packages, as node looks for them.
struct PeerServer {
    program: PathBuf,
}

impl PeerServer {
    fn copy(root: &Path, modules: &Path) -> anyhow::Result<Self> {
        let program = modules.with_file_name("server.mjs");
        std::fs::copy(root.join(PEER).join("server.mjs"), &program)?;
        Ok(Self { program })
    }

    async fn measure(
        &self,
        database: &str,
        options: &Options,
    ) -> anyhow::Result<(LatencySample, LatencySample)> {
        let mut node = Command::new("node");
        node.arg(&self.program).env("NODE_ENV", "production").env("DATABASE_URL", database);
        node.env("SECRET_KEY", SECRET).env("PORT", free_port()?.to_string());
        let server = Server::start("Fastify", &mut node).await?;
        let duration = Duration::from_secs(options.seconds);
        let events =
            load::run(&server.url, &EventLoad::single("/events"), options.connections, duration).await?;
        let client = BenchClient::new(&server.url, load::PUBLIC_KEY, SECRET)?;
        let payments = pay(&client, "/transactions", options).await?;
        server.stop().await?;
        Ok((events, payments))
    }
}

/// Payments of customers who each have a product, with triggers.
async fn payments(ledger: &BenchLedger, options: &Options) -> anyhow::Result<LatencySample> {
    let (server, client) = ledger.serve().await?;
    set_up_catalogue(&client).await?;
    set_up_payment(&client).await?;
    for number in 1..TRIGGERS {
        client.ask("POST", "/api/v2/triggers", &trigger(number)).await?;
    }
    for number in 0..PAYING {
        let product = json!({"customer_key": format!("gk_{number}"), "product_book_key": "plan/0",
                             "status": "active", "external_subscription_key": "sub"});
        client.ask("POST", "/api/v2/products", &product).await?;
    }
    let sample = pay(&client, "/api/v2/transactions", options).await;
    server.stop().await?;
    sample
}

async fn pay(client: &BenchClient, path: &'static str, options: &Options) -> anyhow::Result<LatencySample> {
    let body = |connection: u64, number: u64| {
        let mut payment = payment_of(&payer(connection, number), &format!("p_{connection}_{number}"));
        payment["subscription_key"] = "sub".into();
        payment.to_string()
    };
    let duration = Duration::from_secs(options.seconds);
    client.load(path, options.connections as u64, duration, Arc::new(body)).await
}

fn section(rounds: &[Rounds; CONTENDERS.len()], options: &Options) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let busy =
        super::load_average().map_or(String::new(), |load| format!(" (load average {load} at the end)"));
    let mut text = format!(
        "`cargo xtask bench --versus` writes this section: what a company would write instead, \
         `xtask/peers-server/server.mjs`, on the same\n{cores} cores{busy} as load and database, median of {} rounds of {} s \
         with {} connections. An event is checked and stored\ndurably before 202 (PostgreSQL with fsync); a payment is \
         stored with a look-up of its customer and its product, {TRIGGERS} rules\nand a reward, in one transaction. The peer \
         uses node's cluster, a pool of 16 connections in each process and prepared statements. It\ndelivers nothing, keeps \
         no order, limits no rates and knows no refunds. × is to the peer's rate, median of each round's own.\n\n\
         | server | events/s | × | p99 ms | payments/s | × | p99 ms |\n|---|--:|--:|--:|--:|--:|--:|\n",
        options.rounds, options.seconds, options.connections
    );
    for (contender, Rounds { events, payments }) in CONTENDERS.into_iter().zip(rounds) {
        write!(text, "| {} |", contender.title())?;
        for (own, peers) in [(events, &rounds[0].events), (payments, &rounds[0].payments)] {
            let pairs = own.iter().zip(peers);
            let times = median(pairs.map(|(own, peer)| own.per_second / peer.per_second).collect());
            let sample = load::median(own);
            let p99 = sample.p99.as_secs_f64() * 1e3;
            write!(text, " {:.0} | {times:.1} | {p99:.1} |", sample.per_second)?;
        }
        text.push('\n');
    }
    Ok(text)
}
