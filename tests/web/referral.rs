//! The referral: from the address into cookies and reports.

use headwater_protocol::referral::Referral;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{CLICK, cookie_writes, cookies, events, from_js, signup, start, tracker_at, visit};

#[wasm_bindgen_test]
fn a_click_in_the_address_becomes_cookies_and_a_referral() {
    let tracker = tracker_at(CLICK, &json!({}));
    let expected = json!({ "partner_key": "gigakick", "xid": "abc123def456" });
    assert_eq!(from_js(&tracker.referral()), expected);
    for cookie in [
        "growSumoPartnerKey=gigakick",
        "ps_partner_key=gigakick",
        "gsxid=abc123def456",
        "ps_xid=abc123def456",
    ] {
        assert!(cookies().split("; ").any(|known| known == cookie), "{cookie} in {}", cookies());
    }
}

#[wasm_bindgen_test]
fn nobody_sent_a_visitor_without_a_click() {
    let tracker = tracker_at("?ps_partner_key=plain-text&ps_xid=short", &json!({}));
    assert_eq!(from_js(&tracker.referral()), json!({}));
    assert_eq!((cookies().as_str(), cookie_writes()), ("", 0));
}

#[wasm_bindgen_test]
fn a_known_click_is_not_written_again() {
    tracker_at(CLICK, &json!({}));
    let written = cookie_writes();
    assert!(written >= 4);
    start(&json!({}));
    visit(CLICK);
    assert_eq!(cookie_writes(), written);
    visit("?gspk=b3RoZXI&gsxid=zzz123def456");
    assert!(cookie_writes() > written);
}

#[wasm_bindgen_test]
fn the_last_click_wins_unless_the_first_one_does() {
    for (model, winner) in [("last", "other"), ("first", "gigakick")] {
        let tracker = tracker_at(CLICK, &json!({ "model": model }));
        visit("?gspk=b3RoZXI&gsxid=zzz123def456");
        assert_eq!(from_js(&tracker.referral())["partner_key"], winner, "{model}");
        assert!(cookies().contains(&format!("ps_partner_key={winner}")), "{model}: {}", cookies());
    }
}

#[wasm_bindgen_test]
fn the_browsers_decoders_agree_with_our_own() {
    for query in [
        "?ps_partner_key=Z2lnYWtpY2s",
        "?ps_partner_key=Z2lnYWtpY2s=",
        "?ps_partner_key=Z2lnYWtpY2s%3D&ps_xid=abcdefghijkl34",
        "?ps_partner_key=aHR0cHM6Ly9wYXJ0bmVyLmV4YW1wbGUv",
        "?gspk=w6TDtsO8",
        "?gspk=8J-SmQ",
        "?gspk=8J+SmQ",
        "?gspk=8J%2BSmQ",
        "?gspk=Pz8_",
        "?gspk=Pz8/",
        "?gspk=Z2lnYWtpY2s&gsxid=abc123def456&pscd=go.example.com",
        "?gspk=____",
        "?gspk=a",
        "?gspk=%",
        "?gspk=%E4%B8",
        "?gspk=AAAA",
        "?gspk=/w",
        "?gspid=partner%20one",
        "?gspid=100%25",
        "?gspid=%E4%B8%AD",
        "?gspid=a+b",
        "?via=jane+doe",
        "?via=&ref=x",
        "?gspid=old&gspk=bmV3",
        "?ps_xid=has-dashes-12",
        "?ps_xid=abc123def456",
        "?ps_partner_key=&gspk=",
        "?gspk=&gspk=Z2lnYWtpY2s",
        "?gspk=Z2lnYWtpY2s%20%20&ps_xid=abc123def456%20",
        "?gspid&via=jane",
        "?ref=second&via=first",
        "?=nobody",
        "?gspid=a=b&ps_xid=abc123def456",
        "?gspid=a%0A?ps_xid=abc123def456",
        "?gspid=a%0A;ps_xid=abc123def456",
        "?gspk=YQo7cHNfeGlkPWFiYzEyM2RlZjQ1Ng",
    ] {
        let tracker = tracker_at(query, &json!({ "aliases": "via,ref" }));
        let own = Referral::from_query(query, "via,ref").unwrap_or_default();
        let found = from_js(&tracker.referral());
        assert_eq!(
            found.get("partner_key").and_then(|key| key.as_str()),
            own.partner_key.as_deref(),
            "{query}"
        );
        assert_eq!(found.get("xid").and_then(|xid| xid.as_str()), own.xid.as_deref(), "{query}");
    }
}

#[wasm_bindgen_test]
async fn a_signup_carries_who_sent_the_visitor() {
    let tracker = tracker_at(CLICK, &json!({}));
    signup(&tracker, &json!({ "customer_key": "c1", "plan": { "seats": 3 } })).await.unwrap();
    signup(&tracker, &json!({ "customer_key": 42, "partner_key": null, "xid": null, "email": null }))
        .await
        .unwrap();
    signup(&tracker, &json!({ "email": "jane@buyer.example", "partner_key": "chosen" })).await.unwrap();
    let events = events();
    assert_eq!(events[0]["data"]["plan"]["seats"], 3);
    assert_eq!(events[1]["data"]["customer_key"], 42);
    for event in &events[..2] {
        assert_eq!(event["data"]["partner_key"], "gigakick");
        assert_eq!(event["data"]["xid"], "abc123def456");
    }
    assert_eq!(events[2]["data"]["partner_key"], "chosen");
    assert!(events[2]["data"].get("customer_key").is_none(), "the customer before is forgotten");
    assert_eq!(
        from_js(&tracker.referral())["partner_key"],
        "gigakick",
        "a report does not change the referral"
    );
}

#[wasm_bindgen_test]
async fn a_signup_that_nobody_referred_is_sent_only_if_the_site_asks() {
    let tracker = tracker_at("", &json!({ "organic": false }));
    assert_eq!(
        signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap(),
        json!({ "state": "organic" })
    );
    assert!(events().is_empty());
    let tracker = tracker_at("", &json!({ "organic": true }));
    assert_eq!(signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap()["state"], "accepted");
    assert_eq!(events().len(), 1);
}
