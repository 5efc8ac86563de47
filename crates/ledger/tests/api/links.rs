//! Links: their allowed destinations, and what a click records and sends.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use crate::test_ledger::{TestLedger, text};

async fn refuse(ledger: &TestLedger, slug: &str, dest: &str, code: &str, field: &str) {
    let body = json!({"partnership_key": "gstest", "slug": slug, "dest": dest}).to_string();
    let reply = ledger.post("/api/v2/links", &body).await;
    assert_eq!((reply.error().1.as_str(), reply.error().2.as_str()), (code, field), "{slug} {dest}");
}

#[tokio::test]
async fn a_link_leads_only_where_the_program_allows() {
    let ledger = TestLedger::open().await;
    for dest in [
        "https://evil.example/",
        "https://www.example.com.evil.example/",
        "http://127.0.0.1:1/",
        "https://www.example.com:8443/",
        "https://evil.example\\@www.example.com/",
    ] {
        refuse(&ledger, "x", dest, "destination_not_allowed", "dest").await;
    }
    for dest in [
        "javascript:alert(1)",
        "//www.example.com",
        "https://a:b@www.example.com/",
        "https://a@www.example.com/",
        "https://:b@www.example.com/",
        "ftp://www.example.com/",
        "x",
    ] {
        refuse(&ledger, "x", dest, "invalid_value", "dest").await;
    }
    for slug in ["a/b", "api", "V1", "a b", "healthz", "ü"] {
        refuse(&ledger, slug, "https://www.example.com/", "invalid_value", "slug").await;
    }
    ledger.link("gstest", "x", "https://www.example.com/").await;
    refuse(&ledger, "x", "https://www.example.com/", "link_exists", "slug").await;
    ledger.link("gstest", "demo-1", "http://127.0.0.1:8787/landing").await;
}

#[tokio::test]
async fn without_allowed_destinations_the_hint_says_how_to_add_one() {
    let ledger = TestLedger::open().await;
    ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", r#"{"link_destinations":[]}"#).await.data();
    let body = r#"{"partnership_key":"gstest","dest":"https://www.example.com/"}"#;
    let hint = text(&ledger.post("/api/v2/links", body).await.json()["hint"]);
    assert!(hint.contains("PATCH /api/v2/program") && hint.contains("www.example.com"), "{hint}");
}

#[tokio::test]
async fn a_click_is_recorded_and_redirected_with_cookies_for_the_site() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    ledger.link(&part, "gk", "https://www.example.com/land?utm_source=p#top").await;
    let reply = ledger.visit("/gk?sid=mail&sid2=b%20c&evil=1").await;
    assert_eq!(reply.status, 302);
    let clicks = ledger.get("/api/v2/clicks").await.data();
    let click = &clicks["items"][0];
    assert_eq!(
        (&click["bot"], &click["sub_ids"], &click["partnership_key"]),
        (&json!(false), &json!(["mail", "b c"]), &json!(part))
    );
    let xid = text(&click["xid"]);
    let expected = format!(
        "https://www.example.com/land?utm_source=p&sid=mail&sid2=b%20c&ps_partner_key=Z2lnYWtpY2s&ps_xid={xid}&gsxid={xid}&gspk=Z2lnYWtpY2s#top"
    );
    assert_eq!(reply.header("location"), expected);
    let cookies: Vec<_> =
        reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let ck = &ledger.keys.company_key;
    let tail = "; Path=/; Max-Age=7776000; Domain=example.com; SameSite=Lax; Secure";
    assert_eq!(cookies.len(), 4);
    assert!(
        cookies[0].starts_with(&format!("_ps_xid_{ck}_")) && cookies[0].ends_with(&format!("={xid}{tail}")),
        "{cookies:?}"
    );
    assert!(cookies[1].starts_with(&format!("_gsxid{ck}")) && cookies[1].ends_with(&format!("={xid}{tail}")));
    assert_eq!(cookies[2], format!("_ps_partner_key_{ck}=gigakick{tail}"));
    assert_eq!(cookies[3], format!("_grsmpk{ck}=gigakick{tail}"));
    let second = ledger.visit("/gk").await;
    let second: Vec<_> =
        second.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    assert_ne!(
        cookies[0].split('=').next(),
        second[0].split('=').next(),
        "each click adds a pair of its own"
    );
}

#[tokio::test]
async fn a_click_expires_the_cookies_of_earlier_clicks() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let ck = &ledger.keys.company_key;
    let jar = format!("_ps_xid_{ck}_old=x; _gsxid{ck}old=x; _ps_partner_key_{ck}=ada; other=y");
    let request = Request::get("/gk").header(header::COOKIE, jar).body(Body::empty()).unwrap();
    let reply = ledger.send(request).await;
    let all = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let gone: Vec<_> = all.filter(|cookie| cookie.contains("Max-Age=0;")).collect();
    let tail = "=; Path=/; Max-Age=0; Domain=example.com; SameSite=Lax; Secure";
    assert_eq!(gone, [format!("_ps_xid_{ck}_old{tail}"), format!("_gsxid{ck}old{tail}")]);
}

#[tokio::test]
async fn a_redirect_names_the_custom_link_domain_it_came_through() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let request = Request::get("/gk").header(header::HOST, "go.partner.example").body(Body::empty()).unwrap();
    let reply = ledger.send(request).await;
    assert!(reply.header("location").starts_with("https://www.example.com/?pscd=go.partner.example&"));
    assert!(!reply.headers.contains_key("set-cookie"), "no domain above both");
}

