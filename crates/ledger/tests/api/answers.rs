//! Every answer of the API is JSON that contains its status, whatever went wrong.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use crate::test_ledger::{TestLedger, text};

#[tokio::test]
async fn every_error_is_json_and_names_its_field_and_code() {
    let ledger = TestLedger::open().await;
    let whose = ledger.production();
    let cases = [
        ("GET", "/api/v2/nothing", "", (404, "unknown_path", "")),
        ("POST", "/api/v2/nothing", "{}", (404, "unknown_path", "")),
        ("GET", "/a/b", "", (404, "unknown_path", "")),
        ("DELETE", "/api/v2/groups", "", (405, "method_not_allowed", "")),
        ("POST", "/api/v2/groups", "{", (400, "malformed_json", "")),
        ("POST", "/api/v2/groups", "[]", (400, "wrong_type", "")),
        ("POST", "/api/v2/groups", "{}", (400, "required", "name")),
        ("POST", "/api/v2/groups", r#"{"name":7}"#, (400, "wrong_type", "name")),
        ("POST", "/api/v2/groups", r#"{"name":""}"#, (400, "out_of_range", "name")),
        ("POST", "/api/v2/groups", r#"{"name":"a\u0000b"}"#, (400, "invalid_value", "name")),
        ("GET", "/api/v2/groups/grup_nobody", "", (404, "group_not_found", "")),
        ("GET", "/api/v2/groups/grup_%00", "", (404, "unknown_path", "")),
        ("GET", "/api/v2/customers?customer_key=a%00", "", (400, "invalid_value", "customer_key")),
        ("GET", "/api/v2/groups?limit=0", "", (400, "out_of_range", "limit")),
        ("GET", "/api/v2/groups?limit=251", "", (400, "out_of_range", "limit")),
        ("GET", "/api/v2/groups?limit=ten", "", (400, "out_of_range", "limit")),
        ("GET", "/api/v2/groups?order_by=name", "", (400, "invalid_value", "order_by")),
        ("GET", "/api/v2/groups?min_created=today", "", (400, "wrong_type", "min_created")),
        ("GET", "/api/v2/groups?include_archived=2", "", (400, "invalid_value", "include_archived")),
        ("GET", "/api/v2/groups?starting_after=x", "", (400, "unknown_cursor", "starting_after")),
        (
            "GET",
            "/api/v2/groups?starting_after=x&ending_before=y",
            "",
            (400, "invalid_value", "ending_before"),
        ),
    ];
    for (method, path, body, (status, code, field)) in cases {
        let reply = ledger.request(&whose, method, path, body).await;
        assert_eq!(reply.error(), (status, code.to_owned(), field.to_owned()), "{method} {path}");
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn a_missing_member_is_reported_in_the_wording_that_clients_know() {
    let ledger = TestLedger::open().await;
    let reply = ledger.post("/api/v2/links", r#"{"dest":"https://www.example.com/"}"#).await;
    assert_eq!(text(&reply.json()["message"]), "'partnership_key' is a required property");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_limit_named() {
    let ledger = TestLedger::open().await;
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(headwater_protocol::limits::API_BODY_MAX));
    let reply = ledger.post("/api/v2/groups", &body).await;
    assert_eq!(reply.error().0, 413);
    assert!(reply.text.contains(&headwater_protocol::limits::API_BODY_MAX.to_string()), "{}", reply.text);
}

#[tokio::test]
async fn json_is_read_as_plain_text_or_without_a_media_type_and_forms_are_refused() {
    let ledger = TestLedger::open().await;
    let cases = [
        (None, "a", 200),
        (Some("text/plain;charset=UTF-8"), "b", 200),
        (Some("application/json; charset=utf-8"), "c", 200),
        (Some("application/x-www-form-urlencoded"), "d", 415),
    ];
    for (media_type, name, status) in cases {
        let mut request = Request::post("/api/v2/groups").header(header::AUTHORIZATION, ledger.production());
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let reply = ledger.send(request.body(Body::from(format!(r#"{{"name":"{name}"}}"#))).unwrap()).await;
        assert_eq!(reply.status, status, "{media_type:?} {}", reply.text);
        assert_eq!(reply.json()["status"], status);
    }
}

#[tokio::test]
async fn a_cors_preflight_is_answered() {
    let ledger = TestLedger::open().await;
    let request = Request::options("/conversion/xid")
        .header(header::ORIGIN, "https://www.example.com")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type")
        .body(Body::empty())
        .unwrap();
    let reply = ledger.send(request).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
    assert!(reply.header("access-control-allow-headers").contains("authorization"));
    assert!(reply.header("access-control-allow-methods").contains("POST"));
}

#[tokio::test]
async fn unknown_members_and_parameters_are_ignored_with_a_warning() {
    let ledger = TestLedger::open().await;
    let reply = ledger.post("/api/v2/groups?trace=1", r#"{"name":"Agencies","nmae":"green"}"#).await;
    let group = reply.data();
    assert_eq!((reply.status, text(&reply.json()["message"])), (200, "Group created".to_owned()));
    assert_eq!(group["slug"], "agencies");
    let warning = |code: &str, field: &str, hint: &str| json!({"code": code, "field": field, "hint": hint});
    let (nearest, none) = ("nothing reads it; did you mean 'name'?", "nothing reads it here");
    let expected = [warning("unknown_member", "nmae", nearest), warning("unknown_parameter", "trace", none)];
    assert_eq!(reply.json()["warnings"], json!(expected));
    let read = ledger.get("/api/v2/groups/agencies?x=y").await;
    assert_eq!(read.data(), group);
    assert_eq!(read.json()["warnings"], json!([warning("unknown_parameter", "x", none)]));
    assert!(ledger.get("/api/v2/groups/agencies").await.json().get("warnings").is_none());
}

#[tokio::test]
async fn a_filter_that_a_list_does_not_know_is_named_and_a_known_one_is_not() {
    let ledger = TestLedger::open().await;
    let warned = async |target: &str| {
        let reply = ledger.get(target).await;
        reply.data();
        reply.json()["warnings"].clone()
    };
    let mistyped = warned("/api/v2/customers?emial=ada%40site.example&limit=5").await;
    assert_eq!((&mistyped[0]["field"], mistyped.as_array().unwrap().len()), (&json!("emial"), 1));
    assert_eq!(mistyped[0]["hint"], "nothing reads it; did you mean 'email'?");
    let all = "limit=5&order_by=created_at&min_created=1&max_created=2&min_updated=1&max_updated=2&\
               include_archived=true&has_sub_id=false&email=&customer_key=x&partner_key=y&provider_key=z";
    assert_eq!(warned(&format!("/api/v2/customers?{all}")).await, json!(null));
    // The list adds a warning of its own; this one joins it.
    assert_eq!(warned("/api/v2/transactions?unmatched=true&page=2").await[0]["field"], "page");
}

#[tokio::test]
async fn an_error_names_the_members_that_nothing_read() {
    let ledger = TestLedger::open().await;
    let reply = ledger.post("/api/v2/transactions?limit=1", r#"{"amuont": 100, "currency": "USD"}"#).await;
    assert_eq!((reply.error().0, reply.error().2), (400, "amount".to_owned()));
    let warnings = reply.json()["warnings"].clone();
    assert_eq!((&warnings[0]["field"], warnings.as_array().unwrap().len()), (&json!("amuont"), 1));
    assert_eq!(warnings[0]["hint"], "nothing reads it; did you mean 'amount'?");
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_same_warnings() {
    let ledger = TestLedger::open().await;
    let body = json!({"email": "ada@site.example", "partner_key": "gigakick", "colour": "green"});
    let first = ledger.post_once("/api/v2/customers", &body.to_string(), "k1").await;
    let again = ledger.post_once("/api/v2/customers", &body.to_string(), "k1").await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert!(first.text.contains("colour"), "{}", first.text);
}

#[tokio::test]
async fn changed_settings_reach_the_relay_and_never_show_a_secret() {
    let ledger = TestLedger::open().await;
    let mut changes = ledger.handle.changes();
    changes.borrow_and_update();
    let body = json!({"checkout_amounts": "accept", "webhook_secrets": {"stripe": "whsec_example"}, "origins": ["https://App.Example.com:443"]});
    let reply = ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", &body.to_string()).await;
    assert_eq!(reply.data()["origins"], json!(["https://app.example.com"]));
    assert_eq!(
        (&reply.data()["webhook_providers"], &reply.data()["test_webhook_providers"]),
        (&json!(["stripe"]), &json!([]))
    );
    assert!(!reply.text.contains("whsec_example"));
    assert!(changes.has_changed().unwrap());
    let halves = ledger.handle.ingestion_programs().await.unwrap();
    assert_eq!(halves.len(), 2);
    assert_eq!((halves[0].webhook_secrets.len(), halves[1].webhook_secrets.len()), (1, 0));
    assert!(!format!("{halves:?}").contains("whsec_example"));
    for (field, value) in [("origins", "https://a.example/path"), ("link_destinations", "https://a.example")]
    {
        let body = json!({field: [value]}).to_string();
        let reply = ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", &body).await;
        assert_eq!(reply.error(), (400, "invalid_value".to_owned(), format!("{field}[0]")));
    }
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message_and_the_next_request_is_served() {
    let ledger = TestLedger::open().await;
    ledger.pass(-2 * crate::test_ledger::START);
    let reply = ledger.get("/api/v2/groups").await;
    assert_eq!(reply.error(), (500, "internal".to_owned(), String::new()));
    assert!(!reply.text.contains("clock"), "{}", reply.text);
    ledger.pass(2 * crate::test_ledger::START);
    assert_eq!(ledger.get("/api/v2/groups").await.status, 200);
}

#[tokio::test]
async fn credentials_with_nul_are_nobodys() {
    let ledger = TestLedger::open().await;
    let reply =
        ledger.request(&crate::test_ledger::basic("pk_\0", "sk_\0"), "GET", "/api/v2/groups", "").await;
    assert_eq!(reply.error(), (401, "unauthorized".to_owned(), String::new()));
}
