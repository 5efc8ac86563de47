//! The binary on PostgreSQL: several processes on one database, and databases that cannot be used.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use server::{SIGNUP, Server, Storage, basic, headwater, init};

fn at(database: &str) -> Storage<'_> {
    ["--database".as_ref(), database.as_ref()]
}

/// A signup that a partner is credited with.
fn signup() -> String {
    SIGNUP.replace("\"email\"", "\"partner_key\":\"gstest\",\"email\"")
}

/// Repeats until the condition holds, because a process sees changes of another one only after some time.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

fn customers(server: &Server, keys: &Value) -> usize {
    let (status, list) = server.ask("GET", "/api/v2/customers", &basic(keys), "");
    assert_eq!(status, 200, "{list}");
    list["data"]["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_programs_customers_and_the_queue() {
    let database = headwater_teststore::new_database("shared").await;
    let (one, other) = (Server::start(at(&database)), Server::start(at(&database)));
    let keys = init(at(&database), "GigaKick");
    let public = keys["public_key"].as_str().unwrap();
    eventually("both know the new program", || {
        one.event(public, &signup()).0 == 202 && other.event(public, &signup()).0 == 202
    });
    let body = r#"{"customer_key": "gk_2", "email": "two@shop.example"}"#;
    assert!(one.ask("POST", "/api/v2/customers", &basic(&keys), body).0 < 300);
    let again = other.ask("POST", "/api/v2/customers", &basic(&keys), body);
    assert_eq!(again.0, 409, "{again:?}");
    eventually("the event is delivered once", || customers(&other, &keys) == 2);
    let checked = headwater(at(&database), &["check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said}");
    assert_eq!(said, "ledger: holds together\njournal: holds together\nrelay's journal: not here\n");
    one.stop();
    assert_eq!(customers(&other, &keys), 2);
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_delivers_the_events_that_a_killed_one_had_taken() {
    let database = headwater_teststore::new_database("killed").await;
    let keys = init(at(&database), "GigaKick");
    let (mut one, other) = (Server::start(at(&database)), Server::start(at(&database)));
    let public = keys["public_key"].as_str().unwrap();
    for number in 10..60 {
        let event = signup().replace("ab\"", &format!("{number}\"")).replace("gk_1", &format!("gk_{number}"));
        assert_eq!(one.event(public, &event.replace("gone", &format!("c{number}"))).0, 202);
    }
    one.process.kill().unwrap();
    let url = "/api/v2/customers?limit=100";
    eventually("all fifty are in the ledger, long before any lease ends", || {
        let (_, list) = other.ask("GET", url, &basic(&keys), "");
        list["data"]["items"].as_array().is_some_and(|items| items.len() == 50)
    });
}

/// Passes connections on to a server until it is cut off; then it takes none and closes those it has.
struct Forwarder {
    address: SocketAddr,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Forwarder {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_cut, kept) = (Arc::clone(&cut), Arc::clone(&open));
        std::thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&server).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                }
                kept.lock().unwrap().extend([client, server]);
            }
        });
        Self { address, cut, open }
    }

    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_database_is_away_ends_in_time_and_says_what_it_could_not_store() {
    let database = headwater_teststore::new_database("away").await;
    let (user, place) = database.split_once('@').unwrap();
    let (server, name) = place.split_once('/').unwrap();
    let forwarder = Forwarder::to(server.to_owned());
    let destination = TcpListener::bind("127.0.0.1:0").unwrap();
    let files = tempfile::tempdir().unwrap();
    let secret = files.path().join("secret");
    std::fs::write(&secret, "sk_test_example").unwrap();
    let mut command = std::process::Command::new(server::HEADWATER);
    command.args(["relay", "--listen", "127.0.0.1:0", "--log", "error", "--drain-seconds", "2"]);
    command.args(["--public-key", "pk_test_example", "--secret-key-file"]).arg(&secret);
    command.args(["--destination", &format!("http://{}", destination.local_addr().unwrap())]);
    command.args(["--database", &format!("{user}@{}/{name}", forwarder.address)]);
    let mut relay = Server::run(&mut command);
    assert_eq!(relay.event("pk_test_example", SIGNUP).0, 202);
    // The destination has the request, and answers when the database is gone.
    let (mut request, _) = destination.accept().unwrap();
    forwarder.cut();
    request.read_exact(&mut [0; 4]).unwrap();
    request.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    let pid = relay.process.id().to_string();
    let begun = Instant::now();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = relay.process.wait().unwrap();
    assert_eq!(ended.code(), Some(3));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

/// The lines that `headwater migrate` prints about tables.
fn migrate(from: &str, to: &str) -> Vec<String> {
    let done = std::process::Command::new(server::HEADWATER)
        .args(["migrate", "--from", from, "--to", to])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout).unwrap();
    said.lines().filter(|line| line.ends_with("rows")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_to_a_database_and_back_and_goes_on_there() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    let files = |data: &std::path::Path| format!("sqlite:{}", data.display());
    let data = |data: &'static str| ["--data".into(), directory.path().join(data).into_os_string()];
    let keys = init(["--data".as_ref(), first.as_os_str()], "GigaKick");
    let public = keys["public_key"].as_str().unwrap();
    let [flag, path] = data("first");
    let server = Server::start([&flag, &path]);
    for number in 10..40 {
        let event = signup().replace("ab\"", &format!("{number}\"")).replace("gk_1", &format!("gk_{number}"));
        assert_eq!(server.event(public, &event.replace("gone", &format!("c{number}"))).0, 202);
    }
    eventually("all are in the ledger", || {
        server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1["data"]["items"]
            .as_array()
            .unwrap()
            .len()
            == 30
    });
    let before = server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1;
    server.stop();

    let database = headwater_teststore::new_database("moved").await;
    let there = migrate(&files(&first), &database);
    assert!(there.contains(&"ledger: customer: 30 rows".to_owned()), "{there:?}");
    let server = Server::start(at(&database));
    assert_eq!(server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1, before);
    let one_more = signup().replace("gk_1", "gk_new").replace("gone", "new");
    assert_eq!(server.event(public, &one_more).0, 202, "row numbers go on after the copied ones");
    eventually("it is in the ledger", || {
        server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1["data"]["items"]
            .as_array()
            .unwrap()
            .len()
            == 31
    });
    let after = server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1;
    server.stop();

    let back = migrate(&database, &files(&second));
    assert!(back.contains(&"ledger: customer: 31 rows".to_owned()), "{back:?}");
    for storage in [at(&database), ["--data".as_ref(), second.as_os_str()]] {
        assert!(headwater(storage, &["check"]).status.success());
    }
    let [flag, path] = data("second");
    let server = Server::start([&flag, &path]);
    assert_eq!(server.ask("GET", "/api/v2/customers?limit=100", &basic(&keys), "").1, after);
    server.stop();
    let again = std::process::Command::new(server::HEADWATER)
        .args(["migrate", "--from", &files(&first), "--to", &database])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && told.contains("table program holds rows already"), "{told}");
}

#[test]
fn a_database_that_cannot_be_used_is_told_in_one_line_without_its_password() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().join("data");
    let calls: [(&[&str], &str, &str); 3] = [
        (&["serve"], "postgres://u:pass_test_example@127.0.0.1:9/db", "cannot use postgres://127.0.0.1:9/db"),
        (&["check"], "mysql://u:pass_test_example@127.0.0.1/db", "the database must be given as postgres://"),
        (
            &["serve", "--data", directory.to_str().unwrap()],
            "postgres://u:pass_test_example@127.0.0.1:9/db",
            "'--data <DATA>' cannot be used with '--database <DATABASE>'",
        ),
    ];
    for (call, database, told) in calls {
        let refused = headwater(at(database), call);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(told), "{said}");
        assert!(!said.contains("pass_test_example") && !said.contains("panicked"), "{said}");
    }
    assert!(!directory.exists(), "nothing was started half-way");
}
