//! A headless Chromium, controlled over the `DevTools` protocol: JSON messages, each ended by a NUL byte, on two
//! pipes.

use std::collections::VecDeque;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Split};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout, timeout_at};

use crate::tools;

/// Time for an answer or an awaited event.
const PATIENCE: Duration = Duration::from_mins(1);

/// Only this machine can be reached, nothing runs in the background, and pages cannot detect automation, because
/// several of the scripts do nothing under it.
const FLAGS: &[&str] = &[
    "--remote-debugging-pipe",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-blink-features=AutomationControlled",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost",
];

/// A running browser. It ends when this value is dropped, because its pipes close.
pub(super) struct Chromium {
    // Held for `kill_on_drop`.
    _child: Child,
    input: ChildStdin,
    output: Split<BufReader<ChildStdout>>,
    last_id: u64,
    events: VecDeque<ProtocolEvent>,
    _profile: TempDir,
}

/// An event that the browser sent.
#[derive(Debug)]
pub(super) struct ProtocolEvent {
    /// Its name, such as `Page.loadEventFired`.
    pub(super) method: String,
    /// Its parameters.
    pub(super) params: Value,
}

/// A page in a browser context of its own: no cookie, no cache, no storage from before.
#[derive(Debug)]
pub(super) struct Tab {
    context: String,
    session: String,
}

impl Chromium {
    /// Starts a browser with a new profile.
    pub(super) fn start(browser: &tools::Browser) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        // The browser reads and writes descriptors 3 and 4; a shell moves our ends of the pipes there.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#]).arg(&browser.binary);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("cannot start the browser")?;
        let input = child.stdin.take().context("standard input was asked for and is not there")?;
        let output = child.stdout.take().context("standard output was asked for and is not there")?;
        let output = BufReader::new(output).split(0);
        Ok(Self { _child: child, input, output, last_id: 0, events: VecDeque::new(), _profile: profile })
    }

    /// Sends a command to the browser.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.call(json!({ "method": method, "params": params })).await
    }

    /// Sends a command to the page of a tab.
    pub(super) async fn ask_page(&mut self, tab: &Tab, method: &str, params: Value) -> anyhow::Result<Value> {
        self.call(json!({ "method": method, "params": params, "sessionId": tab.session })).await
    }

    async fn call(&mut self, mut message: Value) -> anyhow::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        message["id"] = id.into();
        let mut text = serde_json::to_vec(&message)?;
        text.push(0);
        self.input.write_all(&text).await.context("the browser has ended")?;
        let answer = async {
            loop {
                let mut message = self.receive().await?;
                if message["id"] == id {
                    break anyhow::Ok(message);
                }
                self.events.extend(event(&mut message));
            }
        };
        let method = &message["method"];
        let mut answer =
            timeout(PATIENCE, answer).await.with_context(|| format!("no answer to {method}"))??;
        if let Some(error) = answer.get("error") {
            bail!("the browser refuses {method}: {error}");
        }
        Ok(answer["result"].take())
    }

    /// The next message.
    async fn receive(&mut self) -> anyhow::Result<Value> {
        let message = self.output.next_segment().await?.context("the browser has ended")?;
        serde_json::from_slice(&message).context("the browser sent no JSON")
    }

    /// Opens a tab that shows nothing.
    pub(super) async fn open(&mut self) -> anyhow::Result<Tab> {
        let context = self.ask("Target.createBrowserContext", json!({})).await?;
        let context = text(&context, "browserContextId")?;
        let blank = json!({ "url": "about:blank", "browserContextId": context });
        let target = self.ask("Target.createTarget", blank).await?;
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.ask("Target.attachToTarget", target).await?;
        Ok(Tab { context, session: text(&session, "sessionId")? })
    }

    /// Closes the tab and deletes what it stored.
    pub(super) async fn close(&mut self, tab: Tab) -> anyhow::Result<()> {
        self.ask("Target.disposeBrowserContext", json!({ "browserContextId": tab.context })).await?;
        self.events.clear();
        Ok(())
    }

    /// Every event up to and including the next one of this name.
    pub(super) async fn until(&mut self, method: &str) -> anyhow::Result<Vec<ProtocolEvent>> {
        let mut seen = Vec::new();
        let end = Instant::now() + PATIENCE;
        loop {
            let next = match self.events.pop_front() {
                Some(event) => Some(event),
                None => event(
                    &mut timeout_at(end, self.receive())
                        .await
                        .with_context(|| format!("{method} did not come within {PATIENCE:?}"))??,
                ),
            };
            seen.extend(next);
            if seen.last().is_some_and(|event| event.method == method) {
                return Ok(seen);
            }
        }
    }

    /// Every event within this time.
    pub(super) async fn watch(&mut self, duration: Duration) -> anyhow::Result<Vec<ProtocolEvent>> {
        let end = Instant::now() + duration;
        while let Ok(message) = timeout_at(end, self.receive()).await {
            self.events.extend(event(&mut message?));
        }
        Ok(self.events.drain(..).collect())
    }
}

/// The event that a message holds; `None` when it is a stale response.
fn event(message: &mut Value) -> Option<ProtocolEvent> {
    let method = message["method"].as_str()?.to_owned();
    Some(ProtocolEvent { method, params: message["params"].take() })
}

fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    let text = answer[member].as_str().with_context(|| format!("the browser names no {member}"))?;
    Ok(text.to_owned())
}
