//! What deals and leads go through and carry: stages, forms and files.

use serde_json::{Value, json};

use crate::test_ledger::{TestLedger, text};

#[tokio::test]
async fn a_group_with_stages_of_its_own_uses_only_those() {
    let ledger = TestLedger::open().await;
    ledger.make("groups", &json!({"name": "Gold"})).await;
    let robin = text(
        &ledger
            .make(
                "partnerships",
                &json!({"email": "r@agency.example", "partner_key": "robin", "group_key": "gold"}),
            )
            .await["key"],
    );
    let stages = "/api/v2/sales-cycles/deal/stages";
    let names = async |query: &str| {
        let page = ledger.get(&format!("{stages}?{query}")).await.data();
        page["items"].as_array().unwrap().iter().map(|item| text(&item["name"])).collect::<Vec<_>>()
    };
    let standard = ["open", "qualified", "proposal", "negotiation", "closed won", "closed lost"];
    assert_eq!(names("").await, standard);
    assert_eq!(names("group_key=gold").await, standard);
    for (name, position, outcome) in [("Signed", 9, "won"), ("Talks", 2, "open")] {
        let body = json!({"name": name, "group_key": "gold", "position": position, "outcome": outcome});
        ledger.make("sales-cycles/deal/stages", &body).await;
    }
    assert_eq!(names("group_key=gold").await, ["Talks", "Signed"]);
    assert_eq!(names("group_key=partners").await, standard);
    let deal = |stage: &str| json!({"partner_key": "robin", "account_name": "Acme", "stage": stage});
    assert_eq!(ledger.post("/api/v2/deals", &deal("qualified").to_string()).await.error().2, "stage");
    assert_eq!(ledger.make("deals", &deal("signed")).await["stage"], "Signed");
    assert_eq!(
        ledger.make("deals", &json!({"partner_key": "robin", "account_name": "A"})).await["stage"],
        "Talks"
    );
    let again = json!({"name": "TALKS", "group_key": "gold"}).to_string();
    assert_eq!(
        ledger.post(stages, &again).await.error(),
        (409, "stage_exists".to_owned(), "name".to_owned())
    );
    assert_eq!(
        ledger.post("/api/v2/sales-cycles/sale/stages", &again).await.error().1,
        "sales_cycle_not_found"
    );
    let token = ledger.partner_token(&robin).await;
    let seen = ledger.request(&token, "GET", stages, "").await.data();
    assert_eq!(seen["items"][0]["name"], "Talks");
    // A client that pages until an empty page ends.
    let last = text(&seen["items"][1]["key"]);
    let rest = ledger.request(&token, "GET", &format!("{stages}?starting_after={last}"), "").await.data();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["has_more"]), (0, &json!(false)));
    let gone =
        ledger.request(&ledger.production(), "DELETE", &format!("/api/v2/stages/{last}"), "").await.data();
    assert_eq!(gone["archived"], true);
    assert_eq!(ledger.get(&format!("/api/v2/stages/{last}")).await.data(), gone);
    assert_eq!(
        ledger.get("/api/v2/stages?cycle=lead&limit=250").await.data()["items"].as_array().unwrap().len(),
        5
    );
    assert_eq!(names("group_key=gold").await, ["Talks"]);
    let moved = ledger
        .patch(
            &format!("/api/v2/stages/{}", text(&seen["items"][0]["key"])),
            &json!({"outcome": "lost", "position": 0}),
        )
        .await
        .data();
    assert_eq!((&moved["outcome"], &moved["position"]), (&json!("lost"), &json!(0)));
    assert_eq!(ledger.request(&ledger.test(), "POST", stages, &again).await.error().1, "test_key_read_only");
}

