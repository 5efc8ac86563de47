//! Links: their allowed destinations, and what a click records and sends.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use crate::desk::{Desk, text};

async fn refuse(desk: &Desk, slug: &str, dest: &str, code: &str, field: &str) {
    let body = json!({"partnership_key": "gstest", "slug": slug, "dest": dest}).to_string();
    let reply = desk.post("/api/v2/links", &body).await;
    assert_eq!((reply.error().1.as_str(), reply.error().2.as_str()), (code, field), "{slug} {dest}");
}

#[tokio::test]
async fn a_link_leads_only_where_the_program_allows() {
    let desk = Desk::open().await;
    for dest in [
        "https://evil.example/",
        "https://www.example.com.evil.example/",
        "http://127.0.0.1:1/",
        "https://www.example.com:8443/",
        "https://evil.example\\@www.example.com/",
    ] {
        refuse(&desk, "x", dest, "destination_not_allowed", "dest").await;
    }
    for dest in [
        "javascript:alert(1)",
        "//www.example.com",
        "https://a:b@www.example.com/",
        "ftp://www.example.com/",
        "x",
    ] {
        refuse(&desk, "x", dest, "invalid_value", "dest").await;
    }
    for slug in ["a/b", "api", "V1", "a b", "healthz", "ü"] {
        refuse(&desk, slug, "https://www.example.com/", "invalid_value", "slug").await;
    }
    desk.link("gstest", "x", "https://www.example.com/").await;
    refuse(&desk, "x", "https://www.example.com/", "link_exists", "slug").await;
    desk.link("gstest", "demo-1", "http://127.0.0.1:8787/landing").await;
}

#[tokio::test]
async fn without_allowed_destinations_the_hint_says_how_to_add_one() {
    let desk = Desk::open().await;
    desk.ask(&desk.admin(), "PATCH", "/api/v2/program", r#"{"link_destinations":[]}"#).await.data();
    let body = r#"{"partnership_key":"gstest","dest":"https://www.example.com/"}"#;
    let hint = text(&desk.post("/api/v2/links", body).await.json()["hint"]);
    assert!(hint.contains("PATCH /api/v2/program") && hint.contains("www.example.com"), "{hint}");
}

#[tokio::test]
async fn a_click_is_recorded_and_redirected_with_cookies_for_the_site() {
    let desk = Desk::open().await;
    let part = desk.partner("gigakick").await;
    desk.link(&part, "gk", "https://www.example.com/land?utm_source=p#top").await;
    let reply = desk.visit("/gk?sid=mail&sid2=b%20c&evil=1").await;
    assert_eq!(reply.status, 302);
    let clicks = desk.get("/api/v2/clicks").await.data();
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
    let ck = &desk.keys.company_key;
    let tail = "; Path=/; Max-Age=7776000; Domain=example.com; SameSite=Lax; Secure";
    assert_eq!(cookies.len(), 4);
    assert!(
        cookies[0].starts_with(&format!("_ps_xid_{ck}_")) && cookies[0].ends_with(&format!("={xid}{tail}")),
        "{cookies:?}"
    );
    assert!(cookies[1].starts_with(&format!("_gsxid{ck}")) && cookies[1].ends_with(&format!("={xid}{tail}")));
    assert_eq!(cookies[2], format!("_ps_partner_key_{ck}=gigakick{tail}"));
    assert_eq!(cookies[3], format!("_grsmpk{ck}=gigakick{tail}"));
    let second = desk.visit("/gk").await;
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
    let desk = Desk::open().await;
    desk.link("gstest", "gk", "https://www.example.com/").await;
    let ck = &desk.keys.company_key;
    let jar = format!("_ps_xid_{ck}_old=x; _gsxid{ck}old=x; _ps_partner_key_{ck}=ada; other=y");
    let request = Request::get("/gk").header(header::COOKIE, jar).body(Body::empty()).unwrap();
    let reply = desk.send(request).await;
    let all = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let gone: Vec<_> = all.filter(|cookie| cookie.contains("Max-Age=0;")).collect();
    let tail = "=; Path=/; Max-Age=0; Domain=example.com; SameSite=Lax; Secure";
    assert_eq!(gone, [format!("_ps_xid_{ck}_old{tail}"), format!("_gsxid{ck}old{tail}")]);
}

#[tokio::test]
async fn a_redirect_names_the_custom_link_domain_it_came_through() {
    let desk = Desk::open().await;
    desk.link("gstest", "gk", "https://www.example.com/").await;
    let request = Request::get("/gk").header(header::HOST, "go.partner.example").body(Body::empty()).unwrap();
    let reply = desk.send(request).await;
    assert!(reply.header("location").starts_with("https://www.example.com/?pscd=go.partner.example&"));
    assert!(!reply.headers.contains_key("set-cookie"), "no domain above both");
}

#[tokio::test]
async fn a_foreign_destination_gets_no_cookies() {
    let desk = Desk::open_at("https://links.other.example").await;
    desk.link("gstest", "gk", "https://www.example.com/").await;
    let reply = desk.visit("/gk").await;
    assert_eq!((reply.status, reply.headers.contains_key("set-cookie")), (302, false));
}

#[tokio::test]
async fn an_unknown_or_archived_link_answers_404_with_a_page_and_never_redirects() {
    let desk = Desk::open().await;
    let part = desk.partner("gigakick").await;
    desk.link(&part, "gk", "https://www.example.com/").await;
    desk.ask(&desk.production(), "DELETE", &format!("/api/v2/partnerships/{part}"), "").await.data();
    for path in ["/nobody", "/gk", "/https:%2F%2Fevil.example", "/..%2f"] {
        let reply = desk.visit(path).await;
        assert_eq!((reply.status, reply.headers.contains_key("location")), (404, false), "{path}");
        assert!(
            reply.header("content-type").starts_with("text/html") && !reply.text.contains("evil"),
            "{path}"
        );
    }
    assert_eq!(desk.get("/api/v2/clicks").await.data()["items"], json!([]));
}

#[tokio::test]
async fn links_are_listed_for_their_partner() {
    let desk = Desk::open().await;
    let part = desk.partner("gigakick").await;
    desk.link(&part, "gk", "https://www.example.com/").await;
    desk.link("gstest", "other", "https://www.example.com/").await;
    for name in [part.as_str(), "gigakick", "gigakick@partner.example"] {
        let page = desk.get(&format!("/api/v2/links/partnership/{name}")).await.data();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["url"], "https://go.example.com/gk");
    }
    let token = desk.partner_token(&part).await;
    let own = desk.ask(&token, "GET", "/api/v2/links", "").await.data();
    assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["slug"]), (1, &json!("gk")));
    desk.click("/gk").await;
    desk.click("/other").await;
    let own = desk.ask(&token, "GET", "/api/v2/clicks", "").await.data();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_program_can_choose_the_parameter_order_of_2021() {
    let desk = Desk::open().await;
    let partner = desk.partner("robin").await;
    desk.link(&partner, "robin", "https://www.example.com/").await;
    let order = async || {
        let location = desk.visit("/robin").await.header("location").to_owned();
        (location.find("gspk=").unwrap(), location.find("gsxid=").unwrap())
    };
    let (gspk, gsxid) = order().await;
    assert!(gsxid < gspk, "the present order");
    let change = r#"{"redirect_order":"2021"}"#;
    let changed = desk.ask(&desk.admin(), "PATCH", "/api/v2/program", change).await.data();
    assert_eq!(changed["redirect_order"], "2021");
    let (gspk, gsxid) = order().await;
    assert!(gspk < gsxid, "the order of 2021");
}
