//! Consent: required, given, refused, and refused by Global Privacy Control.

use super::{
    ADA, NOTHING_STORED, NOTHING_WAITS, accepted, ada_data, failed, signup_by_ada, tagged, tagged_with,
};
use crate::style::{Style, style};

const REQUIRED: &str = "data-consent='required'";
/// A script in front of the tag that makes the browser one with Global Privacy Control.
const GPC: &str =
    "<script>Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true });</script>";

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [pending(), google(), denied(), privacy_control()].into_iter().flatten().collect()
}

fn pending() -> Vec<Style> {
    vec![
        style("until consent is given nothing is written or sent, then both")
            .page("/", tagged_with(REQUIRED, "signUp();"))
            .open("/?{ada}")
            .is("growsumo.data.partner_key", "ada")
            .settled()
            .cookies(&[])
            .is(NOTHING_STORED, true)
            .requests(0..=0)
            .act("partnerstack.consent('granted')")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is(NOTHING_WAITS, true),
        style("consent that is never given leaves no trace on the next page")
            .page("/", tagged_with(REQUIRED, "signUp();"))
            .page("/next", tagged_with(REQUIRED, ""))
            .open("/?{ada}")
            .settled()
            .open("/next")
            .settled()
            .cookies(&[])
            .is(NOTHING_STORED, true)
            .is("growsumo.data.partner_key || ''", ""),
        style("consent given three routes later still knows the click")
            .page("/", tagged_with(REQUIRED, ""))
            .open("/?{ada}")
            .act("history.pushState({}, '', '/a'); history.pushState({}, '', '/b'); partnerstack.consent('granted')")
            .cookies(&ADA)
            .is("growsumo.data", ada_data()),
        style("consent that the page asks for by a call")
            .page(
                "/",
                "<script src='{relay}/v1/'></script>
                 <script>partnerstack.consent('pending'); partnerstack._initialize('{key}');</script>",
            )
            .open("/?{ada}")
            .settled()
            .cookies(&[])
            .act("partnerstack.consent('granted')")
            .cookies(&ADA),
    ]
}

/// What Google's documentation has pages put in front of everything else.
const GTAG: &str = "<script>
    window.dataLayer = window.dataLayer || [];
    function gtag() { dataLayer.push(arguments); }
    gtag('consent', 'default', { ad_storage: 'denied', analytics_storage: 'denied' });
  </script>";

fn google() -> Vec<Style> {
    let page = |settings: &str| format!("{GTAG}{}", tagged_with(settings, "signUp();"));
    vec![
        style("Google's consent mode: denied by default, then granted")
            .page("/", page("data-consent='google'"))
            .open("/?{ada}")
            .settled()
            .requests(0..=0)
            .cookies(&[])
            .act("gtag('event', 'page_view'); gtag('consent', 'update', { analytics_storage: 'granted' })")
            .settled()
            .cookies(&[])
            .act("gtag('consent', 'update', { ad_storage: 'granted' })")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("dataLayer.length", 4),
        style("Google's consent mode: denied by default, then denied")
            .page("/", page("data-consent='google'"))
            .open("/?{ada}")
            .act("gtag('consent', 'update', { ad_storage: 'denied' })")
            .said("called back", failed("customer-1", 0, "consent_denied", "consent denied"))
            .settled()
            .requests(0..=0)
            .cookies(&[])
            .is(NOTHING_STORED, true),
        style("Google's consent mode, where the site does not ask us to follow it")
            .page("/", page(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
    ]
}

fn denied() -> Vec<Style> {
    vec![
        style("consent taken back erases what was written")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act("document.cookie = '_ps_xid_AbCdEfGh_r=abcDEF123456; path=/; domain={host}'; document.cookie = 'theirs=1; path=/'; partnerstack.consent('denied')")
            .cookies(&[("theirs", "1")])
            .is(NOTHING_STORED, true)
            .is("growsumo.data.partner_key || ''", "")
            .act("signUp()")
            .said("called back", failed("customer-1", 0, "consent_denied", "consent denied"))
            .settled()
            .requests(0..=0),
        style("consent refused while a signup waits for it")
            .page("/", tagged_with(REQUIRED, "signUp();"))
            .open("/?{ada}")
            .act("partnerstack.consent('denied')")
            .settled()
            .requests(0..=0)
            .cookies(&[])
            .is(NOTHING_STORED, true)
            .said("called back", failed("customer-1", 0, "consent_denied", "consent denied")),
    ]
}

fn privacy_control() -> Vec<Style> {
    vec![
        style("Global Privacy Control counts as denied")
            .page("/", format!("{GPC}{}", tagged("signUp();")))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 0, "consent_denied", "consent denied"))
            .settled()
            .requests(0..=0)
            .cookies(&[])
            .is(NOTHING_STORED, true),
        style("Global Privacy Control, where the site says otherwise")
            .page("/", format!("{GPC}{}", tagged_with("data-gpc='ignore'", "signUp();")))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .cookies(&ADA),
    ]
}
