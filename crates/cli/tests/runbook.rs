//! The runbook is true: its commands work as they stand there, and it has an entry for each alert.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Command;

use server::{HEADWATER, Server};

const RUNBOOK: &str = include_str!("../../../docs/runbook.md");
const ALERTS: &str = include_str!("../../../packaging/alerts.yml");
const DASHBOARD: &str = include_str!("../../../packaging/grafana.json");
/// The ports of the runbook, for which a test takes free ones.
const PORTS: [&str; 3] = ["8787", "8789", "9187"];

/// The commands of the runbook's fenced blocks, in their order.
fn commands() -> String {
    let blocks = RUNBOOK.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.collect()
}

/// Ports that nobody listens on, below those that systems give to outgoing connections: another test's connection must not
/// take one before the server listens.
fn free_ports() -> Vec<String> {
    let first = 10_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    let free = (first..u16::MAX).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.take(PORTS.len()).map(|port| port.to_string()).collect()
}

#[test]
fn the_commands_of_the_runbook_do_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let programs = directory.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(HEADWATER, programs.join("headwater")).unwrap();
    let free = free_ports();
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
    script.push_str(&commands());
    for (port, free) in PORTS.iter().zip(&free) {
        script = script.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
    }
    let path_of_this_process = std::env::var_os("PATH").unwrap_or_default();
    let path =
        std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path_of_this_process)))
            .unwrap();
    let work = directory.path().join("work");
    std::fs::create_dir(&work).unwrap();
    // What waits for something waits for ever when it does not come; two minutes are long for all of it.
    let mut bash = Command::new("timeout");
    bash.args(["120", "bash", "-c", &script])
        .current_dir(&work)
        .env("PATH", path)
        .env("HEADWATER_LOG", "error");
    let done = bash.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    for expected in ["somebody has to look: 4", "restored as of", "1 entries are to be delivered again"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn every_alert_has_an_entry_and_every_metric_that_is_asked_for_exists() {
    let alerts: Vec<_> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let entries: Vec<_> = RUNBOOK.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(alerts.iter().collect::<BTreeSet<_>>(), entries.iter().collect(), "alerts and entries");
    let data = tempfile::tempdir().unwrap();
    let mut serve = Command::new(HEADWATER);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log", "error"]);
    let server = Server::run(serve.arg("--data").arg(data.path()));
    server.ask("GET", "/healthz", "", "");
    let metrics = server.admin("/metrics").1;
    let words = [ALERTS, DASHBOARD]
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let asked: BTreeSet<_> = words.filter(|word| word.starts_with("headwater_")).collect();
    assert!(asked.len() > 12, "{asked:?}");
    for name in asked {
        let there = metrics.lines().any(|line| line.split(['{', ' ']).next() == Some(name));
        assert!(there, "{name} is not in:\n{metrics}");
    }
    server.stop();
}
