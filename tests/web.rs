//! The npm build in a browser: what it reads, stores, sends and refuses, against a relay with scripted answers.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test that has nothing to go on with fails")]

use headwater_tracker::npm::Tracker;
use js_sys::{JSON, Promise, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

#[path = "web/consent.rs"]
mod consent;
#[path = "web/credit.rs"]
mod credit;
#[path = "web/delivery.rs"]
mod delivery;
#[path = "web/input.rs"]
mod input;
#[path = "web/referral.rs"]
mod referral;

#[wasm_bindgen(module = "/tests/web/page.js")]
extern "C" {
    fn forget();
    fn fresh(query: &str);
    fn ask_for_privacy();
    fn bring_cookies(jar: &str, clicks: &str);
    fn visit_anew(query: &str);
    fn visit(query: &str);
    fn answer(status: i32, body: &str, wait: &str);
    fn calls_made() -> String;
    fn cookie_writes() -> u32;
    fn stored() -> usize;
    fn pause() -> f64;
    fn fire() -> Promise;
    fn pass(millis: u32);
    fn advance(millis: f64);
    fn settle() -> Promise;
}

/// The query of a link that names a partner and a click.
const CLICK: &str = "?utm_source=x&ps_partner_key=Z2lnYWtpY2s&ps_xid=abc123def456";

/// A JavaScript value of this JSON.
fn js(value: &Value) -> JsValue {
    JSON::parse(&value.to_string()).unwrap()
}

/// JSON of a JavaScript value.
fn from_js(value: &JsValue) -> Value {
    serde_json::from_str(&String::from(JSON::stringify(value).unwrap())).unwrap()
}

fn options(more: &Value) -> Value {
    let mut options = json!({ "endpoint": "https://relay.example", "key": "pk_test_example" });
    options.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    options
}

fn start(more: &Value) -> Tracker {
    Tracker::new(&js(&options(more))).unwrap()
}

/// A tracker in a browser without earlier visits. All tests share one module, so consent is denied first, which erases
/// what an earlier test left.
fn tracker_at(query: &str, more: &Value) -> Tracker {
    fresh(query);
    start(&json!({ "consent": "denied" }));
    forget();
    let mut granted = json!({ "consent": "granted" });
    granted.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    start(&granted)
}

/// The requests the relay got.
fn calls() -> Vec<Value> {
    serde_json::from_str(&calls_made()).unwrap()
}

/// The events of the requests, in their order.
fn events() -> Vec<Value> {
    let body = |call: &Value| serde_json::from_str::<Value>(call["body"].as_str().unwrap()).unwrap();
    calls().iter().flat_map(|call| body(call)["events"].as_array().unwrap().clone()).collect()
}

fn cookies() -> String {
    let document = Reflect::get(&js_sys::global(), &"document".into()).unwrap();
    Reflect::get(&document, &"cookie".into()).unwrap().as_string().unwrap()
}

async fn signup(tracker: &Tracker, customer: &Value) -> Result<Value, Value> {
    answered(tracker.signup(&js(customer))).await
}

async fn wait(promise: Promise) {
    JsFuture::from(promise).await.unwrap();
}

/// What a Promise resolves with, or `{code, field, message}` of what it rejects with.
async fn answered(promise: Promise) -> Result<Value, Value> {
    match JsFuture::from(promise).await {
        Ok(value) => Ok(from_js(&value)),
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &JsValue) -> Value {
    let member = |name: &str| from_js(&Reflect::get(error, &name.into()).unwrap());
    assert!(error.is_instance_of::<js_sys::Error>(), "{error:?}");
    json!({ "code": member("code"), "field": member("field"), "message": member("message") })
}
