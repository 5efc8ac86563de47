//! The surface of the npm build: one typed handle, whose Promises reject with `{code, field, message}`.
//!
//! `src/npm/index.js` wraps it, so that importing the package on a server touches nothing.

use std::cell::RefCell;

use headwater_protocol::queue::ID;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::signup::SignupOutcome;
use crate::{browser, consent, signup, transport, visit};

mod answer;
mod failure;
mod input;
mod types;
mod value;

use failure::Failure;
use value::InputValue;

/// A Promise that waits for the relay's answer to an event: the event's id, and the functions that settle the Promise.
struct Waiting {
    id: String,
    resolve: Function,
    reject: Function,
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// The tracker of a page. There is one.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Tracker {}

#[wasm_bindgen]
impl Tracker {
    /// Starts tracking: reads the referral, sends what an earlier page could not. Throws a `Failure` when an option is
    /// missing or wrong. Use `createTracker`, which loads the module first.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "TrackerOptions")] options: &JsValue,
    ) -> Result<Tracker, JsValue> {
        let options = browser::plain(options);
        let checked = InputValue::read(options.clone());
        input::check(&checked, input::OPTIONS)?;
        browser::configure(&options);
        if browser::asks_for_privacy() && checked.member("gpc").text() != Some("ignore") {
            consent::set(consent::DENIED);
        } else if let Some(state) = checked.member("consent").text() {
            consent::set(consent_state(state)?);
        }
        browser::connect(&visit::capture, &transport::flush, &transport::part, &answered, &browser::post);
        Ok(Self {})
    }

    /// Who sent this visitor; without members when nobody did. Cookies are read anew, so that a click in another tab is
    /// seen.
    #[wasm_bindgen(unchecked_return_type = "Referral")]
    pub fn referral(&self) -> JsValue {
        browser::recall();
        browser::referral(&browser::page_data("partner_key"), &browser::page_data("xid"))
    }

    /// Reports that the visitor became a customer; who sent the visitor is filled in.
    ///
    /// Resolves as soon as the state of the report is known, after 35 seconds at the latest. Rejects with a `Failure`
    /// when a member is wrong, when the relay refuses the report, or when consent was denied.
    #[wasm_bindgen(unchecked_return_type = "Promise<Report>")]
    pub fn signup(&self, #[wasm_bindgen(unchecked_param_type = "Customer")] customer: &JsValue) -> Promise {
        promise(input(customer, input::check_customer).and_then(|customer| {
            browser::replace(&customer);
            let outcome = signup::create();
            // The next signup may be another customer's, so this one's data must not remain.
            browser::replace(&JsValue::UNDEFINED);
            posted(outcome)
        }))
    }

    /// Reports which products a customer chose, so that later payments find them. Resolves and rejects as `signup`
    /// does.
    #[wasm_bindgen(js_name = trackCheckout, unchecked_return_type = "Promise<Report>")]
    pub fn track_checkout(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Checkout")] checkout: &JsValue,
    ) -> Promise {
        promise(input(checkout, input::check_checkout).and_then(|checkout| {
            posted(signup::record(browser::propose("checkout", &browser::json(&checkout))))
        }))
    }

    /// Sets what the visitor allows. While `pending`, everything is held in memory; `granted` stores and sends it;
    /// `denied` deletes it, erases the cookies, and rejects reports that still wait for an answer. Throws a `Failure`
    /// for another word.
    pub fn consent(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'granted' | 'denied' | 'pending'")] state: &str,
    ) -> Result<(), JsValue> {
        consent::set(consent_state(state)?);
        if consent::granted() {
            browser::look_again();
        } else if consent::denied() {
            for waiting in WAITING.take() {
                waiting.settle(Err(consent_denied()));
            }
        }
        Ok(())
    }

    /// Sends stored events now, without waiting for the answer.
    pub fn flush(&self) {
        browser::wake_after(0);
    }
}

impl Waiting {
    fn settle(self, state: Result<&str, Failure>) {
        // A Promise's own functions do not throw.
        let _ = match state {
            Ok(state) => self.resolve.call1(&JsValue::UNDEFINED, &browser::report(state, &self.id)),
            Err(failure) => self.reject.call1(&JsValue::UNDEFINED, &failure.into()),
        };
    }
}

/// The number of a state of consent.
fn consent_state(state: &str) -> Result<u8, Failure> {
    (0..)
        .zip(input::CONSENT)
        .find_map(|(number, name)| (name == state).then_some(number))
        .ok_or_else(|| input::unknown_word("consent", &input::CONSENT, state))
}

fn consent_denied() -> Failure {
    Failure::new("consent_denied", "", "the visitor's consent was denied; nothing is kept")
}

/// Checks what a page hands over; returns it as it will be sent.
fn input(given: &JsValue, check: fn(&InputValue) -> Result<(), Failure>) -> Result<JsValue, Failure> {
    let plain = browser::plain(given);
    check(&InputValue::read(plain.clone()))?;
    // Denied consent has erased the referral: without this check the report would count as organic.
    if consent::denied() { Err(consent_denied()) } else { Ok(plain) }
}

/// The id of the posted event; `None` for an organic signup, which is not sent.
fn posted(outcome: SignupOutcome) -> Result<Option<String>, Failure> {
    Err(match outcome {
        SignupOutcome::Posted => return Ok(Some(browser::newest())),
        SignupOutcome::Organic => return Ok(None),
        SignupOutcome::ConsentDenied => consent_denied(),
        SignupOutcome::MissingCustomerKey => {
            Failure::new("required", "customer_key", "customer_key or email is required")
        }
        SignupOutcome::TooLarge => {
            let max = input::number(headwater_protocol::limits::EVENT_MAX);
            Failure::new("too_large", "", &["expected at most ", &max, " bytes in all"].concat())
        }
    })
}

/// The Promise of a report. It waits for the relay's answer, never for the visitor's consent: a page that awaits its
/// signup would hang until the visitor decides.
fn promise(posted: Result<Option<String>, Failure>) -> Promise {
    match posted {
        Err(failure) => Promise::reject(&failure.into()),
        Ok(None) => Promise::resolve(&browser::report("organic", "")),
        Ok(Some(id)) if !consent::granted() => Promise::resolve(&browser::report("held", &id)),
        Ok(Some(id)) => Promise::new(&mut |resolve, reject| {
            let waiting = Waiting { id: id.clone(), resolve, reject };
            WAITING.with_borrow_mut(|all| all.push(waiting));
        }),
    }
}

/// Handles the relay's answer to these events: updates the queue, and settles the Promises that wait for one of them.
/// Returns whether the answer is final.
fn answered(ids: &str, status: u16, wait: u32, text: &str) -> bool {
    let last = transport::answered(status, wait);
    for waiting in WAITING.take() {
        if ids.as_bytes().chunks(ID).any(|id| id == waiting.id.as_bytes()) {
            let state = answer::state(&waiting.id, status, text);
            waiting.settle(state);
        } else {
            WAITING.with_borrow_mut(|all| all.push(waiting));
        }
    }
    last
}
