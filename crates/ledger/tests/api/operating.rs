//! Operation: an empty ledger, replaced secrets, changed link destinations, rate limits, timeouts, erasures.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use headwater_ledger::{Ledger, MIGRATIONS, Settings};
use headwater_protocol::{Millis, limits};
use serde_json::json;
use tower::ServiceExt as _;

use crate::test_ledger::{START, TestLedger, basic, text};

const HOUR: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn an_empty_ledger_answers_503_and_never_401() {
    let ledger = TestLedger::open().await;
    let directory = tempfile::tempdir().unwrap();
    let store = headwater_teststore::open(directory.path(), "ledger", MIGRATIONS);
    let settings = Settings {
        link_base: "https://go.example.com".to_owned(),
        clock: Arc::new(|| Millis(START)),
        random: Arc::new(|| [7; 32]),
    };
    let empty = Ledger::open(store, settings).unwrap();
    let calls = [
        ledger.production(),
        ledger.admin(),
        format!("Bearer {}", ledger.keys.tracking_token),
        String::new(),
    ];
    for whose in calls {
        let request = Request::post("/conversion/xid").header(header::AUTHORIZATION, &whose);
        let response = empty.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), 503, "{whose}");
        assert_eq!(response.headers()["retry-after"], "10");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["code"], "not_ready");
    }
}

#[tokio::test]
async fn a_replaced_secret_works_until_its_overlap_ends_and_the_new_one_at_once() {
    let ledger = TestLedger::open().await;
    let keys = ledger.keys.clone();
    let bearer = |token: &str| format!("Bearer {token}");
    let conversion = r#"{"xid":"abcdefghijkl","customer_key":"c1"}"#;
    let olds = [
        ("production", basic(&keys.public_key, &keys.secret_key), ("GET", "/api/v2/groups", "")),
        ("test", basic(&keys.test_public_key, &keys.test_secret_key), ("GET", "/api/v2/groups", "")),
        ("tracking", bearer(&keys.tracking_token), ("POST", "/conversion/xid", conversion)),
        ("test_tracking", bearer(&keys.test_tracking_token), ("POST", "/conversion/xid", conversion)),
        ("admin", bearer(&keys.admin_token), ("GET", "/api/v2/program", "")),
    ];
    let mut opened = Vec::new();
    let mut admin = ledger.admin();
    for (which, old, call) in olds {
        let body = json!({"which": which, "overlap_hours": 2}).to_string();
        let reply = ledger.request(&admin, "POST", "/api/v2/program/keys/rotate", &body).await.data();
        assert_eq!(reply["old_works_until"], START + 2 * HOUR, "{which}");
        let made = text(&reply["secret"]);
        let new = match reply["public_key"].as_str() {
            Some(public_key) => basic(public_key, &made),
            None => bearer(&made),
        };
        if which == "admin" {
            admin.clone_from(&new);
        }
        opened.push((which, old, new, call));
    }
    for (after, old_works) in [(0, true), (2 * HOUR - 1, true), (1, false)] {
        ledger.pass(after);
        for (which, old, new, (method, path, body)) in &opened {
            assert_eq!(ledger.request(old, method, path, body).await.status != 401, old_works, "{which} old");
            assert_ne!(ledger.request(new, method, path, body).await.status, 401, "{which} new");
        }
    }
}

