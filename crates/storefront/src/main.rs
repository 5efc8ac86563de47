//! `storefront`: the demo company's site. `main` prints; `run` does the work.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use headwater_protocol::Millis;
use headwater_storefront::http::{PageFiles, Shop};
use headwater_storefront::load::{self, CredentialsFile};
use headwater_storefront::site::Site;
use headwater_storefront::{Environment, billing, http};

/// GigaKick, a demo company that sells four products through partners.
#[derive(Parser)]
struct Options {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// Base address of the running Headwater.
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    headwater: String,
    /// The file with what `headwater init --json` printed.
    #[arg(long)]
    credentials: PathBuf,
    /// Serve pages from this directory instead of the built-in ones.
    #[arg(long)]
    www: Option<PathBuf>,
    /// Remember customers and the webhook secret in this file.
    #[arg(long)]
    state: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storefront: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    let environment = Environment { now, random };
    let text = std::fs::read(&options.credentials)
        .with_context(|| format!("cannot read {}", options.credentials.display()))?;
    let credentials: CredentialsFile = serde_json::from_slice(&text).with_context(|| {
        format!("{} is not what `headwater init --json` prints", options.credentials.display())
    })?;
    let site = Arc::new(Site::open(options.state, environment).context("cannot use the --state file")?);
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let origin = format!("http://{}", listener.local_addr()?);
    let headwater = options.headwater.trim_end_matches('/').to_owned();

    let loaded = load::load(&credentials, &headwater, &origin, &site)
        .await
        .with_context(|| format!("cannot load the example into {headwater}"))?;
    let webhooks = format!("{headwater}/v1/webhooks/stripe/{}", credentials.public_key);
    let (billing, sender) = billing::start(site.clone(), environment, webhooks)?;
    tokio::spawn(sender.run());
    let pages = PageFiles {
        directory: options.www,
        headwater,
        public_key: credentials.public_key,
        link: loaded.link.clone(),
    };
    let shop = Shop { site, billing, loaded: Arc::new(loaded), pages: Arc::new(pages) };
    println!("partner link {}", shop.pages.link);
    let stop = stop()?;
    println!("listening on {origin}");
    Ok(http::serve(listener, shop, stop).await?)
}

/// Ends at SIGTERM or ctrl-c.
fn stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = tokio::signal::ctrl_c() => (),
        }
    })
}

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Millis(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has randomness");
}
