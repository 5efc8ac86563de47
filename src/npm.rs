//! The surface of the npm build: one typed handle, whose Promises reject with `{code, field, message}`.
//!
//! `src/npm/index.js` wraps it, so that importing the package on a server touches nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};

use js_sys::{Array, Function, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::signup::Outcome;
use crate::{browser, consent, signup, transport, visit};

mod answer;
mod failure;
mod input;
mod types;

use answer::Answer;
use failure::Failure;

thread_local! {
    /// Who waits for the answer to an event, by the event's id.
    static WAITING: RefCell<BTreeMap<String, Function>> = const { RefCell::new(BTreeMap::new()) };
}

/// Where a report stands when its Promise resolves.
#[derive(Debug, Serialize)]
struct Report {
    /// `accepted` by the relay, `queued` until the relay answers, or `organic`: nobody referred this visitor.
    state: &'static str,
    /// The event's id; absent for an organic signup.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// The tracker of a page. There is one: a second one shares its settings and its queue.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Tracker {}

#[wasm_bindgen]
impl Tracker {
    /// Starts tracking: reads the referral, sends what an earlier page could not.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "TrackerOptions")] options: JsValue,
    ) -> Result<Tracker, JsValue> {
        let checked: input::Options = input::read(&options)?;
        browser::configure(&options);
        match checked.consent.as_deref() {
            None | Some("granted") => {}
            Some(state) => consent::set(if state == "denied" { 2 } else { 1 }),
        }
        browser::connect(&visit::capture, &transport::flush, &transport::part, &answered, &browser::post);
        Ok(Self {})
    }

    /// Who sent this visitor.
    #[wasm_bindgen(unchecked_return_type = "Referral")]
    pub fn referral(&self) -> Result<JsValue, JsValue> {
        browser::recall();
        let known = |name: &str| Some(browser::page_data(name)).filter(|value| !value.is_empty());
        failure::to_js(&input::Referral { partner_key: known("partner_key"), xid: known("xid") })
    }

    /// Reports that the visitor became a customer.
    #[wasm_bindgen(unchecked_return_type = "Report")]
    pub async fn signup(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Customer")] customer: JsValue,
    ) -> Result<JsValue, JsValue> {
        input::read::<input::Customer>(&customer)?.check()?;
        browser::replace(&customer);
        report(signup::create()).await
    }

    /// Reports which products a customer chose.
    #[wasm_bindgen(js_name = trackCheckout, unchecked_return_type = "Report")]
    pub async fn track_checkout(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Checkout")] checkout: JsValue,
    ) -> Result<JsValue, JsValue> {
        input::read::<input::Checkout>(&checkout)?.check()?;
        report(signup::record("checkout", &browser::json(&checkout))).await
    }

    /// What the visitor allows: `granted`, `denied` or `pending`.
    pub fn consent(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'granted' | 'denied' | 'pending'")] state: &str,
    ) -> Result<(), JsValue> {
        let state = match state {
            "granted" => 0,
            "pending" => 1,
            "denied" => 2,
            other => return Err(Failure::expected("consent", "granted, denied or pending", other).into()),
        };
        consent::set(state);
        if state == 0 {
            browser::look_again();
        }
        Ok(())
    }

    /// Sends now what waits.
    pub fn flush(&self) {
        browser::wake_after(0);
    }
}

/// Waits for the answer to what was reported.
async fn report(outcome: Outcome) -> Result<JsValue, JsValue> {
    match outcome {
        Outcome::Posted => {
            let id = browser::newest();
            let answer = Promise::new(&mut |resolve, _| {
                WAITING.with_borrow_mut(|waiting| waiting.insert(id.clone(), resolve));
            });
            let answer = JsFuture::from(answer).await?;
            Answer::of(&id, &Array::from(&answer)).map_err(JsValue::from)?.report(id)
        }
        Outcome::Organic => failure::to_js(&Report { state: "organic", id: None }),
        Outcome::ConsentDenied => {
            Err(Failure::new("consent_denied", "", "the visitor's consent was denied; nothing was kept")
                .into())
        }
        Outcome::MissingCustomerKey => {
            Err(Failure::new("required", "customer_key", "customer_key or email is required").into())
        }
        Outcome::TooLarge => {
            let message = format!("an event may have {} bytes", protocol::limits::EVENT_MAX);
            Err(Failure::new("too_large", "", message).into())
        }
    }
}

/// The relay's answer to events: for the queue, and for whoever waits.
fn answered(ids: &str, status: u16, wait: u32, text: &str) {
    transport::answered(ids, status, wait);
    let answer = Array::of2(&status.into(), &text.into());
    for id in ids.as_bytes().chunks(36).filter_map(|id| std::str::from_utf8(id).ok()) {
        if let Some(resolve) = WAITING.with_borrow_mut(|waiting| waiting.remove(id)) {
            // A Promise's own resolver does not throw.
            let _ = resolve.call1(&JsValue::UNDEFINED, &answer);
        }
    }
}

/// A UUID v7 of this moment. The bits after the time count up, so that two of one millisecond keep their order.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock's milliseconds fit")]
pub(crate) fn id(now: f64) -> String {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let [a, b, c, d] = browser::random(u32::MAX).to_le_bytes();
    let [e, f, g, h] = browser::random(u32::MAX).to_le_bytes();
    let random = [high, low, a, b, c, d, e, f, g, h];
    uuid::Builder::from_unix_timestamp_millis(now as u64, &random).into_uuid().to_string()
}
