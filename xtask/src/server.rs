//! A server process: ready when it prints its address, killed when dropped.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Time for a server to print that it listens.
const START: Duration = Duration::from_mins(1);
/// Time for a server to drain after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// A server that listens.
pub(crate) struct Server {
    /// Its address, as `http://127.0.0.1:8787`.
    pub(crate) url: String,
    /// What it printed before it listened.
    pub(crate) said: Vec<String>,
    name: &'static str,
    child: Child,
    // Held open: a server that prints to a closed pipe would fail.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts the server and waits until it prints `listening on http://ADDR`.
    pub(crate) async fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("standard output was asked for and is not there")?;
        let mut output = BufReader::new(output).lines();
        let ready = tokio::time::timeout(START, ready(name, &mut output)).await;
        let (url, said) = ready.with_context(|| format!("{name} did not listen within {START:?}"))??;
        Ok(Self { url, said, name, child, _output: output })
    }

    /// Its process; 0 once it has ended.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Waits until the server ends by itself.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        self.child.wait().await.with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Stops the server by SIGTERM, which lets it drain; kills it when that takes too long.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.child.id() {
            // It may have ended in between; then there is nothing to stop.
            let _ = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
        }
        if tokio::time::timeout(DRAIN, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            bail!("{} did not drain within {DRAIN:?} and was killed", self.name);
        }
        Ok(())
    }
}

/// Reads lines until the one that names the address.
async fn ready(
    name: &str,
    output: &mut Lines<BufReader<ChildStdout>>,
) -> anyhow::Result<(String, Vec<String>)> {
    let mut said = Vec::new();
    while let Some(line) = output.next_line().await? {
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok((url.to_owned(), said));
        }
        said.push(line);
    }
    bail!("{name} ended before it listened; what it said stands above")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_server_is_ready_when_it_prints_its_address_and_ends_on_sigterm() {
        let script = "echo first; echo listening on http://127.0.0.1:1; exec cat /dev/zero > /dev/null";
        let server = Server::start("it", &mut shell(script)).await.unwrap();
        assert_eq!(
            (server.url.as_str(), server.said.as_slice()),
            ("http://127.0.0.1:1", &["first".to_owned()][..])
        );
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_ends_before_it_listens_is_an_error() {
        let error = Server::start("it", &mut shell("echo no")).await.err().unwrap();
        assert!(error.to_string().starts_with("it ended before it listened"), "{error}");
    }

    #[tokio::test]
    async fn the_end_of_a_server_is_seen() {
        let mut server = Server::start("it", &mut shell("echo listening on http://a; exit 7")).await.unwrap();
        assert_eq!(server.ended().await.unwrap().code(), Some(7));
    }
}
