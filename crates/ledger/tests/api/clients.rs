//! What published clients send and parse, which no document names (docs/clients.md).

use serde_json::{Value, json};

use crate::test_ledger::{TestLedger, text};

/// Fern's generated client maps over `data`.
#[tokio::test]
async fn the_forms_of_deals_and_of_leads_are_plain_lists() {
    let ledger = TestLedger::open().await;
    for number in 0..12 {
        let form = json!({"type": "deal", "name": format!("Form {number}"), "fields": []});
        ledger.make("form-templates", &form).await;
    }
    let forms = ledger.get("/api/v2/deals/form-templates").await.data();
    assert_eq!(
        forms.as_array().unwrap().len(),
        12,
        "without a limit all of them, since nothing says that more follow"
    );
    let page = ledger.get("/api/v2/deals/form-templates?limit=5").await.data();
    let last = text(&page[4]["key"]);
    let rest = ledger.get(&format!("/api/v2/deals/form-templates?starting_after={last}")).await.data();
    assert_eq!(
        [page.as_array().unwrap().clone(), rest.as_array().unwrap().clone()].concat(),
        *forms.as_array().unwrap()
    );
    assert_eq!(ledger.get("/api/v2/leads/form-templates").await.data(), json!([]));
}

/// Fern's generated client reads `deal_files`, and the address of one file.
#[tokio::test]
async fn the_files_of_a_deal_stand_in_deal_files_and_each_has_its_address() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    let deal =
        text(&ledger.make("deals", &json!({"partner_key": "robin", "account_name": "Acme"})).await["key"]);
    let files = format!("deals/{deal}/files");
    let made = ledger.make(&files, &json!({"name": "a.txt", "content": "aGk="})).await;
    let list = ledger.get(&format!("/api/v2/{files}")).await.data();
    assert_eq!((&list["deal_files"], &list["items"]), (&json!([made]), &json!([made])));
    assert_eq!(ledger.get(&text(&made["url"])).await.data()["url"], made["url"]);
}

/// The official form of a lead has no member `email`.
#[tokio::test]
async fn a_lead_may_name_its_address_in_its_form_or_as_its_external_key() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    let named = json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@site.example"});
    for (given, address) in [
        (json!({"meta": named}), "ada@site.example"),
        (json!({"fields": [{"api_name": "email", "value": "ada@site.example"}]}), "ada@site.example"),
        (json!({"external_key": "bob@site.example", "meta": {"first_name": "Bob"}}), "bob@site.example"),
        (json!({"email": "eve@site.example", "meta": named}), "eve@site.example"),
    ] {
        let mut body = json!({"partner_key": "robin", "status": "open"});
        body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        let lead = ledger.make("leads", &body).await;
        assert_eq!(lead["email"], address);
        let path = format!("/api/v2/leads/{}", text(&lead["key"]));
        assert_eq!(ledger.get(&path).await.data()["email"], address);
    }
    let nobody = json!({"partner_key": "robin", "external_key": "crm-1"}).to_string();
    assert_eq!(ledger.post("/api/v2/leads", &nobody).await.error(), (400, "required".into(), "email".into()));
}

/// A command-line client applies with `group_slug` and `meta` alone.
#[tokio::test]
async fn an_application_names_its_group_by_slug_and_the_applicant_in_its_meta() {
    let ledger = TestLedger::open().await;
    let meta = json!({"email": "robin@agency.example", "first_name": "Robin", "last_name": "Fox"});
    let made = ledger.make("applications", &json!({"group_slug": "partners", "meta": meta})).await;
    let shown = ["email", "first_name", "last_name"].map(|name| (name, made[name].clone()));
    assert_eq!(shown.into_iter().collect::<Value>(), meta);
    let unknown = json!({"group_slug": "nobody", "meta": meta}).to_string();
    assert_eq!(ledger.post("/api/v2/applications", &unknown).await.error().0, 400);
    let nobody = ledger.post("/api/v2/applications", r#"{"group_slug": "partners", "meta": {}}"#).await;
    assert_eq!(nobody.error(), (400, "required".into(), "email".into()));
}

/// One client stops only at an empty page; without one it would ask for ever.
#[tokio::test]
async fn a_partner_pages_through_their_programs_to_an_empty_page() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let token = ledger.partner_token(&robin).await;
    let get = async |query: &str| {
        ledger.request(&token, "GET", &format!("/api/v2/marketplace/programs?limit=250{query}"), "").await
    };
    let page = get("").await;
    assert_eq!(page.json()["warnings"], Value::Null);
    let program = text(&page.data()["items"][0]["key"]);
    let behind = get(&format!("&starting_after={program}")).await.data();
    assert_eq!((&behind["items"], &behind["has_more"]), (&json!([]), &json!(false)));
    let unknown = get("&starting_after=nobody").await;
    assert_eq!(unknown.error(), (400, "unknown_cursor".into(), "starting_after".into()));
    assert_eq!(get("&limit=0").await.status, 200, "the first of two counts");
}

/// PHP and Python write a price that was multiplied by 100 as `4900.0`.
#[tokio::test]
async fn a_number_with_a_fraction_of_zeros_is_an_integer() {
    let ledger = TestLedger::open().await;
    ledger.partner("robin").await;
    let body = r#"{"partner_key": "robin", "name": "1.0", "amount": 4900.0, "amuont": 1.0}"#;
    let made = ledger.post("/api/v2/deals", body).await;
    assert_eq!((&made.data()["amount"], &made.data()["name"]), (&json!(4900), &json!("1.0")));
    let warned: Vec<_> =
        made.json()["warnings"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(warned, ["amuont"]);
    let fraction = ledger.post("/api/v2/deals", r#"{"partner_key": "robin", "amount": 49.5}"#).await;
    assert_eq!(fraction.error(), (400, "wrong_type".into(), "amount".into()));
    assert_eq!(
        ledger.get("/api/v2/deals?limit=1.0&min_created=0.00").await.data()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for query in ["limit=1.5", "limit=1.", "limit=.0", "min_created=1.05"] {
        assert_eq!(ledger.get(&format!("/api/v2/deals?{query}")).await.status, 400, "{query}");
    }
}
