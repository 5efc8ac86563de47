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

use crate::proxies::Proxies;
use crate::storage::{self, Storage};
use crate::webhooks::HttpWebhooks;
use crate::{args, control, erasure, listen, program, scripts, system};

/// The pause between two prunings.
const PRUNE_EVERY: Duration = Duration::from_mins(1);
/// The pause between two steps of one pruning. It removes 5,000 rows a second, many times what the default rate adds.
const BETWEEN_STEPS: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or ctrl-c, then lets open requests and deliveries finish.
pub(crate) async fn run(options: args::Serve) -> anyhow::Result<()> {
    let connections = system::connections();
    let storage = Storage::take(&options.storage)?;
    let listener = listen::bind(options.listen)?;
    let address = listener.local_addr()?;
    let link_base = options.public_url.unwrap_or_else(|| format!("http://{address}"));
    let settings = Settings { link_base, clock: Arc::new(system::now), random: Arc::new(system::random) };
    let ledger = Ledger::open(storage.open(storage::LEDGER)?, settings).context("cannot open the ledger")?;
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
    let journal = Journal::open(storage.open(storage::JOURNAL)?);
    let rates = Rates::new(options.rate.events_per_second, system::monotonic());
    let relay = Relay::new(programs.clone(), journal, Arc::new(system::now), scripts::embedded(), rates);

    let stop = listen::stop_signal()?;
    // With a database, `headwater init` writes to it itself and the servers are notified; a directory is locked.
    if let Storage::Directory(directory) = &storage {
        control::listen(directory, ledger.clone(), programs.clone());
    }
    tokio::spawn(program::follow(ledger.clone(), programs.clone()));
    let erasure = tokio::spawn(erasure::follow(ledger.clone(), relay.clone(), stop.clone()));
    let delivery = tokio::spawn(headwater_relay::deliver::run(
        relay.clone(),
        in_process(&ledger, &programs),
        stop.clone(),
    ));
    let webhooks = tokio::spawn(ledger.clone().run_webhooks(webhooks, stop.clone()));
    tokio::spawn(prune(ledger.clone(), stop.clone()));
    let router = assemble(&relay, &ledger);
    println!("listening on http://{address}");
    let bounds = listen::ListenBounds { proxies: Proxies::new(options.proxies.trusted), connections };
    listen::serve(listener, router, bounds, stop).await;
    delivery.await?;
    erasure.await?;
    webhooks.await?;
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