#[tokio::test]
async fn a_partner_answers_what_the_form_of_their_group_requires() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let token = ledger.partner_token(&robin).await;
    let fields =
        json!([{"api_name": "seats", "name": "How many seats?", "type": "number", "required": true}]);
    let form = json!({"type": "deal", "name": "Register a deal", "fields": fields});
    let form = ledger.make("form-templates", &form).await;
    assert_eq!(form["fields"][0]["options"], json!([]));
    ledger.make("form-templates", &json!({"type": "lead", "name": "Hand over a lead", "fields": []})).await;
    for who in [&token, &ledger.production()] {
        let list = async |path: &str| ledger.request(who, "GET", path, "").await.data();
        assert_eq!(list("/api/v2/deals/form-templates").await, json!([form]));
        assert_eq!(list("/api/v2/leads/form-templates").await.as_array().unwrap().len(), 1);
        assert_eq!(list("/api/v2/form-templates").await["items"].as_array().unwrap().len(), 2);
    }
    let deal =
        async |who: &str, body: Value| ledger.request(who, "POST", "/api/v2/deals", &body.to_string()).await;
    let without = deal(&token, json!({"account_name": "Acme", "fields": {"seats": ""}})).await;
    assert_eq!(without.error(), (400, "required".to_owned(), "fields.seats".to_owned()));
    assert_eq!(deal(&token, json!({"account_name": "Acme", "fields": {"seats": 4}})).await.status, 200);
    assert_eq!(
        deal(&ledger.production(), json!({"account_name": "A", "partner_key": "robin"})).await.status,
        200
    );
    // The group's own form takes the place of the general one.
    let own = json!({"type": "deal", "name": "Default", "group_key": "partners", "fields": []});
    let own = ledger.make("form-templates", &own).await;
    assert_eq!(deal(&token, json!({"account_name": "Acme"})).await.status, 200);
    let path = format!("/api/v2/form-templates/{}", text(&own["key"]));
    assert_eq!(ledger.get(&path).await.data()["name"], "Default");
    assert_eq!(
        ledger.patch(&path, &json!({"fields": fields})).await.data()["fields"][0]["api_name"],
        "seats"
    );
    ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    assert_eq!(deal(&token, json!({"account_name": "Acme"})).await.error().2, "fields.seats");
    for (broken, field) in [
        (json!([{"api_name": "a b", "name": "x"}]), "fields[0].api_name"),
        (json!([{"api_name": "a", "name": "x"}, {"api_name": "a", "name": "y"}]), "fields[1].api_name"),
        (json!([{"api_name": "a"}]), "fields[0].name"),
        (json!(vec![json!({"api_name": "a", "name": "x"}); 51]), "fields"),
    ] {
        let body = json!({"type": "deal", "name": "F", "fields": broken}).to_string();
        assert_eq!(ledger.post("/api/v2/form-templates", &body).await.error().2, field);
    }
}

#[tokio::test]
async fn a_file_of_a_deal_is_read_by_those_who_see_the_deal() {
    let ledger = TestLedger::open().await;
    let robin = ledger.partner("robin").await;
    let wren = ledger.partner("wren").await;
    let (own, rival) = (ledger.partner_token(&robin).await, ledger.partner_token(&wren).await);
    let deal =
        text(&ledger.make("deals", &json!({"partner_key": "robin", "account_name": "Acme"})).await["key"]);
    let files = format!("/api/v2/deals/{deal}/files");
    let body = json!({"name": "proposal.txt", "content_type": "text/plain", "content": "aGVsbG8="});
    let made = ledger.request(&own, "POST", &files, &body.to_string()).await.data();
    assert_eq!((&made["size"], &made["deal_key"]), (&json!(5), &json!(deal)));
    let one = text(&made["url"]);
    assert_eq!(one, format!("/api/deals/{deal}/file/{}", text(&made["key"])));
    for who in [&own, &ledger.production()] {
        assert_eq!(ledger.request(who, "GET", &files, "").await.data()["items"], json!([made]));
        let read = ledger.request(who, "GET", &one, "").await.data();
        assert_eq!((&read["content"], &read["content_type"]), (&json!("aGVsbG8="), &json!("text/plain")));
    }
    for (method, path) in [("GET", &files), ("GET", &one)] {
        assert_eq!(
            ledger.request(&rival, method, path, "").await.error(),
            (404, "deal_not_found".to_owned(), String::new())
        );
    }
    assert_eq!(ledger.request(&rival, "POST", &files, &body.to_string()).await.status, 404);
    let other =
        text(&ledger.make("deals", &json!({"partner_key": "robin", "account_name": "B"})).await["key"]);
    let crossed = format!("/api/deals/{other}/file/{}", text(&made["key"]));
    assert_eq!(ledger.get(&crossed).await.error().1, "file_not_found");
    for (broken, field) in [
        (json!({"name": "x", "content": "no base64!"}), "content"),
        (json!({"name": "", "content": ""}), "name"),
        (json!({"name": "x"}), "content"),
        (json!({"name": "x", "content": "AAAA".repeat(128 * 1024 / 3 + 1)}), "content"),
    ] {
        assert_eq!(ledger.post(&files, &broken.to_string()).await.error().2, field);
    }
    // 131,072 bytes are 43,690 groups of three and two more.
    let largest = json!({"name": "x", "content": format!("{}AAA=", "AAAA".repeat(43_690))});
    assert_eq!(ledger.post(&files, &largest.to_string()).await.data()["size"], 131_072);
    for _ in 2..10 {
        ledger.post(&files, &body.to_string()).await.data();
    }
    assert_eq!(
        ledger.post(&files, &body.to_string()).await.error(),
        (409, "too_many_files".to_owned(), String::new())
    );
    ledger.request(&ledger.production(), "DELETE", &one, "").await.data();
    assert_eq!(ledger.get(&one).await.status, 404);
    ledger.post(&files, &body.to_string()).await.data();
    let customer =
        ledger.post(&format!("/api/v2/deals/{deal}/convert"), r#"{"email":"a@site.example"}"#).await.data();
    let path = format!("/api/v2/customers/{}", text(&customer["key"]));
    ledger.request(&ledger.production(), "DELETE", &path, "").await.data();
    assert_eq!(ledger.get(&files).await.data()["items"], json!([]));
}
