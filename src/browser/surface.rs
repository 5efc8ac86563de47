//! Functions of `src/browser.js` that only the npm build needs: settings and data as objects, and callbacks.

use js_sys::Promise;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Takes the site's settings.
    pub(crate) fn configure(options: &JsValue);
    /// Replaces `growsumo.data` by a copy of this object; the referral is filled in.
    pub(crate) fn replace(data: &JsValue);
    /// A value as JSON; what cannot be written as JSON is left out.
    pub(crate) fn json(value: &JsValue) -> String;
    /// A member of `growsumo.data` as text: empty when it is missing, null or an object.
    pub(crate) fn page_data(name: &str) -> String;
    /// Drafts an event with this data, which is JSON; returns the bytes of the data.
    pub(crate) fn propose(kind: &str, data: &str) -> usize;
    /// The id of the event made last.
    pub(crate) fn newest() -> String;
    /// Reads the referral again from the cookies, which another tab may have written.
    pub(crate) fn recall();
    /// Reads the referral of the landing page again, now that consent allows cookies, and sends stored events.
    pub(crate) fn look_again();

    #[wasm_bindgen(js_name = connect)]
    fn connect_hooks(
        capture: &Closure<dyn Fn() -> bool>,
        flush: &Closure<dyn Fn()>,
        part: &Closure<dyn Fn()>,
        answered: &Closure<dyn Fn(String, u16, u32, String) -> bool>,
        request: &Closure<dyn Fn(String, String) -> Promise>,
    );
}

#[wasm_bindgen(module = "/src/browser/surface.js")]
extern "C" {
    /// A value as it will be sent: what `JSON.parse` gives for its JSON. Numbers that JSON cannot express become text,
    /// members that are null are removed.
    pub(crate) fn plain(value: &JsValue) -> JsValue;
    /// Whether the visitor's browser sends Global Privacy Control.
    pub(crate) fn asks_for_privacy() -> bool;
    /// The value of a JSON text; undefined if it is not JSON.
    pub(crate) fn parse(text: &str) -> JsValue;
    /// A number as JavaScript writes it; Rust's own formatting would add 9 kB.
    pub(crate) fn number_text(number: f64) -> String;
    /// The error that a Promise rejects with.
    pub(crate) fn failure(code: &str, field: &str, message: &str) -> JsValue;
    /// The object that a report's Promise resolves with; without `id` where that is empty.
    pub(crate) fn report(state: &str, id: &str) -> JsValue;
    /// Who sent the visitor; without members that are empty.
    pub(crate) fn referral(partner_key: &str, xid: &str) -> JsValue;
    /// A POST with `keepalive`, which outlives the page: web-sys has no setter for that, and gloo-net's builder no
    /// option. It is aborted after so many milliseconds.
    #[wasm_bindgen(catch)]
    pub(crate) fn outgoing(url: &str, body: &str, millis: u32) -> Result<web_sys::Request, JsValue>;
    /// Resolves after so many milliseconds.
    pub(crate) fn after(millis: u32) -> Promise;
}

/// Gives `src/browser.js` the functions to call when the address changes, when it is time to send, when the page goes
/// away and when the relay has answered, and the one that sends. They live as long as the page.
pub(crate) fn connect(
    capture: &'static dyn Fn() -> bool,
    flush: &'static dyn Fn(),
    part: &'static dyn Fn(),
    answered: &'static dyn Fn(&str, u16, u32, &str) -> bool,
    request: &'static dyn Fn(String, String) -> Promise,
) {
    let capture = Closure::new(capture);
    let flush = Closure::new(flush);
    let part = Closure::new(part);
    let answered = Closure::new(move |ids: String, status: u16, wait: u32, text: String| {
        answered(&ids, status, wait, &text)
    });
    let request = Closure::new(request);
    connect_hooks(&capture, &flush, &part, &answered, &request);
    capture.forget();
    flush.forget();
    part.forget();
    answered.forget();
    request.forget();
}
