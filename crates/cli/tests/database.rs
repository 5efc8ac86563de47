//! The binary on PostgreSQL: several processes on one database, and databases that cannot be used.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]

mod server;

use std::time::{Duration, Instant};

use serde_json::Value;

use server::{SIGNUP, Server, Storage, basic, headwater, init};

fn at(database: &str) -> Storage<'_> {
    ["--database".as_ref(), database.as_ref()]
}

/// A signup that somebody is credited with.
fn signup() -> String {
    SIGNUP.replace("\"email\"", "\"partner_key\":\"gstest\",\"email\"")
}

/// Asks until the answer is as expected: what one process does, another hears of in its own time.
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
    assert_eq!(said, "ledger: holds together\njournal: holds together\n");
    one.stop();
    assert_eq!(customers(&other, &keys), 2);
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_had_taken_another_one_delivers() {
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
    eventually("all fifty are booked, long before any lease ends", || {
        let (_, list) = other.ask("GET", url, &basic(&keys), "");
        list["data"]["items"].as_array().is_some_and(|items| items.len() == 50)
    });
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
