//! Schemathesis against the real server: for minutes it sends what the OpenAPI document allows and what it forbids,
//! alone and in sequences. No answer may be a 5xx, undocumented, or an acceptance of what is forbidden.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::{SuiteResult, thousands};
use crate::binaries::{self, Speed};
use crate::process::target_directory;
use crate::server::Server;
use crate::tools;

/// What schemathesis cannot read from a document: refusals that depend on what is stored.
const CHECKS: &str = include_str!("schemathesis/checks.py");
/// Objects that it names in requests.
const OBJECTS: &str = include_str!("schemathesis/objects.py");
/// The partner who asks in the first run.
const PARTNER: &str = "robin";
/// Operations that the vendor's run leaves out: the first ends the secret that the run itself uses, the second is only
/// a partner's.
const NOT_AS_VENDOR: [&str; 2] = ["/api/v2/program/keys/rotate", "/api/v2/marketplace/programs"];

/// The server with a company, and where the runs find what they need.
struct AskedServer {
    server: Server,
    keys: Value,
    partner_token: String,
    /// Holds the data, the runs' settings and the checks.
    place: tempfile::TempDir,
}

/// What one run came to.
struct RunSummary {
    /// Requests sent, as schemathesis counts them.
    requests: u64,
    /// Its last line.
    summary: String,
    failed: bool,
}

/// Builds the release and runs: a quarter of the time as a partner, the rest as the vendor.
pub(super) fn run(root: &Path, time: Duration) -> anyhow::Result<SuiteResult> {
    let tool = tools::schemathesis()?;
    let program = binaries::build(root, Speed::Release)?.join("headwater");
    let logs = target_directory(root)?.join("soak");
    std::fs::create_dir_all(&logs)?;
    let document = std::fs::read_to_string(root.join("docs/openapi.json"))?;
    let own = of_partners(&serde_json::from_str(&document)?);
    tokio::runtime::Runtime::new()?.block_on(async {
        let asked = AskedServer::open(&program).await?;
        let as_partner = time / 4;
        let mut ran = Vec::new();
        let mut findings = Vec::new();
        let not_as_vendor = NOT_AS_VENDOR.iter().flat_map(|path| ["--exclude-path", *path]);
        let as_vendor: Vec<_> = not_as_vendor.map(str::to_owned).collect();
        let only_own: Vec<_> =
            own.into_iter().flat_map(|id| ["--include-operation-id".to_owned(), id]).collect();
        // The administrator's settings are tried in the second run, after which no more objects can be counted on.
        for (who, time, operations) in
            [("partner", as_partner, only_own), ("vendor", time.saturating_sub(as_partner), as_vendor)]
        {
            let log = logs.join(format!("schemathesis-{who}.txt"));
            let end = asked.attempt(&tool, who, time, &operations, &log).await?;
            println!("as {who}: {}", end.summary);
            ran.push(format!("{} requests as {who}", thousands(end.requests)));
            if end.failed {
                findings.push(format!("schemathesis as {who}: {}; see {}", end.summary, log.display()));
            }
        }
        asked.server.stop().await?;
        let finding = (!findings.is_empty()).then(|| findings.join("\n"));
        Ok(SuiteResult { name: "schemathesis".to_owned(), ran: ran.join(", "), finding })
    })
}

/// The ids of the operations that a partner may call.
fn of_partners(document: &Value) -> Vec<String> {
    let methods = document["paths"].as_object().into_iter().flatten().map(|(_, methods)| methods);
    let operations = methods.filter_map(Value::as_object).flatten().map(|(_, operation)| operation);
    let own = operations.filter(|operation| {
        let callers = operation["security"].as_array().into_iter().flatten();
        callers.into_iter().any(|caller| caller.get("partner").is_some())
    });
    own.filter_map(|operation| operation["operationId"].as_str().map(str::to_owned)).collect()
}

