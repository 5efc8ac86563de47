//! A company on one database: two ledgers, and three relays in front of them.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use serde_json::{Value, json};

use super::forwarder::TcpForwarder;
use super::http::ask;
use super::pair;
use crate::cluster::free_port;
use crate::process::output;

/// What the rewards of each trigger say.
const EVERY: &str = "every payment";
const FIRST: &str = "the first payment";
const LEDGERS: usize = 2;
const RELAYS: usize = 3;
/// Time for a server to answer after its start: its database may be unavailable.
const START_MAX: Duration = Duration::from_mins(1);

/// What was acknowledged to clients, by key.
#[derive(Default)]
pub(super) struct Acknowledged {
    pub(super) signups: HashSet<String>,
    pub(super) payments: HashSet<String>,
    /// The first payment of each customer whose payments were sent to the relays, one after the other. They are among
    /// the payments.
    pub(super) first: HashSet<String>,
    /// Every key that was sent, whatever the answer was.
    pub(super) sent: HashSet<String>,
}

/// How often each key is stored.
pub(super) struct StoredCounts {
    pub(super) customers: HashMap<String, u64>,
    pub(super) payments: HashMap<String, u64>,
    /// Of every payment, by the payment.
    pub(super) rewards: HashMap<String, u64>,
    /// Of the payment that a customer's was the first when it was recorded, by the payment.
    pub(super) first: HashMap<String, u64>,
}

pub(super) struct ClusterDeployment {
    program: PathBuf,
    servers: Vec<DeployedServer>,
    pub(super) public_key: String,
    /// The `authorization` header of the company.
    pub(super) credential: String,
    directory: tempfile::TempDir,
}

struct DeployedServer {
    address: SocketAddr,
    process: Option<Child>,
    /// Its connections to each of the two databases.
    forwarders: [TcpForwarder; 2],
}

impl ClusterDeployment {
    pub(super) fn open(program: &Path, databases: [u16; 2]) -> anyhow::Result<Self> {
        let mut init = Command::new(program);
        init.args(["init", "--json", "--program", "Failover"])
            .env("HEADWATER_DATABASE", pair::address(databases));
        let keys: Value = serde_json::from_str(&output(&mut init)?)?;
        let key = |name: &str| keys[name].as_str().map(str::to_owned).context("init prints its keys");
        let (public_key, secret) = (key("public_key")?, key("secret_key")?);
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{public_key}:{secret}"));
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("secret"), &secret)?;
        let mut servers = Vec::new();
        for _ in 0..LEDGERS + RELAYS {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
            let [one, other] = databases;
            let forwarders = [TcpForwarder::start(one)?, TcpForwarder::start(other)?];
            servers.push(DeployedServer { address, process: None, forwarders });
        }
        let credential = format!("authorization: Basic {pair}\r\n");
        let mut company = Self { program: program.to_owned(), servers, public_key, credential, directory };
        for which in 0..company.servers() {
            company.start(which)?;
        }
        company.set_up_catalogue()?;
        Ok(company)
    }

    /// Makes a partner, a trigger that pays for every payment, and one that pays for the first of each customer.
    fn set_up_catalogue(&self) -> anyhow::Result<()> {
        let trigger = |name: &str, rules: Value| {
            json!({
                "name": name, "offer_description": name, "event": "transaction_created", "rules": rules,
                "action": {"type": "commission_percent", "percent": "20"},
            })
        };
        let is_first = json!({"all": [{"object": "customer", "field": "transaction_count", "operator": "is", "value": 1}]});
        let partner = json!({"email": "robin@agency.example", "partner_key": "robin"});
        let triggers = "/api/v2/triggers";
        for (path, body) in [
            ("/api/v2/partnerships", partner),
            (triggers, trigger(EVERY, Value::Null)),
            (triggers, trigger(FIRST, is_first)),
        ] {
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
        let [one, other] = &self.servers[which].forwarders;
        command.env("HEADWATER_DATABASE", pair::address([one.port, other.port])).env("HEADWATER_LOG", "off");
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

    /// Cuts a server off from both databases, or joins it again.
    pub(super) fn cut(&self, which: usize, cut: bool) {
        self.servers[which].forwarders.iter().for_each(|forwarder| forwarder.cut(cut));
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
            customers: self.counted("customers", "customer_key", None)?,
            payments: self.counted("transactions", "key", None)?,
            rewards: self.counted("rewards", "transaction", Some(EVERY))?,
            first: self.counted("rewards", "transaction", Some(FIRST))?,
        })
    }

    /// How often each value of a member occurs in a list, among the items of a description if one is given.
    fn counted(
        &self,
        list: &str,
        member: &str,
        description: Option<&str>,
    ) -> anyhow::Result<HashMap<String, u64>> {
        let mut counts = HashMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v2/{list}?limit=250{after}");
            let answer = ask(self.ledgers()[0], "GET", &path, &self.credential, "");
            let Some((200, page)) = answer else { bail!("GET {path}: {answer:?}") };
            let items = page["data"]["items"].as_array().into_iter().flatten();
            for item in items.filter(|item| description.is_none_or(|text| item["description"] == text)) {
                let named = &item[member];
                let value = named.as_str().or(named["key"].as_str()).unwrap_or_default();
                *counts.entry(value.to_owned()).or_default() += 1;
            }
            if page["data"]["has_more"] != true {
                return Ok(counts);
            }
            let cursor = page["data"]["ending_cursor"].as_str().context("a page has a cursor")?;
            after = format!("&starting_after={cursor}");
        }
    }

    /// What the relays have not delivered, and why: a few entries of each state.
    pub(super) fn undelivered(&self) -> Vec<String> {
        let mut found = Vec::new();
        for state in ["due", "waiting", "parked", "dead", "unattributed"] {
            let path = format!("/v1/entries?limit=5&state={state}");
            let answer = ask(self.relays()[0], "GET", &path, &self.credential, "");
            let Some((200, page)) = answer else {
                found.push(format!("GET {path}: {answer:?}"));
                continue;
            };
            found.extend(page["data"]["items"].as_array().into_iter().flatten().map(Value::to_string));
        }
        found
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
