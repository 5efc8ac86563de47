//! Deals and leads: official forms and those of seed 004, whose they are, and becoming a customer.

use serde_json::{Value, json};

use crate::test_ledger::{TestLedger, text};

fn keys(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| text(&item["key"])).collect()
}

#[tokio::test]
async fn a_deal_of_seed_004_is_listed_changed_and_archived() {
    let ledger = TestLedger::open().await;
    ledger.partner("prtnr_abc123").await;
    let seed = json!({"partner_key": "prtnr_abc123", "name": "Enterprise Opportunity", "amount": 50000,
                      "stage": "qualified"});
    let deal = ledger.make("deals", &seed).await;
    assert_eq!(
        (&deal["account_name"], &deal["name"], &deal["amount"], &deal["stage"], &deal["source"]),
        (
            &json!("Enterprise Opportunity"),
            &json!("Enterprise Opportunity"),
            &json!(50000),
            &json!("qualified"),
            &json!("partner")
        )
    );
    let path = format!("/api/v2/deals/{}", text(&deal["key"]));
    assert_eq!(ledger.get(&path).await.data(), deal);
    assert_eq!(ledger.get("/api/v2/deals?limit=25").await.data()["items"], json!([deal]));
    ledger.pass(1);
    let official = json!({"close_date": "2026-12-31", "contact_email": "ada@site.example",
                          "contact_first_name": "Ada", "contact_last_name": "Lovelace", "stage": "Proposal",
                          "external_key": "crm-1", "fields": {"seats": 40}, "approved": false});
    let changed = ledger.patch(&path, &official).await.data();
    let mut expected = deal.clone();
    expected.as_object_mut().unwrap().extend(official.as_object().unwrap().clone());
    expected["stage"] = json!("proposal");
    expected["fields"] = json!([{"api_name": "seats", "value": 40}]);
    expected["updated_at"] = changed["updated_at"].clone();
    assert_eq!(changed, expected);
    assert!(changed["updated_at"].as_i64() > deal["updated_at"].as_i64());
    let gone = ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    assert_eq!(gone["archived"], true);
    assert!(keys(&ledger.get("/api/v2/deals").await.data()).is_empty());
    assert_eq!(keys(&ledger.get("/api/v2/deals?include_archived=true").await.data()).len(), 1);
}

#[tokio::test]
async fn a_deal_names_its_partner_or_its_group_as_its_source_asks() {
    let ledger = TestLedger::open().await;
    let refused = async |body: Value| ledger.post("/api/v2/deals", &body.to_string()).await;
    for (body, code, field) in [
        (json!({"account_name": "Acme"}), "required", "partner_key"),
        (
            json!({"account_name": "Acme", "source": "partner", "group_key": "partners"}),
            "required",
            "partner_key",
        ),
        (json!({"account_name": "Acme", "source": "vendor"}), "required", "group_key"),
        (json!({"account_name": "Acme", "source": "ads"}), "invalid_value", "source"),
        (json!({"partner_key": "gstest"}), "required", "account_name"),
        (json!({"account_name": "Acme", "partner_key": "nobody"}), "unknown_partner", "partner_key"),
        (json!({"account_name": "A", "partner_key": "gstest", "stage": "dream"}), "invalid_value", "stage"),
        (
            json!({"account_name": "A", "partner_key": "gstest", "close_date": "31.12.2026"}),
            "invalid_value",
            "close_date",
        ),
        (
            json!({"account_name": "A", "partner_key": "gstest", "close_date": "2026-02-30"}),
            "invalid_value",
            "close_date",
        ),
        (json!({"account_name": "A", "partner_key": "gstest", "amount": -1}), "out_of_range", "amount"),
        (json!({"account_name": "A", "partner_key": "gstest", "amount": 0.5}), "wrong_type", "amount"),
        (json!({"account_name": "A", "partner_key": "gstest", "key": "deal_"}), "invalid_value", "key"),
        (
            json!({"account_name": "A", "partner_key": "gstest", "fields": [{"value": 1}]}),
            "required",
            "fields[0].api_name",
        ),
        (
            json!({"account_name": "A", "partner_key": "gstest", "meta": {"m": "x".repeat(17_000)}}),
            "out_of_range",
            "meta",
        ),
    ] {
        let reply = refused(body.clone()).await;
        assert_eq!(reply.error(), (400, code.to_owned(), field.to_owned()), "{body}");
    }
    let missing = refused(json!({"account_name": "Acme"})).await;
    assert!(missing.text.contains("'partner_key' is a required property"), "{}", missing.text);
    assert!(refused(json!({"partner_key": "gstest", "account_name": "A", "stage": "dream"})).await.text.contains(
        "'dream' is not one of ['open', 'qualified', 'proposal', 'negotiation', 'closed won', 'closed lost']"
    ));
    let vendors = ledger
        .make("deals", &json!({"account_name": "Acme", "source": "vendor", "group_key": "partners"}))
        .await;
    assert_eq!((&vendors["partner_key"], &vendors["stage"]), (&Value::Null, &json!("open")));
    let kept = json!({"account_name": "Acme", "partner_key": "gstest", "key": "deal_moved1"});
    ledger.make("deals", &kept).await;
    assert_eq!(refused(kept).await.error(), (409, "deal_exists".to_owned(), "key".to_owned()));
}

