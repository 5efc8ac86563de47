//! What a partnership shows (api.md section 8): group, tier, team, manager, address, tags and counters; and changing it.

use serde_json::{Value, json};

use crate::test_ledger::{Reply, TestLedger, text};

async fn make(ledger: &TestLedger, path: &str, body: Value) -> Value {
    ledger.make(path, &body).await
}

async fn patch(ledger: &TestLedger, path: &str, body: Value) -> Reply {
    ledger.patch(&format!("/api/v2/{path}"), &body).await
}

async fn listed(ledger: &TestLedger, query: &str) -> Vec<String> {
    let page = ledger.get(&format!("/api/v2/partnerships?{query}")).await.data();
    page["items"].as_array().unwrap().iter().map(|item| text(&item["partner_key"])).collect()
}

#[tokio::test]
async fn a_new_partner_has_every_member_that_clients_parse() {
    let ledger = TestLedger::open().await;
    let tier = make(&ledger, "tiers", json!({"name": "Gold"})).await;
    let body = json!({
        "email": "robin@agency.example", "partner_key": "robin", "manager_email": "boss@company.example",
        "manager_name": "Bo Boss", "tier_key": tier["key"], "address": {"country": "CA"}, "tags": ["eu"],
        "fields": [{"key": "audience", "value": "smb"}],
    });
    let made = make(&ledger, "partnerships", body).await;
    let suffix = text(&made["key"]).trim_start_matches("part_").to_owned();
    let expected = json!({
        "first_name": "", "last_name": "", "address": {"country": "CA"}, "mdata": null, "claimed": false,
        "tier": {"key": tier["key"], "name": "Gold"}, "tags": ["eu"], "approved_status": "approved",
        "team": {"key": format!("team_{suffix}"), "name": "robin@agency.example"},
        "manager": {"email": "boss@company.example", "name": "Bo Boss"},
        "fields": [{"api_name": "audience", "value": "smb"}],
        "stats": {"CUSTOMER_COUNT": 0, "LINK_CLICKS": 0, "CURRENCY": "USD", "REVENUE": 0, "COMMISSION_EARNED": 0,
                  "BY_CURRENCY": []},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let features = json!({"application_enabled": true, "deals_enabled": true, "disable_link_create": false,
                          "leads_enabled": true});
    assert_eq!((&made["group"]["slug"], &made["group"]["features"]), (&json!("partners"), &features));
    assert_eq!(ledger.get("/api/v2/partnerships/robin").await.data(), made);
    for (member, value) in [
        ("tier_key", json!("tier_none")),
        ("manager_email", json!("x")),
        ("address", json!({"x": "y".repeat(17_000)})),
    ] {
        assert_eq!(patch(&ledger, "partnerships/robin", json!({member: value})).await.error().2, member);
    }
}

#[tokio::test]
async fn partners_are_filtered_by_status_group_address_tag_tier_and_manager() {
    let ledger = TestLedger::open().await;
    make(&ledger, "groups", json!({"name": "Gold"})).await;
    let tier = text(&make(&ledger, "tiers", json!({"name": "One"})).await["key"]);
    let bodies = [
        json!({"partner_key": "robin", "email": "robin@agency.example", "group_key": "gold", "tags": ["eu", "a\"b"]}),
        json!({"partner_key": "wren", "email": "wren@agency.example", "tier_key": tier, "tags": ["eu"]}),
        json!({"partner_key": "tit", "email": "tit@agency.example", "manager_email": "boss@company.example"}),
    ];
    for body in bodies {
        ledger.pass(1);
        make(&ledger, "partnerships", body).await;
    }
    patch(&ledger, "partnerships/tit", json!({"approved_status": "pending"})).await.data();
    for (query, expected) in [
        ("tag=eu".to_owned(), &["wren", "robin"][..]),
        ("tag=a%22b".to_owned(), &["robin"]),
        ("tag=us".to_owned(), &[]),
        ("tag=eu&group_key=gold".to_owned(), &["robin"]),
        (format!("tier_key={tier}"), &["wren"]),
        ("tier_key=tier_none".to_owned(), &[]),
        ("manager_email=boss@company.example".to_owned(), &["tit"]),
        ("approved_status=pending".to_owned(), &["tit"]),
        ("email=robin@agency.example".to_owned(), &["robin"]),
    ] {
        assert_eq!(listed(&ledger, &query).await, expected, "{query}");
    }
    assert_eq!(ledger.get("/api/v2/partnerships?approved_status=maybe").await.error().2, "approved_status");
    patch(&ledger, "partnerships/robin", json!({"tags": ["us"]})).await.data();
    assert_eq!(listed(&ledger, "tag=eu").await, ["wren"]);
    assert_eq!(listed(&ledger, "tag=us").await, ["robin"]);
}

#[tokio::test]
async fn tags_are_replaced_added_and_taken_away() {
    let ledger = TestLedger::open().await;
    let tag = async |body: Value| patch(&ledger, "partnerships/gstest/tags", body).await;
    assert_eq!(tag(json!({"tags": ["a", "b"]})).await.data()["tags"], json!(["a", "b"]));
    assert_eq!(tag(json!({"add": ["c", "a"], "remove": ["b"]})).await.data()["tags"], json!(["a", "c"]));
    assert_eq!(tag(json!({})).await.error(), (400, "required".to_owned(), "tags".to_owned()));
    assert_eq!(tag(json!({"add": [""]})).await.error().2, "tags[2]");
    assert_eq!(tag(json!({"tags": []})).await.data()["tags"], json!([]));
}

#[tokio::test]
async fn many_partners_move_to_a_group_together_or_not_at_all() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    ledger.partner("wren").await;
    make(&ledger, "groups", json!({"name": "Gold"})).await;
    let wrong = json!({"partnership_keys": ["robin", "nobody"], "group_key": "gold"});
    assert_eq!(patch(&ledger, "partnerships", wrong).await.error().1, "partnership_not_found");
    assert_eq!(listed(&ledger, "group_key=gold").await, Vec::<String>::new());
    let moved =
        patch(&ledger, "partnerships", json!({"partner_keys": ["robin", "wren"], "group_key": "gold"})).await;
    assert_eq!(moved.data()["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed(&ledger, "group_key=gold&order_by=created_at").await, ["robin", "wren"]);
    let nobody = json!({"partnership_keys": [], "group_key": "gold"});
    assert_eq!(patch(&ledger, "partnerships", nobody).await.error().2, "partnership_keys");
}

#[tokio::test]
async fn a_person_joins_the_team_of_the_partner_in_the_path() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let member = make(
        &ledger,
        "partnerships/robin/member",
        json!({"email": "m@agency.example", "first_name": "Mo", "last_name": "Lee"}),
    )
    .await;
    assert_eq!((&member["name"], &member["partnership_key"]), (&json!("Mo Lee"), &json!(robin)));
    let team = robin.replacen("part_", "team_", 1);
    let shown = ledger.get(&format!("/api/v2/partner-team/{team}")).await.data();
    let expected = json!({"key": team, "name": "robin@partner.example", "partnership_key": robin,
                          "partner_key": "robin", "members": [member]});
    assert_eq!(shown, expected);
    for unknown in ["team_none", robin.as_str(), "robin"] {
        assert_eq!(ledger.get(&format!("/api/v2/partner-team/{unknown}")).await.error().1, "team_not_found");
    }
}

#[tokio::test]
async fn counters_follow_clicks_payments_refunds_and_rewards() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    ledger.link("robin", "go", "https://www.example.com/").await;
    ledger.click("/go").await;
    ledger.click("/go").await;
    let bot = axum::http::Request::get("/go")
        .header("user-agent", "a bot")
        .body(axum::body::Body::empty())
        .unwrap();
    ledger.send(bot).await;
    make(
        &ledger,
        "triggers",
        json!({"name": "t", "offer_description": "Earn 10%", "event": "transaction_created",
        "action": {"type": "commission_percent", "percent": "10"}}),
    )
    .await;
    for who in [ledger.production(), ledger.test()] {
        let body = json!({"email": "ada@site.example", "customer_key": "ada", "partner_key": "robin"});
        ledger.request(&who, "POST", "/api/v2/customers", &body.to_string()).await.data();
        for (key, amount, currency) in
            [("first", 10_000, "USD"), ("second", 5_000, "USD"), ("third", 700, "EUR")]
        {
            let body = json!({"customer_key": "ada", "key": key, "amount": amount, "currency": currency});
            ledger.request(&who, "POST", "/api/v2/transactions", &body.to_string()).await.data();
        }
    }
    let stats = async || ledger.get("/api/v2/partnerships/robin").await.data()["stats"].clone();
    let expected = |revenue: i64, commission: i64| {
        json!({"CUSTOMER_COUNT": 1, "LINK_CLICKS": 2, "CURRENCY": "USD", "REVENUE": revenue,
               "COMMISSION_EARNED": commission, "BY_CURRENCY": [
                   {"currency": "USD", "revenue": revenue, "commission_earned": commission},
                   {"currency": "EUR", "revenue": 700, "commission_earned": 70}]})
    };
    assert_eq!(stats().await, expected(15_000, 1_500));
    make(&ledger, "transactions/first/refund", json!({"amount": 4_000})).await;
    assert_eq!(stats().await, expected(11_000, 1_100));
    ledger.request(&ledger.production(), "DELETE", "/api/v2/transactions/second", "").await.data();
    assert_eq!(stats().await, expected(6_000, 600));
    let rewards = ledger.get("/api/v2/rewards?transaction=first").await.data();
    let reward =
        rewards["items"].as_array().unwrap().iter().find(|reward| reward["reverses"].is_null()).unwrap();
    let reward = format!("rewards/{}", text(&reward["key"]));
    patch(&ledger, &reward, json!({"status": "declined", "reason": "fraud"})).await.data();
    assert_eq!(stats().await, expected(6_000, 0));
    patch(&ledger, &reward, json!({"status": "approved"})).await.data();
    assert_eq!(stats().await, expected(6_000, 600));
}

#[tokio::test]
async fn offers_are_shown_when_asked_for() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    make(&ledger, "groups", json!({"name": "Gold"})).await;
    patch(&ledger, "partnerships/robin", json!({"group_key": "gold", "tags": ["eu"]})).await.data();
    for (offer, eligibility) in [
        ("for all", json!({})),
        ("for gold", json!({"groups": ["gold"]})),
        ("for europeans", json!({"tags": ["eu"]})),
        ("for americans", json!({"tags": ["us"]})),
    ] {
        let body = json!({"name": "secret", "offer_description": offer, "event": "customer_created",
            "action": {"type": "commission_flat", "amount": 100, "currency": "USD"}, "eligibility": eligibility});
        make(&ledger, "triggers", body).await;
    }
    let page = ledger.get("/api/v2/partnerships?include_offers=true&order_by=-created_at").await.data();
    let offers = |name: &str| {
        let items = page["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["partner_key"] == name).unwrap();
        item["offers"].as_array().unwrap().iter().map(|offer| text(&offer["description"])).collect::<Vec<_>>()
    };
    assert_eq!(offers("robin"), ["for all", "for gold", "for europeans"]);
    assert_eq!(offers("gstest"), ["for all"]);
    let without = ledger.get("/api/v2/partnerships").await.data();
    assert!(without["items"][0].get("offers").is_none());
    // A partner reads the same, and never the trigger's key.
    let token = ledger.partner_token("robin").await;
    let own = ledger.request(&token, "GET", "/api/v2/partnerships?include_offers=true", "").await.data();
    let items = page["items"].as_array().unwrap();
    let robin = items.iter().find(|item| item["partner_key"] == "robin").unwrap();
    assert_eq!(own["items"][0]["offers"], robin["offers"]);
    assert!(text(&robin["offers"][0]["key"]).starts_with("offr_"), "{robin}");
}

#[tokio::test]
async fn tiers_and_their_collections_are_made_changed_and_archived() {
    let ledger = TestLedger::open().await;
    let collection = make(&ledger, "tiers-collection", json!({"name": "2026"})).await;
    let key = text(&collection["key"]);
    let body = json!({"name": "Gold", "collection_key": key, "position": 2, "description": "The best"});
    let tier = make(&ledger, "tiers", body.clone()).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&tier[name], value, "{name}");
    }
    make(&ledger, "tiers", json!({"name": "Other", "position": 1})).await;
    let names = async |query: &str| {
        let page = ledger.get(&format!("/api/v2/tiers?{query}")).await.data();
        page["items"].as_array().unwrap().iter().map(|item| text(&item["name"])).collect::<Vec<_>>()
    };
    assert_eq!(names("order_by=position").await, ["Other", "Gold"]);
    assert_eq!(names(&format!("collection_key={key}")).await, ["Gold"]);
    let path = format!("tiers/{}", text(&tier["key"]));
    assert_eq!(ledger.get(&format!("/api/v2/{path}")).await.data(), tier);
    assert_eq!(patch(&ledger, &path, json!({"name": "Platinum"})).await.data()["name"], "Platinum");
    assert_eq!(
        patch(&ledger, &path, json!({"collection_key": "tcol_none"})).await.error().2,
        "collection_key"
    );
    ledger.request(&ledger.production(), "DELETE", &format!("/api/v2/{path}"), "").await.data();
    assert_eq!(names("").await, ["Other"]);
    let closed = json!({"email": "r@agency.example", "tier_key": tier["key"]}).to_string();
    assert_eq!(ledger.post("/api/v2/partnerships", &closed).await.error().1, "unknown_tier");
    let path = format!("/api/v2/tiers-collection/{key}");
    assert_eq!(ledger.get(&path).await.data(), collection);
    assert_eq!(ledger.get("/api/v2/tiers-collection").await.data()["items"], json!([collection]));
    let renamed = patch(&ledger, &format!("tiers-collection/{key}"), json!({"name": "2027"})).await.data();
    assert_eq!(renamed["name"], "2027");
    assert_eq!(ledger.request(&ledger.production(), "DELETE", &path, "").await.data()["archived"], true);
    assert_eq!(ledger.post("/api/v2/tiers", r#"{"name":"x","key":"tier_a"}"#).await.status, 200);
    assert_eq!(ledger.post("/api/v2/tiers", r#"{"name":"x","key":"tier_a"}"#).await.error().1, "tier_exists");
    for (path, body) in [("tiers", r#"{"name":"x"}"#), ("tiers-collection", r#"{"name":"x"}"#)] {
        let reply = ledger.request(&ledger.test(), "POST", &format!("/api/v2/{path}"), body).await;
        assert_eq!(reply.error().1, "test_key_read_only");
    }
}

#[tokio::test]
async fn there_is_always_a_default_group() {
    let ledger = TestLedger::open().await;
    let group = "groups/partners";
    assert_eq!(patch(&ledger, group, json!({"default": false})).await.error().1, "default_group");
    assert_eq!(patch(&ledger, group, json!({"archived": true})).await.error().1, "default_group");
    make(&ledger, "groups", json!({"name": "Gold"})).await;
    assert_eq!(
        patch(&ledger, "groups/gold", json!({"default": true, "name": "Best"})).await.data()["name"],
        "Best"
    );
    assert_eq!(ledger.get("/api/v2/groups/partners").await.data()["default"], false);
    let gone = ledger.request(&ledger.production(), "DELETE", "/api/v2/groups/partners", "").await.data();
    assert_eq!(gone["archived"], true);
}

#[tokio::test]
async fn a_link_is_found_by_its_slug_led_elsewhere_and_archived() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let wren = ledger.partner("wren").await;
    ledger.link("robin", "go", "https://www.example.com/").await;
    let link = ledger.get("/api/v2/links/go").await.data();
    let path = format!("/api/v2/links/{}", text(&link["key"]));
    assert_eq!(ledger.get(&path).await.data(), link);
    assert_eq!(ledger.get("/api/v2/links?slug=go").await.data()["items"], json!([link]));
    assert_eq!(ledger.get("/api/v2/links?slug=gone").await.data()["items"], json!([]));
    let (own, rival) = (ledger.partner_token(&robin).await, ledger.partner_token(&wren).await);
    assert_eq!(ledger.request(&own, "GET", "/api/v2/links/go", "").await.status, 200);
    for name in ["go", text(&link["key"]).as_str()] {
        assert_eq!(ledger.request(&rival, "GET", &format!("/api/v2/links/{name}"), "").await.status, 404);
    }
    let led = patch(&ledger, "links/go", json!({"dest": "https://www.example.com/pricing"})).await.data();
    assert_eq!(led["dest"], "https://www.example.com/pricing");
    assert!(ledger.visit("/go").await.header("location").starts_with("https://www.example.com/pricing?"));
    let elsewhere = patch(&ledger, "links/go", json!({"dest": "https://evil.example/"})).await;
    assert_eq!(elsewhere.error().1, "destination_not_allowed");
    ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    assert_eq!(ledger.visit("/go").await.status, 404);
    assert_eq!(ledger.get(&path).await.data()["archived"], true);
    assert_eq!(patch(&ledger, "links/go", json!({"archived": false})).await.data()["archived"], false);
    assert_eq!(ledger.visit("/go").await.status, 302);
}
