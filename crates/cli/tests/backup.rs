//! A backup of a server under load, restored elsewhere, lacks nothing that was acknowledged before it.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use server::{HEADWATER, SIGNUP, Server, basic, headwater, init};

fn at(data: &Path) -> server::Storage<'_> {
    ["--data".as_ref(), data.as_os_str()]
}

fn said(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The signup of the customer with this number, whom a partner is credited with.
fn signup(number: usize) -> String {
    let id = format!("019365b2-7c00-7abc-8def-{number:012x}");
    SIGNUP
        .replace("019365b2-7c00-7abc-8def-0123456789ab", &id)
        .replace("\"email\"", "\"partner_key\":\"gstest\",\"email\"")
        .replace("gk_1", &format!("gk_{number}"))
        .replace("gone", &format!("c{number}"))
}

fn restore(backup: &Path, data: &Path) -> std::process::Output {
    Command::new(HEADWATER).arg("restore").arg(backup).arg("--data").arg(data).output().unwrap()
}

/// Sends signups, each to the queue and every eighth one to the API, until `stop` says so. Notes which were acknowledged.
fn load(
    server: &Server,
    keys: &Value,
    next: &AtomicUsize,
    acknowledged: &Mutex<Vec<usize>>,
    stop: &AtomicBool,
) {
    let public = keys["public_key"].as_str().unwrap();
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let status = if number.is_multiple_of(8) {
            let body =
                json!({"customer_key": format!("gk_{number}"), "email": format!("c{number}@shop.example")});
            server.ask("POST", "/api/v2/customers", &basic(keys), &body.to_string()).0
        } else {
            server.event(public, &signup(number)).0
        };
        match status {
            200..=202 => acknowledged.lock().unwrap().push(number),
            // Over the rate of one address, which is no acknowledgement.
            429 => std::thread::yield_now(),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_backup_under_load_holds_everything_that_was_acknowledged_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let (data, backup, elsewhere) =
        (directory.path().join("data"), directory.path().join("backup"), directory.path().join("elsewhere"));
    let keys = init(at(&data), "GigaKick");
    let mut serve = Command::new(HEADWATER);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--events-per-second", "1000000"]);
    let mut server = Server::run(serve.arg("--data").arg(&data));
    let (next, acknowledged, stop) = (AtomicUsize::new(1), Mutex::new(Vec::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load(&server, &keys, &next, &acknowledged, &stop));
        }
        while acknowledged.lock().unwrap().len() < 200 {
            std::thread::yield_now();
        }
        let before = acknowledged.lock().unwrap().clone();
        let made = Command::new(HEADWATER).arg("backup").arg(&backup).args(at(&data)).output().unwrap();
        stop.store(true, Ordering::Relaxed);
        assert!(made.status.success(), "{}", said(&made));
        before
    });
    server.process.kill().unwrap();

    let restored = restore(&backup, &elsewhere);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(
        said(&restored).contains("ledger: holds together\njournal: holds together\n"),
        "{}",
        said(&restored)
    );
    let server = Server::start(at(&elsewhere));
    let waiting = || {
        let status = headwater(at(&elsewhere), &["status", "--json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["queue"]["due"].as_i64().unwrap() + status["queue"]["waiting"].as_i64().unwrap()
    };
    while waiting() > 0 {
        std::thread::yield_now();
    }
    let missing: Vec<_> = before
        .iter()
        .filter(|number| {
            server.ask("GET", &format!("/api/v2/customers/gk_{number}"), &basic(&keys), "").0 != 200
        })
        .collect();
    assert_eq!(missing, [] as [&usize; 0], "of {}", before.len());
    server.stop();
}

#[test]
fn a_restore_replaces_nothing_and_takes_no_damaged_backup() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    init(at(&path("data")), "GigaKick");
    // A journal is there once a server has run.
    Server::start(at(&path("data"))).stop();
    let back_up = || {
        Command::new(HEADWATER).arg("backup").arg(path("backup")).args(at(&path("data"))).output().unwrap()
    };
    assert!(back_up().status.success());
    let again = back_up();
    assert!(
        !again.status.success() && said(&again).contains("backup exists; give a directory"),
        "{}",
        said(&again)
    );
    let over = restore(&path("backup"), &path("data"));
    assert!(!over.status.success() && said(&over).contains("a restore replaces nothing"), "{}", said(&over));
    let no_backup = restore(&path("data"), &path("new"));
    assert!(
        !no_backup.status.success() && said(&no_backup).contains("`headwater backup`"),
        "{}",
        said(&no_backup)
    );
    let mut bytes = std::fs::read(path("backup/ledger.sqlite")).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(path("backup/ledger.sqlite"), bytes).unwrap();
    let damaged = restore(&path("backup"), &path("new"));
    assert!(
        !damaged.status.success() && said(&damaged).contains("not what was backed up"),
        "{}",
        said(&damaged)
    );
    assert!(!path("new/ledger.sqlite").exists());
}
