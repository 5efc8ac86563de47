//! A company with many customers behind the real server, and an honest client of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::watch;

use super::wire::Wire;
use crate::server::Server;

/// Files that the server may open: a realistic limit, low enough that a leak shows.
const FILES: u32 = 4096;
/// Connections that make customers.
const MAKERS: usize = 64;
/// Time between two requests of the honest client.
const HONEST_EVERY: Duration = Duration::from_millis(100);

/// The server with its data, and a client of it.
pub(super) struct AttackedServer {
    pub(super) server: Server,
    pub(super) wire: Wire,
    _data: tempfile::TempDir,
}

impl AttackedServer {
    pub(super) async fn open(program: &Path, customers: usize) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let mut init = Command::new(program);
        init.args(["init", "--json", "--program", "Abused", "--data"]).arg(data.path());
        let said = init.output().await?;
        ensure!(said.status.success(), "init failed: {}", String::from_utf8_lossy(&said.stderr));
        let keys: Value = serde_json::from_slice(&said.stdout)?;
        let key = |name: &str| keys[name].as_str().context("init prints its keys");
        let (public, secret, admin) =
            (key("public_key")?.to_owned(), key("secret_key")?, key("admin_token")?);
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{public}:{secret}"));
        let mut serve = Command::new("sh");
        let limited = format!("ulimit -n {FILES}; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"");
        serve.arg("-c").arg(limited).arg(program).arg(data.path()).env("HEADWATER_LOG", "error");
        let server = Server::start("the server", &mut serve).await?;
        let address = server.url.strip_prefix("http://").context("it listens on http")?.to_owned();
        let wire = Wire { address, authorization: format!("Basic {pair}"), public_key: public };
        let company = Self { server, wire, _data: data };
        // Without a webhook secret the server refuses webhooks before it reads their bodies.
        let admin = Wire { authorization: format!("Bearer {admin}"), ..company.wire.clone() };
        let secret = json!({"webhook_secrets": {"stripe": "whsec_example"}}).to_string();
        ensure!(admin.ask("PATCH", "/api/v2/program", &secret).await? == 200, "no webhook secret");
        company.set_up_catalogue(customers).await?;
        Ok(company)
    }

    async fn set_up_catalogue(&self, customers: usize) -> anyhow::Result<()> {
        let partner = json!({"email": "robin@agency.example", "partner_key": "robin"}).to_string();
        ensure!(self.wire.ask("POST", "/api/v2/partnerships", &partner).await? < 300, "no partner");
        let next = Arc::new(AtomicUsize::new(0));
        let mut makers = tokio::task::JoinSet::new();
        for _ in 0..MAKERS {
            let (wire, next) = (self.wire.clone(), Arc::clone(&next));
            makers.spawn(async move {
                let mut line = wire.connect().await?;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= customers {
                        return anyhow::Ok(());
                    }
                    let status = line.ask("POST", "/api/v2/customers", &customer(number)).await?;
                    ensure!(status < 300, "customer {number} was answered {status}");
                }
            });
        }
        while let Some(made) = makers.join_next().await {
            made??;
        }
        Ok(())
    }

    /// A client that repeats a small request.
    pub(super) fn honest(&self) -> Honest {
        Honest(self.wire.clone())
    }
}

/// A customer as sites record them, with a little metadata.
fn customer(number: usize) -> String {
    let notes = json!({"plan": "yearly", "seats": number % 100});
    json!({"customer_key": format!("gk_{number}"), "email": format!("{number}@site.example"), "partner_key": "robin",
        "name": format!("Customer {number}"), "meta": notes})
    .to_string()
}

/// An honest client.
pub(super) struct Honest(Wire);

impl Honest {
    /// Asks until `over` is true; returns the slowest answer and the number of answers. `None` when one took longer
    /// than `at_most` or was an error.
    pub(super) async fn ask_on(
        self,
        mut over: watch::Receiver<bool>,
        at_most: Duration,
    ) -> Option<(Duration, usize)> {
        let (mut slowest, mut answers) = (Duration::ZERO, 0);
        loop {
            let begun = Instant::now();
            let request = self.0.ask("GET", "/api/v2/customers/gk_1", "");
            match tokio::time::timeout(at_most, request).await {
                Ok(Ok(200)) => {}
                _ => return None,
            }
            (slowest, answers) = (slowest.max(begun.elapsed()), answers + 1);
            if tokio::time::timeout(HONEST_EVERY, over.wait_for(|over| *over)).await.is_ok() {
                return Some((slowest, answers));
            }
        }
    }
}
