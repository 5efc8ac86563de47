//! Every touch of window, storage, clock and network, as `src/browser.js` offers it: bytes and numbers only, so
//! that the glue stays small. Nothing here throws; what a browser refuses comes back as an empty text.
//!
//! The one module that may name JavaScript.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Whether the site lets the first click win.
    pub(crate) fn first_wins() -> bool;
    /// Writes what the page says of a referral, as `headwater_protocol::lines` describes it, as far as there is room, and
    /// says how many bytes that is.
    pub(crate) fn page_lines(into: &mut [u8]) -> usize;
    /// The same for what [`remember`] noted, as `headwater_protocol::credit::decide` asks for it: told whether our cookies
    /// are there.
    pub(crate) fn seen(own: bool, into: &mut [u8]) -> usize;
    /// A whole number below `end`, from the browser's cryptographic source.
    pub(crate) fn random(end: u32) -> u32;

    /// Sets cookies, whose names commas separate, on the registrable domain for so many days; escapes what
    /// `headwater_protocol::cookie::encode` escapes.
    pub(crate) fn set_cookies(names: &[u8], value: &[u8], days: u32);
    /// Erases every cookie whose name begins in one of these ways, which commas separate.
    pub(crate) fn erase_cookies(starts: &[u8]);
    /// Notes which clicks of the link host's are known now that our cookies are written, and how long those surely
    /// last; forgets it where they were erased.
    pub(crate) fn remember();

    /// Whether `growsumo.data` names a customer, by a key or an email.
    pub(crate) fn has_customer() -> bool;
    /// Drafts an event of `growsumo.data`, with whoever is credited; what cannot be written as JSON is left out. The
    /// bytes of its data: 0 when nobody is credited, unless the site asks for such signups.
    pub(crate) fn draft_signup() -> usize;
    /// Fills `growsumo.data`, unless the page wrote a referral of its own.
    pub(crate) fn fill(partner_key: &[u8], xid: &[u8]);

    /// Makes an event of the draft, under an id of this moment, and stores it beyond this page; for this page only where
    /// storage is refused or consent is awaited.
    pub(crate) fn create();
    /// Lists stored events, oldest first, and says how many there are; without those that are on their way just now,
    /// unless `all`. What follows counts in this list.
    pub(crate) fn list(all: bool) -> usize;
    /// Bytes of an event. Removes what is no JSON, and says 0.
    pub(crate) fn size(place: usize) -> usize;
    /// Milliseconds since an event was made; not a number for what is no event.
    pub(crate) fn age(place: usize) -> f64;
    /// Removes an event from where it is stored; the list stays.
    pub(crate) fn remove(place: usize);
    /// Keeps what is stored in memory alone (`true`), or writes it down again (`false`).
    pub(crate) fn hold(held: bool);

    /// Sends the first events of the list to the relay; its answer arrives at `transport::answered`.
    pub(crate) fn send(count: usize);
    /// Sends the event made last.
    pub(crate) fn send_newest();
    /// Hands the first events of the list to the browser, to be sent although the page goes away.
    pub(crate) fn beacon(count: usize);
    /// Asks for `transport::flush` after so many milliseconds, in place of an earlier wish.
    pub(crate) fn wake_after(millis: u32);
}

#[cfg(feature = "npm")]
mod request;
#[cfg(feature = "npm")]
mod surface;
#[cfg(feature = "npm")]
pub(crate) use {request::post, surface::*};
