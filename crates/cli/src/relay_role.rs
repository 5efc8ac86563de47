//! `headwater relay`: only the relay, which delivers to a ledger elsewhere or to hosted PartnerStack.

use std::sync::Arc;

use axum::routing::get;
use headwater_client::{Client, Credential};
use headwater_journal::Journal;
use headwater_protocol::v2::{ClaimPolicy, Signups};
use headwater_relay::{Rates, Relay, RelayProgram, RelayPrograms};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use crate::admin::{OperatorInterface, Running};
use crate::control::Commanded;
use crate::proxies::Proxies;
use crate::storage::{self, Storage};
use crate::{args, control, files, listen, scripts, stop, system};

/// The number of the relay's one program.
const PROGRAM: i64 = 1;

/// Serves until SIGTERM or ctrl-c, then lets open requests finish. Undelivered events stay in the journal for the next
/// start.
pub(crate) async fn run(options: args::RelayArguments) -> anyhow::Result<()> {
    let connections = system::connections();
    let drain = options.operation.drain();
    let stop = stop::on_signal(drain)?;
    let admin = OperatorInterface::listen(options.operation.admin_listen, stop.clone())?;
    let storage = Storage::take(&options.storage)?;
    let secret = files::secret(&options.secret_key_file)?;
    let tracking = options.tracking_token_file.as_deref().map(files::secret).transpose()?;
    let webhooks = options.webhook_secret_files.iter().map(|(name, file)| Ok((*name, files::secret(file)?)));
    let webhooks = webhooks.collect::<anyhow::Result<_>>()?;
    let identity = options.identity_secret_file.as_deref().map(files::secret).transpose()?;
    anyhow::ensure!(
        options.signups == Signups::Open || identity.is_some(),
        "--signups signed needs --identity-secret-file: without the secret no signature can be checked"
    );
    let needs_email = is_hosted(&options);
    let destination = host(&options);
    if options.origins.is_empty() {
        tracing::warn!("{} accepts events from every origin; limit it with --origin", options.public_key);
    }
    let programs = RelayPrograms::default();
    programs.replace(vec![RelayProgram {
        id: PROGRAM,
        public_key: options.public_key.clone(),
        test: false,
        origins: options.origins,
        checkout_amounts: ClaimPolicy::default(),
        webhook_secrets: webhooks,
        secret_hash: Some(Sha256::digest(secret.expose_secret()).into()),
        signups: options.signups,
        identity_secret: identity,
        needs_email,
        ..RelayProgram::default()
    }]);
    let client = Client::http(&options.destination, Credential::basic(options.public_key, secret, tracking))?;
    let store = storage.open(storage::RELAY_JOURNAL)?;
    let journal = Journal::open(store.clone()).keeping(options.operation.retention());
    let rates = Rates::new(options.rate.events_per_second, system::monotonic());
    let relay =
        Relay::new(programs.clone(), journal.clone(), Arc::new(system::now), scripts::embedded(), rates);

    // Before delivery starts: a port that is in use must end the process before it sends anything.
    let listener = listen::bind(options.listen, "--listen")?;
    let address = listener.local_addr()?;
    let destinations: headwater_relay::deliver::Destinations = Arc::new(move |_, _| Some(client.clone()));
    let delivery =
        tokio::spawn(headwater_relay::deliver::run(relay.clone(), destinations, stop.clone(), drain));
    if let Storage::Directory(directory) = &storage {
        control::listen(directory, Commanded { ledger: None, queue: journal.clone() });
    }
    let router = headwater_relay::http::router(relay.clone()).route("/healthz", get(|| async { "ok\n" }));
    let directory = storage.directory();
    let (stores, queue) = (vec![("journal", store)], journal);
    admin.started(Running { stores, queue, relay, programs, destination, directory });
    println!("listening on http://{address}");
    let proxies = Proxies::new(options.proxies.trusted);
    let bounds = listen::ListenBounds { proxies, connections, durations: admin.durations(), drain };
    listen::serve(listener, router, bounds, stop).await;
    let left = delivery.await?;
    anyhow::ensure!(left == 0, stop::Unfinished(left));
    Ok(())
}

/// Whether the destination is hosted PartnerStack, by the option or else by the host name.
fn is_hosted(options: &args::RelayArguments) -> bool {
    if let Some(kind) = &options.destination_kind {
        return kind == "partnerstack";
    }
    let host = host(options);
    host == "partnerstack.com" || host.ends_with(".partnerstack.com")
}

/// The host name of the destination, which is also its name in metrics.
fn host(options: &args::RelayArguments) -> String {
    let uri = options.destination.parse::<hyper::Uri>().ok();
    uri.as_ref().and_then(hyper::Uri::host).unwrap_or_default().to_ascii_lowercase()
}
