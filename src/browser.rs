//! Every touch of window, storage, clock and network, as `src/browser.js` offers it: texts and numbers only, so
//! that the glue stays small. Nothing here throws; what a browser refuses comes back as an empty text.
//!
//! The one module that may name JavaScript.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// A setting of the site: an attribute `data-<name>` of the script tag, or a member of the npm options.
    pub(crate) fn option(name: &str) -> String;
    /// Milliseconds since 1970.
    pub(crate) fn now() -> f64;
    /// A UUID v7 of this moment, in milliseconds; two of one moment keep their order.
    #[cfg(feature = "script")]
    pub(crate) fn id(now: f64) -> String;
    /// A whole number below `end`, from the browser's cryptographic source.
    pub(crate) fn random(end: u32) -> u32;

    /// All cookies this page may read, `name=value; …`.
    pub(crate) fn jar() -> String;
    /// Sets one cookie on the registrable domain for so many days; escapes what `headwater_protocol::cookie::encode` escapes.
    pub(crate) fn set_cookie(name: &str, value: &str, days: u32);
    /// Erases every cookie whose name begins so.
    pub(crate) fn erase_cookies(start: &str);
    /// Notes which clicks of the link host's are known now that our cookies are written, and how long those surely
    /// last; forgets it where they were erased.
    pub(crate) fn remember();
    /// What [`remember`] noted, as `headwater_protocol::credit::decide` asks for it: told whether our cookies are there.
    pub(crate) fn seen(own: bool) -> String;

    /// `%XX` decoded, and `+` as space when `plus` says so, as `headwater_protocol::referral::percent_decode` does it; what does
    /// not decode comes back as it is.
    pub(crate) fn unescape(text: &str, plus: bool) -> String;
    /// Base64 in either alphabet decoded to text; empty when it is neither.
    pub(crate) fn base64_text(text: &str) -> String;

    /// Writes an event of this kind and stores it beyond this page; for this page only where storage is refused or
    /// consent is awaited. `data` is JSON.
    pub(crate) fn create(id: &str, kind: &str, data: &str);
    /// Bytes of a stored event. Removes what is no JSON, and says 0.
    pub(crate) fn size(id: &str) -> usize;
    /// Removes a stored event.
    pub(crate) fn remove(id: &str);
    /// The ids of stored events, oldest first; without those that are on their way just now, unless `all`.
    pub(crate) fn stored(all: bool) -> String;
    /// Keeps what is stored in memory alone (`true`), or writes it down again (`false`).
    pub(crate) fn hold(held: bool);

    /// A member of `growsumo.data` as text: empty when it is missing, null or an object.
    pub(crate) fn page_data(name: &str) -> String;
    /// `growsumo.data` as JSON, with whoever is credited; what cannot be written as JSON is left out. Empty when nobody
    /// is, unless `organic`.
    pub(crate) fn page_json(organic: bool) -> String;
    /// Fills a member of `growsumo.data`, unless the page wrote one of its own.
    pub(crate) fn fill(name: &str, value: &str);

    /// Sends stored events to the relay; its answer arrives at `transport::answered` with the same ids.
    pub(crate) fn send(ids: &str);
    /// Hands stored events to the browser, to be sent although the page goes away.
    pub(crate) fn beacon(ids: &str);
    /// Asks for `transport::flush` after so many milliseconds, in place of an earlier wish.
    pub(crate) fn wake_after(millis: u32);
}

#[cfg(feature = "npm")]
mod request;
#[cfg(feature = "npm")]
mod surface;
#[cfg(feature = "npm")]
pub(crate) use {request::post, surface::*};
