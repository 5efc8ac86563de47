//! What operators see of a running server: readiness, metrics, and how it ends.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::path::Path;
use std::process::Command;

use server::{HEADWATER, SIGNUP, Server, basic, init};

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
