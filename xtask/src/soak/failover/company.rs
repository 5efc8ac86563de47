//! A company on one database: two ledgers, and three relays in front of them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use serde_json::{Value, json};

use super::http::ask;
use crate::cluster::free_port;
use crate::process::output;

const LEDGERS: usize = 2;
const RELAYS: usize = 3;
/// Time for a server to answer after its start: its database may be unavailable.
const START_MAX: Duration = Duration::from_mins(1);

/// What was acknowledged to clients, by key.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub(super) signups: HashSet<String>,
    pub(super) payments: HashSet<String>,
    /// Every key that was sent, whatever the answer was.
    pub(super) sent: HashSet<String>,
}

/// How often each key is stored.
pub(super) struct StoredCounts {
    pub(super) customers: HashMap<String, u64>,
    pub(super) payments: HashMap<String, u64>,
    /// By the payment that earned them.
    pub(super) rewards: HashMap<String, u64>,
}

pub(super) struct ClusterDeployment {
    program: PathBuf,
    database: String,
    servers: Vec<DeployedServer>,
    pub(super) public_key: String,
    /// The `authorization` header of the company.
    pub(super) credential: String,
    directory: tempfile::TempDir,
}

struct DeployedServer {
    address: SocketAddr,
    process: Option<Child>,
}

impl ClusterDeployment {
    pub(super) fn open(program: &Path, database: &str) -> anyhow::Result<Self> {
        let mut init = Command::new(program);
        init.args(["init", "--json", "--program", "Failover"]).env("HEADWATER_DATABASE", database);
        let keys: Value = serde_json::from_str(&output(&mut init)?)?;
        let key = |name: &str| keys[name].as_str().map(str::to_owned).context("init prints its keys");
        let (public_key, secret) = (key("public_key")?, key("secret_key")?);
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{public_key}:{secret}"));
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("secret"), &secret)?;
        let mut servers = Vec::new();
        for _ in 0..LEDGERS + RELAYS {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
            servers.push(DeployedServer { address, process: None });
        }
        let credential = format!("authorization: Basic {pair}\r\n");
        let mut company = Self {
            program: program.to_owned(),
            database: database.to_owned(),
            servers,
            public_key,
            credential,
            directory,
        };
        for which in 0..company.servers() {
            company.start(which)?;
        }
        company.set_up_catalogue()?;
        Ok(company)
    }

    /// Makes a partner, and a trigger that pays for every payment.
    fn set_up_catalogue(&self) -> anyhow::Result<()> {
        let trigger = json!({
            "name": "share", "offer_description": "Earn 20 %", "event": "transaction_created", "rules": null,
            "action": {"type": "commission_percent", "percent": "20"},
        });
        let partner = json!({"email": "robin@agency.example", "partner_key": "robin"});
        for (path, body) in [("/api/v2/partnerships", partner), ("/api/v2/triggers", trigger)] {
            let answer = ask(self.ledgers()[0], "POST", path, &self.credential, &body.to_string());
            if !matches!(answer, Some((200..300, _))) {
                bail!("POST {path}: {answer:?}");
            }
        }
        Ok(())
    }

    pub(super) fn servers(&self) -> usize {
        self.servers.len()
    }

    pub(super) fn ledgers(&self) -> Vec<SocketAddr> {
        self.servers[..LEDGERS].iter().map(|server| server.address).collect()
    }

    pub(super) fn relays(&self) -> Vec<SocketAddr> {
        self.servers[LEDGERS..].iter().map(|server| server.address).collect()
    }

    /// Starts a server, and waits until it answers.
    pub(super) fn start(&mut self, which: usize) -> anyhow::Result<()> {
        let address = self.servers[which].address;
        let begun = Instant::now();
        while begun.elapsed() < START_MAX {
            let mut process = self.command(which, address).spawn().context("cannot start headwater")?;
            loop {
                if ask(address, "GET", "/healthz", "", "").is_some_and(|(status, _)| status == 200) {
                    self.servers[which].process = Some(process);
                    return Ok(());
                }
                // A server that cannot reach its database exits; an operator's supervisor would restart it, and so do
                // we.
                if process.try_wait()?.is_some() || begun.elapsed() >= START_MAX {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = process.kill();
            process.wait()?;
        }
        bail!("server {which} did not answer within {} s", START_MAX.as_secs())
    }

    fn command(&self, which: usize, address: SocketAddr) -> Command {
        let mut command = Command::new(&self.program);
        let role = if which < LEDGERS { "serve" } else { "relay" };
        command.args([role, "--events-per-second", "1000000", "--listen"]).arg(address.to_string());
        if which >= LEDGERS {
            let ledger = self.servers[which % LEDGERS].address;
            command.args(["--destination-kind", "headwater", "--public-key", &self.public_key]);
            command.args(["--destination", &format!("http://{ledger}"), "--secret-key-file"]);
            command.arg(self.directory.path().join("secret"));
        }
        command.env("HEADWATER_DATABASE", &self.database).env("HEADWATER_LOG", "off");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Kills a server without warning.
    pub(super) fn kill(&mut self, which: usize) -> anyhow::Result<()> {
        if let Some(mut process) = self.servers[which].process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    pub(super) fn signal(&self, which: usize, signal: &str) -> anyhow::Result<()> {
        if let Some(process) = &self.servers[which].process {
            let signal = format!("-{signal}");
            output(Command::new("kill").args([&signal, &process.id().to_string()]))?;
        }
        Ok(())
    }

    /// Everything that the ledger has recorded, read when it holds all that was acknowledged or the time is over.
    pub(super) fn settled(
        &self,
        acknowledged: &Acknowledged,
        within: Duration,
    ) -> anyhow::Result<StoredCounts> {
        let begun = Instant::now();
        loop {
            let seen = self.seen();
            let all = seen.as_ref().is_ok_and(|seen| {
                acknowledged.signups.iter().all(|key| seen.customers.contains_key(key))
                    && acknowledged.payments.iter().all(|key| seen.payments.contains_key(key))
            });
            if all || begun.elapsed() >= within {
                return seen;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn seen(&self) -> anyhow::Result<StoredCounts> {
        Ok(StoredCounts {
            customers: self.counted("customers", "customer_key")?,
            payments: self.counted("transactions", "key")?,
            rewards: self.counted("rewards", "transaction")?,
        })
    }

    /// How often each value of a member occurs in a list.
    fn counted(&self, list: &str, member: &str) -> anyhow::Result<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v2/{list}?limit=250{after}");
            let answer = ask(self.ledgers()[0], "GET", &path, &self.credential, "");
            let Some((200, page)) = answer else { bail!("GET {path}: {answer:?}") };
            for item in page["data"]["items"].as_array().into_iter().flatten() {
                let value = item[member].as_str().unwrap_or_default();
                *counts.entry(value.to_owned()).or_default() += 1;
            }
            if page["data"]["has_more"] != true {
                return Ok(counts);
            }
            let cursor = page["data"]["ending_cursor"].as_str().context("a page has a cursor")?;
            after = format!("&starting_after={cursor}");
        }
    }

    /// Kills every server.
    pub(super) fn stop(&mut self) -> anyhow::Result<()> {
        (0..self.servers()).try_for_each(|which| self.kill(which))
    }
}

impl Drop for ClusterDeployment {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}