#[tokio::test]
async fn a_reading_secret_reads_everything_and_changes_nothing() {
    let ledger = TestLedger::open().await;
    let mint = async |which: &str, hours: i64| {
        let body = json!({"which": which, "overlap_hours": hours}).to_string();
        ledger.request(&ledger.admin(), "POST", "/api/v2/program/keys/rotate", &body).await.data()
    };
    let [first, test] = [mint("read", 0).await, mint("test_read", 0).await];
    assert_eq!(first["public_key"], ledger.keys.public_key);
    assert!(text(&first["secret"]).starts_with("rk_") && text(&test["secret"]).starts_with("rk_test_"));
    let reader = basic(&ledger.keys.public_key, &text(&first["secret"]));
    for _ in 0..2 {
        // The second time from the cache of callers.
        assert_eq!(ledger.request(&reader, "GET", "/api/v2/groups", "").await.status, 200);
        let group = r#"{"slug":"new","name":"New"}"#;
        for (method, path, body) in [
            ("POST", "/api/v2/groups", group),
            ("PATCH", "/api/v2/customers/gk_1", "{}"),
            ("DELETE", "/api/v2/customers/gk_1", ""),
            ("POST", "/conversion/xid", r#"{"xid":"abcdefghijkl","customer_key":"c1"}"#),
        ] {
            let refused = ledger.request(&reader, method, path, body).await.error();
            assert_eq!((refused.0, refused.1.as_str()), (403, "read_only_key"), "{method} {path}");
        }
    }
    let status = async |public_key: &str, secret: &str| {
        ledger.request(&basic(public_key, secret), "GET", "/api/v2/groups", "").await.status
    };
    let (production, of_test) = (ledger.keys.public_key.clone(), ledger.keys.test_public_key.clone());
    assert_eq!(status(&of_test, &text(&first["secret"])).await, 401, "of the other pair");
    assert_eq!(status(&production, &text(&test["secret"])).await, 401, "of the other pair");
    let bearer = format!("Bearer {}", text(&first["secret"]));
    assert_eq!(ledger.request(&bearer, "GET", "/api/v2/groups", "").await.status, 401, "half of a pair");
    // A successor replaces it, and a replaced one still only reads.
    let second = mint("read", 1).await;
    assert_eq!(status(&production, &text(&second["secret"])).await, 200);
    assert_eq!(ledger.request(&reader, "POST", "/api/v2/groups", "{}").await.error().1, "read_only_key");
    ledger.pass(HOUR + 1);
    assert_eq!(status(&production, &text(&first["secret"])).await, 401);
}

#[tokio::test]
async fn a_leaked_secret_is_replaced_without_overlap() {
    let ledger = TestLedger::open().await;
    let rotate = async |whose: &str, hours: i64| {
        let body = json!({"which": "production", "overlap_hours": hours}).to_string();
        ledger.request(whose, "POST", "/api/v2/program/keys/rotate", &body).await
    };
    assert_eq!(rotate(&ledger.production(), 0).await.status, 401, "the admin token alone replaces secrets");
    assert_eq!(rotate(&ledger.admin(), 721).await.error().2, "overlap_hours");
    let slowly = rotate(&ledger.admin(), 720).await.data();
    assert_eq!(ledger.get("/api/v2/groups").await.status, 200);
    let pairs = ledger.handle.ingestion_programs().await.unwrap();
    assert_eq!(pairs.iter().map(|half| half.older_secret_hashes.len()).collect::<Vec<_>>(), [1, 0]);
    let now = rotate(&ledger.admin(), 0).await.data();
    for (secret, status) in
        [(ledger.keys.secret_key.clone(), 401), (text(&slowly["secret"]), 401), (text(&now["secret"]), 200)]
    {
        let whose = basic(&ledger.keys.public_key, &secret);
        assert_eq!(ledger.request(&whose, "GET", "/api/v2/groups", "").await.status, status);
    }
    assert!(ledger.handle.ingestion_programs().await.unwrap()[0].older_secret_hashes.is_empty());
}

#[tokio::test]
async fn a_link_answers_404_once_its_host_is_no_longer_allowed() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "spring", "https://www.example.com/landing").await;
    assert_eq!(ledger.visit("/spring").await.status, 302);
    let hosts = |list: &str| format!(r#"{{"link_destinations":[{list}]}}"#);
    ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", &hosts(r#""shop.example.com""#)).await.data();
    let gone = ledger.visit("/spring").await;
    assert_eq!((gone.status, gone.header("location")), (404, ""));
    ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", &hosts(r#""www.example.com""#)).await.data();
    assert_eq!(ledger.visit("/spring").await.status, 302);
}

