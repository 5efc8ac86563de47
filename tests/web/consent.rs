//! Consent: pending, granted, denied.

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{
    CLICK, answer, answered, ask_for_privacy, calls, cookie_writes, cookies, events, failure, fire, fresh,
    from_js, js, signup, start, stored, tracker_at, wait,
};

#[wasm_bindgen_test]
async fn what_is_pending_is_held_in_memory_until_it_is_granted() {
    let tracker = tracker_at(CLICK, &json!({ "consent": "pending" }));
    let report = signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap();
    assert_eq!(report["state"], "held");
    wait(fire()).await;
    assert_eq!((cookie_writes(), stored(), calls().len()), (0, 0, 0));
    assert_eq!(from_js(&tracker.referral())["partner_key"], "gigakick", "known to the page alone");

    tracker.consent("granted").unwrap();
    assert!(cookies().contains("ps_partner_key=gigakick"));
    assert_eq!(stored(), 1);
    wait(fire()).await;
    assert_eq!(events()[0]["id"], report["id"]);
    assert_eq!(events()[0]["data"]["partner_key"], "gigakick");
    assert_eq!(stored(), 0);
}

#[wasm_bindgen_test]
async fn what_is_denied_is_forgotten() {
    let tracker = tracker_at(CLICK, &json!({ "consent": "pending" }));
    signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap();
    tracker.consent("denied").unwrap();
    assert_eq!(from_js(&tracker.referral()), json!({}));
    let error = signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap_err();
    assert_eq!(error["code"], "consent_denied");
    let checkout = json!({ "customer_key": "c", "products": [{ "product_book_key": "b" }] });
    assert_eq!(answered(tracker.track_checkout(&js(&checkout))).await.unwrap_err()["code"], "consent_denied");
    wait(fire()).await;
    assert_eq!((cookies().as_str(), stored(), calls().len()), ("", 0, 0));
}

#[wasm_bindgen_test]
async fn a_report_that_waits_when_consent_goes_is_rejected() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(-1, "", "");
    let waiting = tracker.signup(&js(&json!({ "customer_key": "c1" })));
    assert_eq!(stored(), 1);
    tracker.consent("denied").unwrap();
    assert_eq!(answered(waiting).await.unwrap_err()["code"], "consent_denied");
    assert_eq!((stored(), cookies().as_str()), (0, ""));
}

#[wasm_bindgen_test]
fn another_word_is_no_consent() {
    let tracker = tracker_at("", &json!({ "consent": "denied" }));
    let error = failure(&tracker.consent("yes").unwrap_err());
    assert_eq!(error["message"], r#"consent: expected granted or pending or denied, got "yes""#);
    assert_eq!(error["field"], "consent");
}

#[wasm_bindgen_test]
async fn global_privacy_control_denies_unless_the_site_or_the_visitor_says_otherwise() {
    let given = |more: &str| json!({ "consent": "granted", "gpc": more });
    tracker_at("", &json!({}));
    fresh(CLICK);
    ask_for_privacy();
    let tracker = start(&given("deny"));
    assert_eq!(
        signup(&tracker, &json!({ "customer_key": "c" })).await.unwrap_err()["code"],
        "consent_denied"
    );
    assert_eq!(cookies(), "");
    tracker.consent("granted").unwrap();
    assert_eq!(signup(&tracker, &json!({ "customer_key": "c" })).await.unwrap()["state"], "accepted");

    tracker_at("", &json!({}));
    fresh(CLICK);
    ask_for_privacy();
    let tracker = start(&given("ignore"));
    assert_eq!(signup(&tracker, &json!({ "customer_key": "c" })).await.unwrap()["state"], "accepted");
}
