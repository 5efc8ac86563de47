//! `headwater serve`: every role on one port. The relay delivers to the ledger in the same process, through the same
//! client and HTTP routes as to any other ledger, but without a socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use headwater_client::{Client, Credential};
use headwater_journal::Journal;
use headwater_ledger::{Ledger, Settings};
use headwater_relay::{Rates, Relay, RelayPrograms};
use tokio::sync::watch;

use crate::admin::{OperatorInterface, Running};
use crate::control::Commanded;
use crate::proxies::Proxies;
use crate::storage::{self, Storage};
use crate::webhooks::HttpWebhooks;
use crate::{args, control, erasure, listen, program, scripts, stop, system};

/// The pause between two prunings.
const PRUNE_EVERY: Duration = Duration::from_mins(1);
/// The pause between two steps of one pruning. It removes 5,000 rows a second, many times what the default rate adds.
const BETWEEN_STEPS: Duration = Duration::from_millis(100);
/// The pause between two checks of what is due: installments fall due by the day, so a minute does not matter.
const DUE_EVERY: Duration = Duration::from_mins(1);

/// Serves until SIGTERM or ctrl-c, then lets open requests and deliveries finish.
pub(crate) async fn run(options: args::Serve) -> anyhow::Result<()> {
    let connections = system::connections();
    let drain = options.operation.drain();
    let stop = stop::on_signal(drain)?;
    let admin = OperatorInterface::listen(options.operation.admin_listen, stop.clone())?;
    let storage = Storage::take(&options.storage)?;
    let listener = listen::bind(options.listen, "--listen")?;
    let address = listener.local_addr()?;
    let link_base = options.public_url.unwrap_or_else(|| format!("http://{address}"));
    let settings = Settings { link_base, clock: Arc::new(system::now), random: Arc::new(system::random) };
    let ledger_store = storage.open(storage::LEDGER)?;
    let ledger = Ledger::open(ledger_store.clone(), settings).context("cannot open the ledger")?;
    if options.webhook_private_targets {
        ledger.allow_private_targets();
    }
    let webhooks = Arc::new(HttpWebhooks::new(options.webhook_private_targets)?);
    let known = ledger.ingestion_programs().await?;
    if known.is_empty() {
        tracing::warn!("no program yet: make one with `headwater init {storage} --program NAME`");
    }
    program::warn_of_open_origins(&known);
    let programs = RelayPrograms::default();
    programs.replace(program::for_ingestion(known));
    let journal_store = storage.open(storage::JOURNAL)?;
    let journal = Journal::open(journal_store.clone()).keeping(options.operation.retention());
    let rates = Rates::new(options.rate.events_per_second, system::monotonic());
    let relay =
        Relay::new(programs.clone(), journal.clone(), Arc::new(system::now), scripts::embedded(), rates);

    // With a database, `headwater init` writes to it itself and the servers are notified; a directory is locked.
    if let Storage::Directory(directory) = &storage {
        let commanded =
            Commanded { ledger: Some((ledger.clone(), programs.clone())), queue: journal.clone() };
        control::listen(directory, commanded);
    }
    tokio::spawn(program::follow(ledger.clone(), programs.clone()));
    let erasure = tokio::spawn(erasure::follow(ledger.clone(), relay.clone(), stop.clone()));
    let delivery = tokio::spawn(headwater_relay::deliver::run(
        relay.clone(),
        in_process(&ledger, &programs),
        stop.clone(),
        drain,
    ));
    let webhooks = tokio::spawn(ledger.clone().run_webhooks(webhooks, stop.clone()));
    tokio::spawn(prune(ledger.clone(), stop.clone()));
    tokio::spawn(run_due(ledger.clone(), stop.clone()));
    let router = assemble(&relay, &ledger);
    let directory = storage.directory();
    let stores = vec![("ledger", ledger_store), ("journal", journal_store)];
    let destination = "ledger".to_owned();
    admin.started(Running { stores, queue: journal, relay, programs, destination, directory });
    println!("listening on http://{address}");
    let proxies = Proxies::new(options.proxies.trusted);
    let bounds = listen::ListenBounds { proxies, connections, durations: admin.durations(), drain };
    listen::serve(listener, router, bounds, stop).await;
    let left = delivery.await?;
    if tokio::time::timeout(drain, erasure).await.is_err() {
        tracing::warn!("erasures were not carried out in time; they stay listed for the next start");
    }
    if tokio::time::timeout(drain, webhooks).await.is_err() {
        tracing::warn!(
            "deliveries to webhooks were not finished in time; they are tried again after the next start"
        );
    }
    anyhow::ensure!(left == 0, stop::Unfinished(left));
    tracing::info!("stopped");
    Ok(())
}

/// Deletes expired rows in small steps, so that no request waits long behind one.
async fn prune(ledger: Ledger, mut stop: watch::Receiver<bool>) {
    loop {
        let more = match ledger.prune().await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "pruning failed; tried again in a minute");
                false
            }
        };
        let wait = if more { BETWEEN_STEPS } else { PRUNE_EVERY };
        if tokio::time::timeout(wait, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Does what has become due, such as installments of commissions, in small steps.
async fn run_due(ledger: Ledger, mut stop: watch::Receiver<bool>) {
    loop {
        let more = match ledger.run_due().await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "what is due was not done; tried again in a minute");
                false
            }
        };
        let wait = if more { Duration::ZERO } else { DUE_EVERY };
        if tokio::time::timeout(wait, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// The routes of the relay and the ledger. Any other path falls back to the ledger's partner links.
fn assemble(relay: &Relay, ledger: &Ledger) -> Router {
    ledger
        .router()
        .merge(headwater_relay::http::router(relay.clone()))
        .route("/healthz", get(|| async { "ok\n" }))
}

/// Clients that call the ledger's router directly, one for each key pair, made when it is first needed.
fn in_process(ledger: &Ledger, programs: &RelayPrograms) -> headwater_relay::deliver::Destinations {
    let (router, secret, programs) = (ledger.router(), ledger.in_process_secret(), programs.clone());
    let made: std::sync::Mutex<HashMap<(i64, bool), Client>> = std::sync::Mutex::default();
    Arc::new(move |id, test| {
        let mut made = made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = made.get(&(id, test)) {
            return Some(client.clone());
        }
        let program = programs.of(id, test)?;
        let credential = Credential::basic(program.public_key.clone(), secret.clone(), None);
        let client = Client::in_process(router.clone(), credential);
        made.insert((id, test), client.clone());
        Some(client)
    })
}
