//! What only the npm build needs of `src/browser.js`: settings and data as objects, and functions called back.

use js_sys::Promise;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

pub(crate) use crate::npm::id;

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Takes the site's settings.
    pub(crate) fn configure(options: &JsValue);
    /// Puts an object in the place of `growsumo.data`; the referral is filled in.
    pub(crate) fn replace(data: &JsValue);
    /// A value as JSON; what cannot be written as JSON is left out.
    pub(crate) fn json(value: &JsValue) -> String;
    /// The id of the event made last.
    pub(crate) fn newest() -> String;
    /// Reads the referral anew: out of the cookies, which another tab may have written.
    pub(crate) fn recall();
    /// Reads the referral of the landing page again, now that it may be kept, and sends what waits.
    pub(crate) fn look_again();

    #[wasm_bindgen(js_name = connect)]
    fn connect_hooks(
        capture: &Closure<dyn Fn(String) -> bool>,
        flush: &Closure<dyn Fn()>,
        part: &Closure<dyn Fn()>,
        answered: &Closure<dyn Fn(String, u16, u32, String)>,
        request: &Closure<dyn Fn(String, String) -> Promise>,
    );
}

/// Says what to call when the address changes, when sending may work, when the page goes away, when the relay has
/// answered, and how to send. For the life of the page.
pub(crate) fn connect(
    capture: &'static dyn Fn(&str) -> bool,
    flush: &'static dyn Fn(),
    part: &'static dyn Fn(),
    answered: &'static dyn Fn(&str, u16, u32, &str),
    request: &'static dyn Fn(String, String) -> Promise,
) {
    let capture = Closure::new(move |query: String| capture(&query));
    let flush = Closure::new(flush);
    let part = Closure::new(part);
    let answered = Closure::new(move |ids: String, status: u16, wait: u32, text: String| {
        answered(&ids, status, wait, &text);
    });
    let request = Closure::new(request);
    connect_hooks(&capture, &flush, &part, &answered, &request);
    (capture.forget(), flush.forget(), part.forget(), answered.forget(), request.forget());
}