#[tokio::test]
async fn a_foreign_destination_gets_no_cookies() {
    let ledger = TestLedger::open_at("https://links.other.example").await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let reply = ledger.visit("/gk").await;
    assert_eq!((reply.status, reply.headers.contains_key("set-cookie")), (302, false));
}

#[tokio::test]
async fn an_unknown_or_archived_link_answers_404_with_a_page_and_never_redirects() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    ledger.link(&part, "gk", "https://www.example.com/").await;
    ledger.request(&ledger.production(), "DELETE", &format!("/api/v2/partnerships/{part}"), "").await.data();
    for path in ["/nobody", "/gk", "/https:%2F%2Fevil.example", "/..%2f"] {
        let reply = ledger.visit(path).await;
        assert_eq!((reply.status, reply.headers.contains_key("location")), (404, false), "{path}");
        assert!(
            reply.header("content-type").starts_with("text/html") && !reply.text.contains("evil"),
            "{path}"
        );
    }
    assert_eq!(ledger.get("/api/v2/clicks").await.data()["items"], json!([]));
}

#[tokio::test]
async fn links_are_listed_for_their_partner() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("gigakick").await;
    ledger.link(&part, "gk", "https://www.example.com/").await;
    ledger.link("gstest", "other", "https://www.example.com/").await;
    for name in [part.as_str(), "gigakick", "gigakick@partner.example"] {
        let page = ledger.get(&format!("/api/v2/links/partnership/{name}")).await.data();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["url"], "https://go.example.com/gk");
    }
    let token = ledger.partner_token(&part).await;
    let own = ledger.request(&token, "GET", "/api/v2/links", "").await.data();
    assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["slug"]), (1, &json!("gk")));
    ledger.click("/gk").await;
    ledger.click("/other").await;
    let own = ledger.request(&token, "GET", "/api/v2/clicks", "").await.data();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_program_can_choose_the_parameter_order_of_2021() {
    let ledger = TestLedger::open().await;
    let partner = ledger.partner("robin").await;
    ledger.link(&partner, "robin", "https://www.example.com/").await;
    let order = async || {
        let location = ledger.visit("/robin").await.header("location").to_owned();
        (location.find("gspk=").unwrap(), location.find("gsxid=").unwrap())
    };
    let (gspk, gsxid) = order().await;
    assert!(gsxid < gspk, "the present order");
    let change = r#"{"redirect_order":"2021"}"#;
    let changed = ledger.request(&ledger.admin(), "PATCH", "/api/v2/program", change).await.data();
    assert_eq!(changed["redirect_order"], "2021");
    let (gspk, gsxid) = order().await;
    assert!(gspk < gsxid, "the order of 2021");
}

#[tokio::test]
async fn programs_that_follow_links_are_marked_as_such() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0";
    for (method, agent, bot) in
        [("GET", browser, false), ("HEAD", browser, true), ("GET", "curl/8.5.0", true)]
    {
        let request = Request::builder().method(method).uri("/gk").header(header::USER_AGENT, agent);
        assert_eq!(ledger.send(request.body(Body::empty()).unwrap()).await.status, 302);
        let clicks = ledger.get("/api/v2/clicks?limit=1").await.data();
        assert_eq!(clicks["items"][0]["bot"], bot, "{method} {agent}");
    }
}

#[tokio::test]
async fn a_taken_slug_names_the_programs_own_link_and_no_other_programs() {
    let ledger = TestLedger::open().await;
    ledger.link("gstest", "gk", "https://www.example.com/").await;
    let key = text(&ledger.get("/api/v2/links").await.data()["items"][0]["key"]);
    let new = headwater_ledger::NewProgram {
        name: "Other".to_owned(),
        link_destinations: vec!["www.example.com".to_owned()],
        ..headwater_ledger::NewProgram::default()
    };
    let other = ledger.handle.create_program(new).await.unwrap();
    let body =
        json!({"partnership_key": "gstest", "slug": "gk", "dest": "https://www.example.com/"}).to_string();
    let whose = [
        (ledger.production(), true),
        (crate::test_ledger::basic(&other.public_key, &other.secret_key), false),
    ];
    for (whose, named) in whose {
        let refused = ledger.request(&whose, "POST", "/api/v2/links", &body).await;
        assert_eq!((refused.error().1.as_str(), refused.text.contains(&key)), ("link_exists", named));
    }
}

#[tokio::test]
async fn partners_of_a_group_whose_links_the_company_makes_make_none() {
    let ledger = TestLedger::open().await;
    let part = ledger.partner("robin").await;
    let token = ledger.partner_token(&part).await;
    ledger
        .patch("/api/v2/groups/partners", &serde_json::json!({"features": {"disable_link_create": true}}))
        .await
        .data();
    let link = |slug: &str| {
        serde_json::json!({"partnership_key": "robin", "slug": slug, "dest": "https://www.example.com/"})
            .to_string()
    };
    let refused = ledger.request(&token, "POST", "/api/v2/links", &link("mine")).await.error();
    assert_eq!((refused.0, refused.1.as_str()), (403, "links_disabled"));
    ledger.post("/api/v2/links", &link("given")).await.data();
    let own = ledger.request(&token, "GET", "/api/v2/links", "").await.data();
    assert_eq!(own["items"][0]["slug"], "given");
}