#[tokio::test]
async fn a_lead_of_seed_004_keeps_its_name_and_its_status() {
    let ledger = TestLedger::open().await;
    ledger.partner("prtnr_abc123").await;
    let seed = json!({"partner_key": "prtnr_abc123", "email": "lead@company.example",
                      "name": "Potential Customer", "company": "Acme Corp"});
    let lead = ledger.make("leads", &seed).await;
    let shown =
        ["email", "name", "company", "first_name", "last_name", "status"].map(|name| text(&lead[name]));
    assert_eq!(
        shown,
        ["lead@company.example", "Potential Customer", "Acme Corp", "Potential", "Customer", "open"]
    );
    for (given, first) in [
        (json!({"meta": {"first_name": "Ada", "last_name": "Byron"}}), "Ada"),
        (json!({"fields": {"first_name": "Eve"}}), "Eve"),
        (json!({"fields": [{"key": "first_name", "value": "Zoë"}]}), "Zoë"),
        (json!({"first_name": "Own", "meta": {"first_name": "Ada"}}), "Own"),
    ] {
        let mut body = json!({"partner_key": "prtnr_abc123", "email": "l@site.example"});
        body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        assert_eq!(ledger.make("leads", &body).await["first_name"], first, "{body}");
    }
    let path = format!("/api/v2/leads/{}", text(&lead["key"]));
    for status in ["closed", "dead", "closed won", "closed lost", "open"] {
        assert_eq!(ledger.patch(&path, &json!({"status": status})).await.data()["status"], status);
    }
    assert_eq!(ledger.patch(&path, &json!({"status": "won"})).await.error().2, "status");
    let renamed = ledger.patch(&path, &json!({"name": "Ada King Byron", "company": "Own"})).await.data();
    let shown = ["first_name", "last_name", "name", "company"].map(|name| text(&renamed[name]));
    assert_eq!(shown, ["Ada", "King Byron", "Ada King Byron", "Own"]);
    assert_eq!(ledger.get(&path).await.data(), renamed);
    assert_eq!(ledger.request(&ledger.production(), "DELETE", &path, "").await.data()["archived"], true);
    let missing = ledger.post("/api/v2/leads", r#"{"partner_key":"gstest"}"#).await;
    assert!(missing.text.contains("'email' is a required property"), "{}", missing.text);
}

#[tokio::test]
async fn deals_and_leads_are_told_apart_and_filtered() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    ledger.partner("wren").await;
    let mut made = Vec::new();
    for (partner, stage) in [("robin", "open"), ("robin", "qualified"), ("wren", "open")] {
        ledger.pass(1);
        let deal =
            json!({"partner_key": partner, "account_name": partner, "stage": stage, "external_key": stage});
        made.push(text(&ledger.make("deals", &deal).await["key"]));
    }
    let lead =
        text(&ledger.make("leads", &json!({"partner_key": "robin", "email": "l@site.example"})).await["key"]);
    let list = async |query: &str| keys(&ledger.get(&format!("/api/v2/deals?{query}")).await.data());
    let expected = |at: &[usize]| at.iter().map(|at| made[*at].clone()).collect::<Vec<_>>();
    assert_eq!(list("").await, expected(&[2, 1, 0]));
    assert_eq!(list("order_by=created_at&limit=2").await, expected(&[0, 1]));
    assert_eq!(list("partner_key=robin").await, expected(&[1, 0]));
    assert_eq!(list(&format!("partnership_key={robin}&stage=open")).await, expected(&[0]));
    assert_eq!(list("stage=open").await, expected(&[2, 0]));
    assert_eq!(list("group_key=partners&external_key=qualified").await, expected(&[1]));
    assert_eq!(list("group_key=nowhere").await, expected(&[]));
    assert_eq!(list(&format!("starting_after={}", made[1])).await, expected(&[0]));
    let bound = ledger.get(&format!("/api/v2/deals/{}", made[1])).await.data()["created_at"].clone();
    assert_eq!(list(&format!("min_created={bound}&max_created={bound}")).await, expected(&[1]));
    assert_eq!(ledger.get(&format!("/api/v2/deals/{lead}")).await.status, 404);
    assert_eq!(ledger.get(&format!("/api/v2/leads/{}", made[0])).await.status, 404);
    assert_eq!(ledger.get(&format!("/api/v2/deals?starting_after={lead}")).await.error().1, "unknown_cursor");
    assert_eq!(keys(&ledger.get("/api/v2/leads?status=open&partner_key=robin").await.data()), [lead]);
}