#[tokio::test]
async fn the_clicks_of_one_address_are_rate_limited() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "spring", "https://www.example.com/landing").await;
    let click = async |address: [u8; 4]| {
        let mut request = Request::get("/spring").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 4711))));
        ledger.send(request).await
    };
    for _ in 0..limits::CLICKS_BURST {
        assert_eq!(click([192, 0, 2, 1]).await.status, 302);
    }
    let refused = click([192, 0, 2, 1]).await;
    assert_eq!((refused.error().0, refused.error().1.as_str()), (429, "rate_limited"));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(click([192, 0, 2, 2]).await.status, 302, "another address");
    ledger.pass(1000);
    assert_eq!(click([192, 0, 2, 1]).await.status, 302);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_arrives_times_out() {
    let ledger = TestLedger::open().await;
    let (_open, body) = http_body_util::channel::Channel::<Bytes>::new(1);
    let request = Request::post("/api/v2/customers").header(header::AUTHORIZATION, ledger.production());
    let reply = ledger.send(request.body(Body::new(body)).unwrap()).await;
    assert_eq!((reply.error().0, reply.error().1.as_str()), (408, "timeout"));
}

#[tokio::test]
async fn a_numeric_customer_key_is_taken_as_its_text_everywhere() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "spring", "https://www.example.com/landing").await;
    let xid = ledger.click("/spring").await;
    let made = ledger.post("/conversion/xid", &json!({"xid": xid, "customer_key": 42}).to_string()).await;
    assert_eq!(made.data()["outcome"], "created");
    let body = r#"{"customer_key":43,"email":"a@shop.example"}"#;
    assert_eq!(ledger.post("/api/v2/customers", body).await.data()["customer_key"], "43");
    let paid = r#"{"customer_key":42,"amount":100,"currency":"USD"}"#;
    assert!(ledger.post("/api/v2/transactions", paid).await.status < 300);
    let wrong = ledger.post("/conversion/xid", &json!({"xid": xid, "customer_key": true}).to_string()).await;
    assert_eq!((wrong.error().0, wrong.error().2.as_str()), (400, "customer_key"));
}

#[tokio::test]
async fn a_deleted_customer_is_a_pending_erasure_until_the_relay_confirms_it() {
    let ledger = TestLedger::open().await;
    let mut told = ledger.handle.erasures();
    let create = async |key: &str, email: &str, provider_key: &str| {
        let body = json!({"customer_key": key, "email": email, "provider_key": provider_key}).to_string();
        text(&ledger.post("/api/v2/customers", &body).await.data()["key"])
    };
    let alone = create("gk_1", "one@shop.example", "cus_example1").await;
    create("gk_2", "all@shop.example", "cus_example2").await;
    let sharing = create("gk_3", "all@shop.example", "cus_example2").await;
    for key in [&alone, &sharing] {
        ledger.request(&ledger.production(), "DELETE", &format!("/api/v2/customers/{key}"), "").await.data();
    }
    assert!(told.has_changed().unwrap());
    told.mark_unchanged();
    let pending = ledger.handle.pending_erasures().await.unwrap();
    let expected = [
        format!("c:{alone}"),
        "c:gk_1".to_owned(),
        "p:cus_example1".to_owned(),
        "e:one@shop.example".to_owned(),
    ];
    assert_eq!(pending[0].names, expected);
    // Another customer's payments may be parked under the names that both share.
    assert_eq!(pending[1].names, [format!("c:{sharing}"), "c:gk_3".to_owned()]);
    assert_eq!((pending[0].program, pending[0].test), (ledger.keys.program_id, false));
    ledger.handle.erased(pending[0].id).await.unwrap();
    assert_eq!(ledger.handle.pending_erasures().await.unwrap(), pending[1..]);
}
