//! Partnerships, groups, teams, and what a partner sees.

use serde_json::json;

use crate::test_ledger::{TestLedger, text};

#[tokio::test]
async fn a_program_begins_with_a_default_group_and_its_test_partner() {
    let ledger = TestLedger::open().await;
    let partner = ledger.get("/api/v2/partnerships/gstest").await.data();
    assert_eq!((&partner["group"]["default"], &partner["status"]), (&json!(true), &json!("active")));
    assert_eq!(
        (&partner["first_name"], &partner["last_name"], &partner["email"]),
        (&json!("Test"), &json!("Partner"), &json!("test-partner@headwater.example"))
    );
    let short = json!({
        "key": partner["key"], "email": partner["email"], "name": "Test Partner", "status": "active",
    });
    assert_eq!(ledger.get("/api/v2/partners/gstest").await.data(), short);
    assert_eq!(ledger.get("/api/v2/partners").await.data()["items"], json!([short]));
}

#[tokio::test]
async fn a_partner_is_found_by_every_name_and_made_once() {
    let ledger = TestLedger::open().await;
    let key = ledger.partner("https://jane.example/").await;
    for name in
        [key.as_str(), "https%3A%2F%2Fjane.example%2F", "https%3A%2F%2Fjane.example%2F%40partner.example"]
    {
        assert_eq!(
            ledger.get(&format!("/api/v2/partnerships/{name}")).await.data()["key"],
            key.as_str(),
            "{name}"
        );
    }
    let bodies = [
        (r#"{"email":"x@partner.example","partner_key":"https://jane.example/"}"#, "partner_key"),
        (r#"{"email":"https://jane.example/@partner.example"}"#, "email"),
    ];
    for (body, field) in bodies {
        let reply = ledger.post("/api/v2/partnerships", body).await;
        assert_eq!(reply.error(), (409, "partnership_exists".to_owned(), field.to_owned()));
    }
    let made = ledger.post("/api/v2/partnerships", r#"{"email":"new@partner.example"}"#).await.data();
    assert_eq!(text(&made["partner_key"]).len(), 12);
}

#[tokio::test]
async fn a_partner_moves_between_groups_that_exist() {
    let ledger = TestLedger::open().await;
    let key = ledger.partner("gigakick").await;
    let group = ledger.post("/api/v2/groups", r#"{"name":"Top Agencies!"}"#).await.data();
    let path = format!("/api/v2/partnerships/{key}");
    let moved = ledger
        .request(&ledger.production(), "PATCH", &path, r#"{"group_key":"top-agencies","tags":["eu"]}"#)
        .await
        .data();
    assert_eq!((&moved["group_key"], &moved["tags"]), (&group["key"], &json!(["eu"])));
    let reply = ledger.request(&ledger.production(), "PATCH", &path, r#"{"group_key":"nowhere"}"#).await;
    assert_eq!(reply.error(), (400, "unknown_group".to_owned(), "group_key".to_owned()));
    let reply = ledger.post("/api/v2/groups", r#"{"name":"Top agencies"}"#).await;
    assert_eq!(reply.error(), (409, "group_exists".to_owned(), "slug".to_owned()));
}

#[tokio::test]
async fn a_new_default_group_replaces_the_old_one() {
    let ledger = TestLedger::open().await;
    let group = ledger.post("/api/v2/groups", r#"{"name":"New","default":true}"#).await.data();
    let key = ledger.partner("gigakick").await;
    let partner = ledger.get(&format!("/api/v2/partnerships/{key}")).await.data();
    assert_eq!(partner["group_key"], group["key"]);
    let groups = ledger.get("/api/v2/groups").await.data();
    let defaults =
        groups["items"].as_array().unwrap().iter().filter(|group| group["default"] == true).count();
    assert_eq!(defaults, 1);
}

#[tokio::test]
async fn a_team_member_is_credited_only_with_its_own_partner() {
    let ledger = TestLedger::open().await;
    ledger.partner("gigakick").await;
    let body = r#"{"partnership_key":"gigakick","email":"m@partner.example","key":"stck_lCuxlSpfTI0Kgo"}"#;
    let member = ledger.post("/api/v2/members", body).await.data();
    assert_eq!(ledger.get("/api/v2/members/stck_lCuxlSpfTI0Kgo").await.data(), member);
    assert_eq!(ledger.post("/api/v2/members", body).await.error().1, "member_exists");
    assert_eq!(ledger.get("/api/v2/members?partnership_key=gigakick").await.data()["items"], json!([member]));
    for (partner, warned) in [("gigakick", false), ("gstest", true)] {
        let body = format!(
            r#"{{"email":"{partner}@site.example","partner_key":"{partner}","member_key":"stck_lCuxlSpfTI0Kgo"}}"#
        );
        let reply = ledger.post("/api/v2/customers", &body).await;
        assert_eq!((reply.status, reply.json().get("warnings").is_some()), (200, warned));
    }
}

#[tokio::test]
async fn a_partner_sees_its_own_customers_without_the_vendors_data() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    ledger.partner("rival").await;
    let make = async |name: &str, partner: &str| {
        let body = json!({"email": format!("{name}@site.example"), "customer_key": name, "partner_key": partner, "name": "A Customer", "provider_key": "p-secret", "external_key": format!("crm-{name}"), "meta": {"plan": "pro"}});
        text(&ledger.post("/api/v2/customers", &body.to_string()).await.data()["key"])
    };
    let (own, other) = (make("ada", "gigakick").await, make("bob", "rival").await);
    let token = ledger.partner_token(&part).await;
    let seen = ledger.request(&token, "GET", "/api/v2/customers", "").await;
    assert_eq!(seen.data()["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen.data()["items"][0]["key"], own.as_str());
    for word in ["site.example", "p-secret", "rival", "\"pro\"", "\"ada\"", "crm-ada"] {
        assert!(!seen.text.contains(word), "{word}: {}", seen.text);
    }
    let get = async |path: String| ledger.request(&token, "GET", &path, "").await;
    assert_eq!(get(format!("/api/v2/customers/{own}")).await.status, 200);
    let hidden = get(format!("/api/v2/customers/{other}")).await;
    let nobody = get("/api/v2/customers/cus_nobody00000000".to_owned()).await;
    assert_eq!(hidden.text.replace(&other, "X"), nobody.text.replace("cus_nobody00000000", "X"));
    // Neither a cursor nor an address reveals whether another partner's customer exists.
    assert_eq!(get(format!("/api/v2/customers?starting_after={other}")).await.error().1, "unknown_cursor");
    assert_eq!(get("/api/v2/customers/bob@site.example".to_owned()).await.status, 404);
}

#[tokio::test]
async fn a_partners_names_tags_and_status_change_alone() {
    let ledger = TestLedger::open().await;
    let path = "/api/v2/partnerships/gstest";
    let patch = async |body: serde_json::Value| {
        ledger.request(&ledger.production(), "PATCH", path, &body.to_string()).await
    };
    let mut expected = ledger.get(path).await.data();
    let changes = [
        ("first_name", json!("Ada")),
        ("last_name", json!("Lovelace")),
        ("tags", json!(["eu", "gold"])),
        ("approved_status", json!("pending")),
        ("approved_status", json!("declined")),
        ("approved_status", json!("approved")),
    ];
    for (member, value) in changes {
        ledger.pass(1);
        let changed = patch(json!({member: value})).await.data();
        assert!(changed["updated_at"].as_i64() > expected["updated_at"].as_i64());
        expected["updated_at"] = changed["updated_at"].clone();
        // A team is called as its partner is.
        expected["team"]["name"] = changed["team"]["name"].clone();
        expected[member] = value;
        assert_eq!(changed, expected, "{member}");
    }
    for (member, value) in [
        ("first_name", json!("n".repeat(101))),
        ("tags", json!(vec!["t"; 51])),
        ("approved_status", json!("maybe")),
    ] {
        assert_eq!(patch(json!({member: value})).await.error().2, member);
    }
    let gone = ledger.request(&ledger.production(), "DELETE", path, "").await.data();
    assert_eq!((&gone["archived"], &gone["status"]), (&json!(true), &json!("archived")));
    let token = ledger.post(&format!("{path}/token"), "").await;
    assert_eq!(token.error().1, "partnership_archived");
    let link = r#"{"partnership_key":"gstest","dest":"https://www.example.com/"}"#;
    assert_eq!(ledger.post("/api/v2/links", link).await.error().1, "partnership_archived");
}