#[tokio::test]
async fn a_deal_becomes_a_customer_of_its_partner_once() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let person = json!({"partnership_key": "robin", "email": "m@partner.example", "key": "stck_one"});
    ledger.make("members", &person).await;
    let body = json!({"partner_key": "robin", "account_name": "Acme", "contact_first_name": "Ada"});
    let deal = text(&ledger.make("deals", &body).await["key"]);
    let assign = format!("/api/deals/{deal}/assignment/robin/stck_one");
    assert_eq!(ledger.post(&assign, "").await.data()["member_key"], "stck_one");
    let convert = format!("/api/v2/deals/{deal}/convert");
    assert_eq!(ledger.post(&convert, "{}").await.error(), (400, "required".to_owned(), "email".to_owned()));
    let order = r#"{"email":"ada@site.example","customer_key":"ada"}"#;
    let customer = ledger.post_once(&convert, order, "once").await.data();
    assert_eq!(
        (&customer["customer_key"], &customer["partnership_key"], &customer["name"]),
        (&json!("ada"), &json!(robin), &json!("Ada"))
    );
    assert_eq!(ledger.post_once(&convert, order, "once").await.data(), customer);
    assert_eq!(ledger.get(&format!("/api/v2/deals/{deal}")).await.data()["customer_key"], customer["key"]);
    assert_eq!(ledger.post(&convert, order).await.error().1, "already_converted");
    let stats = ledger.get("/api/v2/partnerships/robin").await.data()["stats"].clone();
    assert_eq!(stats["CUSTOMER_COUNT"], 1);
    // Erasing the customer erases what the deal told of them, too, also in stored answers.
    let path = format!("/api/v2/customers/{}", text(&customer["key"]));
    ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    let left = ledger.get(&format!("/api/v2/deals/{deal}")).await;
    assert!(!left.text.contains("Ada") && !left.text.contains("Acme"), "{}", left.text);
    let lead = json!({"partner_key": "robin", "email": "eve@site.example", "name": "Eve Byron"});
    let lead = text(&ledger.make("leads", &lead).await["key"]);
    let made = ledger.post(&format!("/api/v2/leads/{lead}/convert"), "{}").await.data();
    assert_eq!(
        (text(&made["email"]), text(&made["name"])),
        ("eve@site.example".to_owned(), "Eve Byron".to_owned())
    );
}

#[tokio::test]
async fn a_deal_is_assigned_only_to_a_person_of_that_partners_team() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    ledger.partner("wren").await;
    ledger
        .make("members", &json!({"partnership_key": "wren", "email": "w@partner.example", "key": "stck_w"}))
        .await;
    let deal = json!({"source": "vendor", "group_key": "partners", "account_name": "Acme"});
    let deal = text(&ledger.make("deals", &deal).await["key"]);
    let assign = async |rest: &str| ledger.post(&format!("/api/deals/{deal}/assignment/{rest}"), "").await;
    assert_eq!(assign("robin/stck_w").await.error().1, "member_not_found");
    assert_eq!(assign("robin/stck_none").await.error().1, "member_not_found");
    assert_eq!(assign("nobody/stck_w").await.error().1, "unknown_partnership");
    let assigned = assign("wren/stck_w").await.data();
    assert_eq!(
        (text(&assigned["partner_key"]), text(&assigned["member_key"])),
        ("wren".to_owned(), "stck_w".to_owned())
    );
}

