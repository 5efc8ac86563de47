//! What operators see of a running server: readiness, metrics, and how it ends.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

use server::{HEADWATER, SIGNUP, Server, basic, headwater, init};

/// A server on a data directory, with an address for operators.
fn serve(data: &Path) -> Server {
    let mut command = Command::new(HEADWATER);
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log", "warn"]);
    Server::run(command.arg("--data").arg(data))
}

fn at(data: &Path) -> server::Storage<'_> {
    ["--data".as_ref(), data.as_os_str()]
}

/// The value of a metric's line that begins so.
fn value(metrics: &str, line: &str) -> Option<f64> {
    metrics.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
}

#[test]
fn a_server_is_ready_once_a_program_exists_and_says_what_is_missing_until_then() {
    let data = tempfile::tempdir().unwrap();
    let server = serve(data.path());
    assert_eq!(server.admin("/healthz"), (200, "ok\n".to_owned()));
    let (status, missing) = server.admin("/readyz");
    assert_eq!(status, 503);
    assert!(missing.contains(r#""what":"program""#) && missing.contains("headwater init"), "{missing}");
    init(at(data.path()), "GigaKick");
    assert_eq!(server.admin("/readyz"), (200, r#"{"not_ready":[],"ready":true}"#.to_owned()));
    for path in ["/readyz", "/metrics"] {
        assert_eq!(server.ask("GET", path, "", "").0, 404, "{path} is not for everybody");
    }
    server.stop();
}

#[test]
fn metrics_count_what_happened_and_name_nobody() {
    let data = tempfile::tempdir().unwrap();
    let keys = init(at(data.path()), "GigaKick");
    let server = serve(data.path());
    let public = keys["public_key"].as_str().unwrap();
    assert_eq!(server.event(public, SIGNUP).0, 202);
    assert_eq!(server.event(public, SIGNUP).0, 202);
    assert_eq!(server.event("pk_test_example", SIGNUP).0, 401);
    assert_eq!(server.ask("GET", "/api/v2/customers/gk_1", &basic(&keys), "").0 / 100, 4);
    let delivered = r#"headwater_deliveries_total{destination="ledger",outcome="unattributed"}"#;
    let mut metrics = String::new();
    while value(&metrics, delivered) != Some(1.0) {
        metrics = server.admin("/metrics").1;
    }
    let expected = [
        (r#"headwater_events_accepted_total{source="page"}"#, 1.0),
        (r#"headwater_events_duplicate_total{source="page"}"#, 1.0),
        (r#"headwater_events_refused_total{reason="unknown_public_key"}"#, 1.0),
        (r#"headwater_http_request_duration_seconds_count{route="events",status="2xx"}"#, 2.0),
        (r#"headwater_http_request_duration_seconds_count{route="events",status="4xx"}"#, 1.0),
        (r#"headwater_http_request_duration_seconds_count{route="api",status="4xx"}"#, 1.0),
        ("headwater_ready", 1.0),
    ];
    for (line, count) in expected {
        assert_eq!(value(&metrics, line), Some(count), "{line}\n{metrics}");
    }
    let synced = r#"headwater_store_sync_duration_seconds_count{store="journal"}"#;
    assert!(value(&metrics, synced).unwrap() >= 2.0, "{metrics}");
    assert!(metrics.ends_with("# EOF\n"));
    for secret in ["pk_", "gk_1", "gone@"] {
        assert!(!metrics.contains(secret), "{secret}");
    }
    server.stop();
}

/// A destination that gives every request this status and an empty object, until it is set to another one.
fn destination(status: u16) -> (String, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let status = Arc::new(AtomicU16::new(status));
    let answered = Arc::clone(&status);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            // The body of these requests is one object, which ends with its brace.
            while !request.ends_with(b"}") {
                match stream.read(&mut chunk) {
                    Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                    _ => break,
                }
            }
            let status = answered.load(Ordering::Relaxed);
            let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    (address, status)
}

/// A relay in front of a destination.
fn relay(directory: &Path, destination: &str) -> Server {
    let secret = directory.join("secret");
    std::fs::write(&secret, "sk_test_example").unwrap();
    let mut command = Command::new(HEADWATER);
    command.args(["relay", "--listen", "127.0.0.1:0", "--log", "error", "--destination", destination]);
    command.args(["--public-key", "pk_test_example", "--drain-seconds", "1"]);
    command.arg("--secret-key-file").arg(secret);
    Server::run(command.arg("--data").arg(directory.join("data")))
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_dead_letter_is_found_shown_and_delivered_again_while_the_relay_runs() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (address, status) = destination(422);
    let relay = relay(directory.path(), &address);
    let run = |arguments: &[&str]| headwater(at(&data), arguments);
    let event = |number: u32| {
        let signup = SIGNUP.replace("ab\"", &format!("{number}\"")).replace("gk_1", &format!("gk_{number}"));
        assert_eq!(relay.event("pk_test_example", &signup).0, 202);
    };
    let queue = || serde_json::from_str::<Value>(&stdout(&run(&["status", "--json"]))).unwrap();
    event(10);
    event(11);
    while queue()["queue"]["dead"] != 2 {
        std::thread::yield_now();
    }
    let attention = run(&["status", "--check"]);
    let shown = String::from_utf8_lossy(&attention.stdout).into_owned();
    assert_eq!(attention.status.code(), Some(4), "{shown}");
    assert!(shown.contains("why entries are dead\nENTRIES  REASON\n2        refused with 422"), "{shown}");
    let listed = stdout(&run(&["dead", "list", "--json"]));
    let dead: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((dead.len(), &dead[0]["key"], &dead[1]["key"]), (2, &2.into(), &1.into()));
    let history = stdout(&run(&["dead", "show", dead[1]["id"].as_str().unwrap()]));
    assert!(history.contains("  dead   refused with 422") && !history.contains("gone@"), "{history}");
    assert!(stdout(&run(&["dead", "show", "1", "--body"])).contains("gone@"));

    status.store(200, Ordering::Relaxed);
    assert_eq!(stdout(&run(&["dead", "retry", "1"])), "1 entries are to be delivered again\n");
    while queue()["last_minute"]["delivered"] != 1 {
        std::thread::yield_now();
    }
    let refused = run(&["dead", "drop", "1"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("entry 1 is delivered, not dead"), "{why}");
    assert!(!run(&["dead", "drop", "--all"]).status.success(), "without --yes");
    assert_eq!(
        stdout(&run(&["dead", "drop", "--all", "--reason", "422", "--yes"])),
        "1 entries are dropped\n"
    );
    assert_eq!(queue()["queue"]["dead"], 0);
    let again = stdout(&run(&["events", "replay", "--from", "1h", "--delivered", "--json"]));
    assert_eq!(again, "{\"changed\":1}\n", "the one that was dropped is not");
    relay.stop();
    let last = stdout(&run(&["events", "tail", "--lines", "1", "--json"]));
    assert!(last.contains(r#""state":"dropped""#), "{last}");
    assert!(run(&["check"]).status.success());
}
