//! What is sent to the relay, what its answers mean, and what stays stored until it answers.

use headwater_protocol::event::{Event, EventKind, Submission};
use headwater_protocol::limits;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{
    CLICK, advance, answer, answered, calls, events, fire, js, pass, pause, settle, signup, stored,
    tracker_at, wait,
};

const DAY: f64 = 24. * 60. * 60. * 1000.;

/// An answer that refuses the last event of the request.
const REFUSAL: &str = r#"{"accepted":[],"refused":[
    {"id":"019365b2-7c00-7abc-8def-0123456789ab","code":"other","field":"","message":"another event"},
    {"id":"$ID","code":"invalid_value","field":"data.email","message":"email must be an address"}]}"#;

#[wasm_bindgen_test]
async fn a_request_is_what_the_relay_reads() {
    let tracker = tracker_at(CLICK, &json!({}));
    let report =
        signup(&tracker, &json!({ "customer_key": "c1", "email": "jane@buyer.example" })).await.unwrap();
    assert_eq!(report["state"], "accepted");
    let call = &calls()[0];
    assert_eq!(call["url"], "https://relay.example/v1/events");
    assert_eq!(
        (&call["method"], &call["keepalive"], &call["credentials"]),
        (&json!("POST"), &json!(true), &json!("omit"))
    );
    assert_eq!(call["type"], "text/plain;charset=UTF-8", "a simple request, without a preflight");
    let submission = Submission::read(call["body"].as_str().unwrap()).unwrap();
    assert_eq!(submission.public_key.as_deref(), Some("pk_test_example"));
    let event = Event::read(submission.events[0]).unwrap();
    assert_eq!(event.kind(), EventKind::Signup);
    assert_eq!(report["id"], event.id.to_string());
    assert_eq!(stored(), 0);
}

#[wasm_bindgen_test]
async fn ids_are_of_version_7_and_ascend() {
    let tracker = tracker_at(CLICK, &json!({}));
    for at in 0..20 {
        signup(&tracker, &json!({ "customer_key": at })).await.unwrap();
    }
    let ids: Vec<_> = events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 20);
    assert!(ids.is_sorted(), "{ids:?}");
    for id in ids {
        let id: uuid::Uuid = id.parse().unwrap();
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
    }
}

#[wasm_bindgen_test]
async fn a_refusal_rejects_and_is_not_sent_again() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(400, r#"{"code":"unknown_key","message":"no program has this key"}"#, "");
    let error = signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap_err();
    assert_eq!(error, json!({ "code": "unknown_key", "field": "", "message": "no program has this key" }));
    answer(403, "<html>", "");
    let error = signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap_err();
    assert_eq!(error["code"], "refused");
    assert_eq!(stored(), 0);
}

#[wasm_bindgen_test]
async fn a_refusal_of_one_event_names_the_member_that_its_caller_gave() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(202, REFUSAL, "");
    let error = signup(&tracker, &json!({ "customer_key": "c1", "email": "somebody" })).await.unwrap_err();
    let expected =
        json!({ "code": "invalid_value", "field": "email", "message": "email must be an address" });
    assert_eq!((error, stored()), (expected, 0));
}

#[wasm_bindgen_test]
async fn a_refusal_of_another_event_is_not_ours() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(202, &REFUSAL.replace("$ID", "019365b2-7c00-7abc-8def-0123456789ac"), "");
    assert_eq!(signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap()["state"], "accepted");
}

#[wasm_bindgen_test]
async fn a_signup_that_no_relay_accepted_is_delivered_later_with_the_same_id() {
    for (status, wait_for) in [(0, ""), (503, ""), (429, "7"), (408, "")] {
        let tracker = tracker_at(CLICK, &json!({}));
        answer(status, "", wait_for);
        let report = signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap();
        assert_eq!((&report["state"], stored()), (&json!("queued"), 1), "{status}");
        wait(fire()).await;
        assert_eq!(stored(), 0, "{status}");
        let ids: Vec<_> = events().iter().map(|event| event["id"].clone()).collect();
        assert_eq!(ids, [report["id"].clone(), report["id"].clone()], "{status}");
    }
}

#[wasm_bindgen_test]
async fn pauses_grow_up_to_a_bound_and_end_with_an_answer() {
    let tracker = tracker_at(CLICK, &json!({}));
    signup(&tracker, &json!({ "customer_key": "c0" })).await.unwrap();
    assert!(pause() < 1., "what waited behind it is sent at once: {}", pause());
    answer(0, "", "");
    signup(&tracker, &json!({ "customer_key": "c1" })).await.unwrap();
    let mut longest = 0_f64;
    for failures in 1..16 {
        let bound = 1000. * f64::from(1 << (failures - 1).min(8));
        assert!((0. ..bound).contains(&pause()), "{failures}: {} of {bound}", pause());
        longest = longest.max(pause());
        answer(503, "", "");
        wait(fire()).await;
    }
    assert!(longest > 1000., "{longest}");
    answer(429, "", "600");
    wait(fire()).await;
    assert!((600_000. ..900_000.).contains(&pause()), "what the relay asks for: {}", pause());
    answer(429, "", "99999999");
    wait(fire()).await;
    assert!((3_600_000. ..3_700_000.).contains(&pause()), "within reason: {}", pause());
    wait(fire()).await;
    assert!(pause() < 1. && stored() == 0);
}

#[wasm_bindgen_test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(-1, "", "");
    let waiting = tracker.signup(&js(&json!({ "customer_key": "c1" })));
    wait(settle()).await;
    pass(35_000);
    assert_eq!(answered(waiting).await.unwrap()["state"], "queued");
    assert_eq!(stored(), 1);
}

#[wasm_bindgen_test]
async fn the_oldest_events_make_room() {
    let tracker = tracker_at(CLICK, &json!({}));
    let mut ids = Vec::new();
    for at in 0..limits::PENDING_EVENTS_MAX + 2 {
        answer(0, "", "");
        ids.push(signup(&tracker, &json!({ "customer_key": at })).await.unwrap()["id"].clone());
    }
    assert_eq!(stored(), limits::PENDING_EVENTS_MAX);
    let before = events().len();
    wait(fire()).await;
    let sent: Vec<_> = events()[before..].iter().map(|event| event["id"].clone()).collect();
    assert_eq!(sent, ids[2..]);
}

#[wasm_bindgen_test]
async fn the_bytes_that_are_kept_are_bounded() {
    let tracker = tracker_at(CLICK, &json!({}));
    for at in 0..3 {
        answer(0, "", "");
        signup(&tracker, &json!({ "customer_key": at, "meta": { "note": "n".repeat(30_000) } }))
            .await
            .unwrap();
    }
    assert_eq!(stored(), 2);
}

#[wasm_bindgen_test]
async fn an_event_is_dropped_after_thirty_days() {
    let tracker = tracker_at(CLICK, &json!({}));
    answer(0, "", "");
    signup(&tracker, &json!({ "customer_key": "old" })).await.unwrap();
    advance(29. * DAY);
    answer(0, "", "");
    signup(&tracker, &json!({ "customer_key": "new" })).await.unwrap();
    assert_eq!(stored(), 2);
    advance(2. * DAY);
    answer(0, "", "");
    signup(&tracker, &json!({ "customer_key": "newest" })).await.unwrap();
    assert_eq!(stored(), 2);
}
