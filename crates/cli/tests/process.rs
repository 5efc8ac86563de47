//! The binary as an operator runs it: the permissions of its files, and the commands that work while it runs.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use headwater_journal::{Filter, Journal};
use headwater_store::{Bounds, Store};
use serde_json::json;

use server::{SIGNUP, Server, Storage, basic, headwater, init};

fn at(data: &Path) -> Storage<'_> {
    ["--data".as_ref(), data.as_os_str()]
}

#[test]
fn only_its_owner_can_read_a_data_directory() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    init(at(&data), "GigaKick");
    for name in ["", "ledger.sqlite"] {
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(data.join(name), open).unwrap();
    }
    let server = Server::start(at(&data));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    server.stop();
}

#[test]
fn a_program_is_added_while_the_server_runs_and_its_keys_work_at_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(at(data.path()));
    // No program is set up: the answer is 503, so that browsers keep their events.
    let (status, answer) = server.event("pk_test_example", SIGNUP);
    assert_eq!((status, &answer["code"]), (503, &"not_ready".into()));
    let unknown = "authorization: Bearer adm_example\r\n";
    let (status, answer) = server.ask("GET", "/api/v2/program", unknown, "");
    assert_eq!((status, &answer["code"]), (503, &"not_ready".into()));
    let made = init(at(data.path()), "GigaKick");
    assert_eq!(server.event(made["public_key"].as_str().unwrap(), SIGNUP).0, 202);
    assert_eq!(server.ask("GET", "/api/v2/groups", &basic(&made), "").0, 200);
    assert_eq!(server.event("pk_test_example", SIGNUP).0, 401, "a program is known now");
    let refused = headwater(at(data.path()), &["init", "--program", ""]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("name must have 1 to 100 characters"), "{told}");
    server.stop();
    init(at(data.path()), "After the server");
}

#[test]
fn init_shows_every_secret_it_makes() {
    let data = tempfile::tempdir().unwrap();
    let made = init(at(data.path()), "GigaKick");
    for (name, prefix) in [("tracking_token", "trk_"), ("test_tracking_token", "trk_test_")] {
        assert!(made[name].as_str().unwrap().starts_with(prefix), "{name}: {made}");
    }
    let printed = headwater(at(data.path()), &["init", "--program", "Second"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.lines().any(|line| line.starts_with("test_tracking_token ")), "{printed}");
}

#[test]
fn a_deleted_customer_leaves_no_text_in_the_journal() {
    let data = tempfile::tempdir().unwrap();
    let keys = init(at(data.path()), "GigaKick");
    let server = Server::start(at(data.path()));
    let body = json!({"customer_key": "gk_1", "email": "gone@shop.example"}).to_string();
    let (status, made) = server.ask("POST", "/api/v2/customers", &basic(&keys), &body);
    assert!(status < 300, "{made}");
    assert_eq!(server.event(keys["public_key"].as_str().unwrap(), SIGNUP).0, 202);
    let other = SIGNUP.replace("ab\"", "ac\"").replace("gk_1", "gk_2").replace("gone", "here");
    assert_eq!(server.event(keys["public_key"].as_str().unwrap(), &other).0, 202);
    assert_eq!(server.ask("DELETE", "/api/v2/customers/gk_1", &basic(&keys), "").0, 200);
    // The server carries out pending erasures before it ends.
    server.stop();
    let bounds =
        Bounds { waiting: 16, commit: 16, readers: 2, reader_wait: std::time::Duration::from_secs(5) };
    let path = data.path().join("journal.sqlite");
    let journal = Journal::open(Store::open(&path, headwater_journal::MIGRATIONS, bounds).unwrap());
    let program = keys["program_id"].as_str().unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let filter = Filter { program, limit: 10, ..Filter::default() };
    let entries = runtime.block_on(journal.list(filter)).unwrap();
    let bodies: Vec<&str> = entries.iter().map(|entry| entry.body.as_str()).collect();
    assert_eq!(bodies, [other.as_str(), ""]);
}
