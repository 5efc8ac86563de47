//! All access to window, storage, clock and network, through `src/browser.js`: bytes and numbers only, so that the glue
//! stays small. Nothing here throws; what a browser refuses comes back as an empty text.
//!
//! Only this module and those below it may import JavaScript.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Whether the site lets the first click win.
    pub(crate) fn first_wins() -> bool;
    /// Writes the page's lines (`headwater_protocol::lines`) as far as they fit; returns the bytes written.
    pub(crate) fn page_lines(into: &mut [u8]) -> usize;
    /// Writes the clicks that [`remember`] stored, as far as they fit, if `headwater_protocol::credit::decide` needs
    /// them; `own` says whether our cookies exist. Returns the bytes written.
    pub(crate) fn seen(own: bool, into: &mut [u8]) -> usize;
    /// A whole number below `end`, from the browser's cryptographic source.
    pub(crate) fn random(end: u32) -> u32;

    /// Sets cookies, whose names are separated by commas, on the registrable domain for so many days; 0 erases them.
    /// Escapes what `headwater_protocol::cookie::encode` escapes.
    pub(crate) fn set_cookies(names: &[u8], value: &[u8], days: u32);
    /// Erases every cookie whose name begins with one of these prefixes, which are separated by commas.
    pub(crate) fn erase_cookies(starts: &[u8]);
    /// Stores which of the link host's clicks are known when our cookies are written, and until when our cookies
    /// certainly last; deletes that if our cookies were erased.
    pub(crate) fn remember();

    /// Whether `growsumo.data` names a customer, by a key or an email.
    pub(crate) fn has_customer() -> bool;
    /// Drafts a signup of `growsumo.data` and the credited click; what cannot be written as JSON is left out. Returns
    /// the bytes of its data: 0 if nobody is credited, unless the site reports such signups.
    pub(crate) fn draft_signup() -> usize;
    /// Fills `growsumo.data`, unless the page wrote a referral of its own.
    pub(crate) fn fill(partner_key: &[u8], xid: &[u8]);

    /// Makes an event of the draft, with a new id, and stores it for later pages; in memory only, where storage is
    /// refused or consent is pending.
    pub(crate) fn create();
    /// Lists stored events, oldest first, and returns their number; without those in a request that is not answered
    /// yet, unless `all`. The functions below take positions in this list.
    pub(crate) fn list(all: bool) -> usize;
    /// Bytes of an event. An entry that is not the event of its name is removed, and has size 0.
    pub(crate) fn size(place: usize) -> usize;
    /// Milliseconds since an event was made; NaN for an entry whose name contains no time.
    pub(crate) fn age(place: usize) -> f64;
    /// Removes an event from storage; positions in the list stay.
    pub(crate) fn remove(place: usize);
    /// Keeps new entries in memory only (`true`), or writes those in memory to storage (`false`).
    pub(crate) fn hold(held: bool);

    /// Sends the first events of the list to the relay; its answer arrives at `transport::answered`.
    pub(crate) fn send(count: usize);
    /// Sends the event made last.
    pub(crate) fn send_newest();
    /// Sends the first events of the list in a beacon, which the browser delivers even if the page goes away.
    pub(crate) fn beacon(count: usize);
    /// Calls `transport::flush` after so many milliseconds; replaces an earlier timer.
    pub(crate) fn wake_after(millis: u32);
}

#[cfg(feature = "npm")]
mod request;
#[cfg(feature = "npm")]
mod surface;
#[cfg(feature = "npm")]
pub(crate) use {request::post, surface::*};