#[tokio::test]
async fn a_partner_makes_lists_and_reads_their_own_deals_and_leads_only() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    ledger.partner("wren").await;
    let token = ledger.partner_token(&robin).await;
    let other =
        json!({"partner_key": "wren", "account_name": "Secret", "contact_email": "secret@site.example"});
    let other = text(&ledger.make("deals", &other).await["key"]);
    let ask = async |method: &str, path: &str, body: Value| {
        ledger.request(&token, method, path, &body.to_string()).await
    };
    let made = ask("POST", "/api/v2/deals", json!({"account_name": "Acme", "amount": 100})).await.data();
    assert_eq!(
        (&made["partner_key"], &made["approved"], &made["source"]),
        (&json!("robin"), &json!(false), &json!("partner"))
    );
    let lead =
        ask("POST", "/api/v2/leads", json!({"email": "l@site.example", "approved": true})).await.data();
    assert_eq!((&lead["partner_key"], &lead["approved"]), (&json!("robin"), &json!(false)));
    let seen = ask("GET", "/api/v2/deals", Value::Null).await;
    assert_eq!(seen.data()["items"], json!([made]));
    assert_eq!(ask("GET", &format!("/api/v2/deals/{}", text(&made["key"])), Value::Null).await.data(), made);
    let hidden = ask("GET", &format!("/api/v2/deals/{other}"), Value::Null).await;
    let nobody = ask("GET", "/api/v2/deals/deal_nobody", Value::Null).await;
    assert_eq!(hidden.text.replace(&other, "X"), nobody.text.replace("deal_nobody", "X"));
    for named in ["wren", "nobody"] {
        let reply = ask("POST", "/api/v2/deals", json!({"account_name": "A", "partner_key": named})).await;
        assert_eq!(reply.error(), (403, "not_your_own".to_owned(), "partner_key".to_owned()));
    }
    let own = format!("/api/v2/deals/{}", text(&made["key"]));
    for (method, path) in
        [("PATCH", own.clone()), ("DELETE", own.clone()), ("POST", format!("{own}/convert"))]
    {
        assert_eq!(ask(method, &path, json!({})).await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn partners_do_not_share_idempotency_keys() {
    let ledger = TestLedger::open().await;
    let mut made = Vec::new();
    for partner in ["robin", "wren"] {
        let key = ledger.partner(partner).await;
        let token = ledger.partner_token(&key).await;
        let request = axum::http::Request::post("/api/v2/deals")
            .header("Authorization", &token)
            .header("Idempotency-Key", "once")
            .body(axum::body::Body::from(r#"{"account_name":"Acme"}"#))
            .unwrap();
        let reply = ledger.send(request).await.data();
        assert_eq!(reply["partner_key"], partner);
        made.push(reply["key"].clone());
    }
    assert_ne!(made[0], made[1]);
}

#[tokio::test]
async fn test_deals_are_not_seen_with_production_keys() {
    let ledger = TestLedger::open().await;
    let body = json!({"partner_key": "gstest", "account_name": "Acme"}).to_string();
    let made = ledger.request(&ledger.test(), "POST", "/api/v2/deals", &body).await.data();
    assert_eq!(made["test"], true);
    assert!(keys(&ledger.get("/api/v2/deals").await.data()).is_empty());
    assert_eq!(ledger.get(&format!("/api/v2/deals/{}", text(&made["key"]))).await.status, 404);
    let seen = ledger.request(&ledger.test(), "GET", "/api/v2/deals", "").await.data();
    assert_eq!(seen["items"], json!([made]));
}

#[tokio::test]
async fn a_group_decides_whether_its_partners_register_deals_and_leads() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let token = ledger.partner_token(&robin).await;
    let group = "/api/v2/groups/partners";
    let post = async |path: &str, body: Value| ledger.request(&token, "POST", path, &body.to_string()).await;
    for (feature, path, body) in [
        ("deals_enabled", "/api/v2/deals", json!({"account_name": "Acme"})),
        ("leads_enabled", "/api/v2/leads", json!({"email": "l@site.example"})),
    ] {
        assert_eq!(post(path, body.clone()).await.status, 200);
        let changed = ledger.patch(group, &json!({"features": {feature: false}})).await.data();
        assert_eq!(changed["features"][feature], false);
        assert_eq!(post(path, body.clone()).await.error().0, 403, "{feature}");
        let mut vendors = body;
        vendors["partner_key"] = json!("robin");
        assert_eq!(ledger.post(path, &vendors.to_string()).await.status, 200);
    }
}
