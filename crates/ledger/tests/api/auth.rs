//! Which credentials allow which calls.

use axum::body::Body;
use axum::http::Request;
use secrecy::ExposeSecret as _;

use crate::test_ledger::{TestLedger, basic};

#[tokio::test]
async fn each_credential_allows_its_own_calls_and_no_others() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    let partner = ledger.partner_token(&part).await;
    let tracking = format!("Bearer {}", ledger.keys.tracking_token);
    let (production, test, admin) = (ledger.production(), ledger.test(), ledger.admin());
    let conversion = r#"{"xid":"abcdefghijkl","customer_key":"c1"}"#;
    let calls = [
        ("GET", "/api/v2/groups", "", [true, true, false, false, false]),
        ("GET", "/api/v2/partnerships", "", [true, true, true, false, false]),
        ("GET", "/api/v2/customers", "", [true, true, true, false, false]),
        ("GET", "/api/v2/links", "", [true, true, true, false, false]),
        ("GET", "/api/v2/clicks", "", [true, true, true, false, false]),
        ("POST", "/api/v2/customers", "{}", [true, true, false, false, false]),
        ("POST", "/conversion/xid", conversion, [true, true, false, true, false]),
        ("GET", "/api/v2/program", "", [false, false, false, false, true]),
    ];
    for (method, path, body, opens) in calls {
        for (whose, open) in [&production, &test, &partner, &tracking, &admin].into_iter().zip(opens) {
            let reply = ledger.request(whose, method, path, body).await;
            assert_eq!(reply.status != 401, open, "{method} {path} {} {}", &whose[..12], reply.text);
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_all_refused_alike() {
    let ledger = TestLedger::open().await;
    let keys = &ledger.keys;
    let other = "sk_exampleexampleexampleexample00";
    let wrong = [
        basic(&keys.public_key, other),
        basic(&keys.public_key, &keys.test_secret_key),
        basic(&keys.test_public_key, &keys.secret_key),
        basic(&keys.public_key, ""),
        basic("pk_nobody", &keys.secret_key),
        format!("Bearer {}", keys.secret_key),
        format!("Bearer {}", keys.public_key),
        "Bearer".to_owned(),
        "Basic ???".to_owned(),
        "Digest x".to_owned(),
    ];
    for whose in wrong {
        let reply = ledger.request(&whose, "GET", "/api/v2/groups", "").await;
        assert_eq!(reply.error().0, 401, "{whose}");
        assert!(!reply.text.contains(other));
    }
    let reply = ledger.send(Request::get("/api/v2/groups").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.error(), (401, "unauthorized".to_owned(), String::new()));
    assert!(reply.header("www-authenticate").starts_with("Basic"));
}

#[tokio::test]
async fn the_in_process_secret_is_accepted_with_any_known_public_key() {
    let ledger = TestLedger::open().await;
    let secret = ledger.handle.in_process_secret();
    let whose = basic(&ledger.keys.test_public_key, secret.expose_secret());
    assert_eq!(ledger.request(&whose, "GET", "/api/v2/groups", "").await.status, 200);
    let nobody = basic("pk_nobody", secret.expose_secret());
    assert_eq!(ledger.request(&nobody, "GET", "/api/v2/groups", "").await.status, 401);
}

#[tokio::test]
async fn a_new_token_revokes_the_one_before_and_archiving_revokes_it() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    let first = ledger.partner_token(&part).await;
    let second = ledger.partner_token(&part).await;
    let status = async |whose: &str| ledger.request(whose, "GET", "/api/v2/customers", "").await.status;
    assert_eq!((status(&first).await, status(&second).await), (401, 200));
    ledger.request(&ledger.production(), "DELETE", &format!("/api/v2/partnerships/{part}"), "").await.data();
    assert_eq!(status(&second).await, 401);
}

#[tokio::test]
async fn another_programs_keys_give_no_access_here() {
    let ledger = TestLedger::open().await;
    let new = headwater_ledger::NewProgram { name: "Other".to_owned(), ..Default::default() };
    let other = ledger.handle.create_program(new).await.unwrap();
    let part = ledger.partner("gigakick").await;
    let whose = basic(&other.public_key, &other.secret_key);
    let reply = ledger.request(&whose, "GET", &format!("/api/v2/partnerships/{part}"), "").await;
    assert_eq!(reply.status, 404);
    let body = format!(r#"{{"partnership_key":"{part}","email":"m@other.example"}}"#);
    assert_eq!(ledger.request(&whose, "POST", "/api/v2/members", &body).await.error().0, 403);
    assert_eq!(
        ledger
            .request(&basic(&ledger.keys.public_key, &other.secret_key), "GET", "/api/v2/groups", "")
            .await
            .status,
        401
    );
}