impl AskedServer {
    async fn open(program: &Path) -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let data = place.path().join("data");
        let mut init = Command::new(program);
        init.args([
            "init",
            "--json",
            "--program",
            "Asked",
            "--link-destination",
            "www.example.com",
            "--data",
        ]);
        let said = output(init.arg(&data)).await?;
        let keys: Value = serde_json::from_slice(&said)?;
        let credentials = place.path().join("credentials.json");
        std::fs::write(&credentials, said)?;
        let mut serve = Command::new(program);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--webhook-private-targets", "--data"]).arg(&data);
        let server = Server::start("the server", serve.env("HEADWATER_LOG", "error")).await?;
        let api = |words: &str| {
            let mut command = Command::new(program);
            command.args(words.split(' ')).args(["--json", "--url", &server.url, "--credentials"]);
            command.arg(&credentials);
            command
        };
        let partner = format!("partnerships create --email robin@agency.example --partner-key {PARTNER}");
        output(&mut api(&partner)).await?;
        let token = output(&mut api(&format!("partnerships create-token {PARTNER}"))).await?;
        let token: Value = serde_json::from_slice(&token)?;
        let partner_token = token["token"].as_str().context("a token is shown when it is made")?.to_owned();
        std::fs::write(place.path().join("checks.py"), CHECKS)?;
        std::fs::write(place.path().join("objects.py"), OBJECTS)?;
        Ok(Self { server, keys, partner_token, place })
    }

    fn key(&self, name: &str) -> anyhow::Result<&str> {
        self.keys[name].as_str().with_context(|| format!("init prints {name}"))
    }

    /// The settings of a run: who asks.
    fn settings(&self, who: &str) -> anyhow::Result<PathBuf> {
        let text = if who == "partner" {
            format!("[auth.openapi.partner]\nbearer = \"{}\"\n", self.partner_token)
        } else {
            format!(
                "[auth.openapi.vendor]\nusername = \"{}\"\npassword = \"{}\"\n[auth.openapi.admin]\nbearer = \
                 \"{}\"\n[auth.openapi.tracking]\nbearer = \"{}\"\n",
                self.key("public_key")?,
                self.key("secret_key")?,
                self.key("admin_token")?,
                self.key("tracking_token")?,
            )
        };
        let path = self.place.path().join(format!("{who}.toml"));
        std::fs::write(&path, text)?;
        Ok(path)
    }

    async fn attempt(
        &self,
        tool: &Path,
        who: &str,
        time: Duration,
        operations: &[String],
        log: &Path,
    ) -> anyhow::Result<RunSummary> {
        eprintln!("schemathesis as {who} for {} s; its log is {}", time.as_secs(), log.display());
        let mut command = Command::new(tool);
        command.arg("--config-file").arg(self.settings(who)?);
        command.args([
            "run",
            &format!("{}/api/v2/openapi.json", self.server.url),
            "--checks",
            "all",
            "--no-color",
        ]);
        command.args(["--continue-on-failure", "--generation-database", "none", "--max-time"]);
        command.arg(time.as_secs().to_string()).args(operations);
        command.env("SCHEMATHESIS_HOOKS", "checks").env("PYTHONPATH", self.place.path());
        command.env("HEADWATER_URL", &self.server.url);
        command.env("HEADWATER_PAIR", format!("{}:{}", self.key("public_key")?, self.key("secret_key")?));
        if who == "partner" {
            command.env("HEADWATER_PARTNER", PARTNER);
        }
        command.current_dir(self.place.path()).stdin(Stdio::null()).stderr(Stdio::null());
        let status = command.stdout(std::fs::File::create(log)?).status().await?;
        let said = std::fs::read_to_string(log)?;
        let (requests, summary) = ended(&said)
            .with_context(|| format!("schemathesis did not come to its summary: see {}", log.display()))?;
        Ok(RunSummary { requests, summary, failed: !status.success() })
    }
}

/// How many requests a run sent, and its last line without the signs around it.
fn ended(said: &str) -> Option<(u64, String)> {
    let count = said.lines().find_map(|line| line.trim().split_once(" generated"))?.0.parse().ok()?;
    let last = said.lines().rev().find(|line| line.starts_with("==="))?;
    Some((count, last.trim_matches(['=', ' ']).to_owned()))
}

async fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let said = command.stdin(Stdio::null()).output().await?;
    ensure!(said.status.success(), "headwater failed: {}", String::from_utf8_lossy(&said.stderr));
    Ok(said.stdout)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_runs_end_is_read_from_its_summary() {
        let said = "Test cases:\n  12819 generated, 12819 passed\n\nSeed: 7\n\n===== No issues found in 24.21s =====\n";
        assert_eq!(ended(said), Some((12819, "No issues found in 24.21s".to_owned())));
        assert_eq!(ended("Traceback (most recent call last):\n"), None);
    }

    #[test]
    fn what_partners_may_call_is_read_from_the_document() {
        let document = json!({"paths": {
            "/a": {"get": {"operationId": "a", "security": [{"vendor": []}, {"partner": []}]},
                   "post": {"operationId": "b", "security": [{"vendor": []}]}},
            "/b": {"get": {"operationId": "c", "security": [{"partner": []}]}},
        }});
        assert_eq!(of_partners(&document), ["a", "c"]);
    }
}
