//! Frames, and browsers that refuse cookies, storage or locks.

use serde_json::json;

use super::{ADA, TAG, accepted, signup_by_ada, tagged};
use crate::relay::RelayBehaviour;
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [frames(), refusals()].into_iter().flatten().collect()
}

fn frames() -> Vec<Style> {
    vec![
        style("a form in a frame of the same site")
            .page("/", format!("{TAG}<iframe src='/form'></iframe>"))
            .page("/form", tagged("signUp();"))
            // The page around it may send the stored event too, before the relay has answered the frame.
            .repeats()
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a sandboxed frame without cookies and storage")
            .page("/", "<iframe sandbox='allow-scripts' src='/form?{ada}'></iframe>")
            .page(
                "/form",
                tagged("try { document.cookie; say('cookies', 'allowed'); } catch { say('cookies', 'refused'); } signUp();"),
            )
            .open("/")
            .said("cookies", "refused")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .cookies(&[]),
        style("a frame that has no address")
            .page("/", format!("{TAG}<iframe srcdoc='<script src=\"{{relay}}/v1/\" data-key=\"{{key}}\"></script>'></iframe>"))
            .open("/?{ada}")
            .is("frames[0].growsumo && frames[0].growsumo.data.partner_key", "ada"),
    ]
}

fn refusals() -> Vec<Style> {
    let without = |refuse: &str| format!("<script>{refuse}</script>{}", tagged("signUp();"));
    vec![
        style("storage that throws")
            .page("/", without("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .cookies(&ADA),
        style("storage that is full")
            .page("/", without("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"))
            .relay(RelayBehaviour::Fails(503, None))
            .open("/?{ada}")
            .heard("signup", signup_by_ada("customer-1"))
            .said("called back", super::failed("customer-1", 503, "refused", "kept, and tried again"))
            .relay(RelayBehaviour::Works)
            // The event is sent again from the page's memory.
            .requests(2..=9),
        style("cookies that are refused")
            .page("/", without("Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .act("history.pushState({}, '', '/next'); growsumo._spk()")
            .is("growsumo.data.partner_key", "ada"),
        style("cookies that throw")
            .page("/", without("Object.defineProperty(Document.prototype, 'cookie', { get() { throw new DOMException('no', 'SecurityError'); }, set() { throw new DOMException('no', 'SecurityError'); } });"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a page that is not secure enough for locks")
            .page("/", without("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"))
            .relay(RelayBehaviour::Fails(503, None))
            .open("/?{ada}")
            .said("called back", super::failed("customer-1", 503, "refused", "kept, and tried again"))
            .relay(RelayBehaviour::Works)
            .taken("signup", signup_by_ada("customer-1"))
            .is(super::NOTHING_WAITS, true),
        style("a browser without time-outs and beacons")
            .page("/", without("AbortSignal.timeout = undefined; navigator.sendBeacon = undefined;"))
            .open("/?{ada}")
            .taken("signup", json!({ "customer_key": "customer-1" }))
            .said("called back", accepted("customer-1")),
    ]
}
