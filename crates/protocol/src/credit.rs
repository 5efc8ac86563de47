//! Who is credited, as a browser decides it: trust.md section 2, whose table is `tests/fixtures/credit.json`.
//!
//! A partner key and a click id are always of the same click: each source is taken whole, or not at all. Written for
//! size: the script build carries all but [`of_page`].

use alloc::string::String;

use crate::cookie::{
    self, CLICK_ID_COOKIES, COMPANY_KEY, HOST_CLICK_ID, HOST_PARTNER_KEY, PARTNER_KEY_COOKIES,
};
use crate::pair;
use crate::referral::{Referral, click_order, is_click_id};

/// What a page view comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whose click counts; empty when nobody's does.
    pub referral: Referral,
    /// Whether the address named it.
    pub named: bool,
    /// Whether it has to take the place of what the script's own cookies hold.
    pub write: bool,
}

/// Who is credited on a page with this address and these cookies (trust.md section 2, rules 2 and 3).
///
/// `seen` is what the browser remembers of the link host's clicks. It is told whether the script's cookies are there,
/// and answers with the click ids that count no longer, in one text:
/// - they are there: those that were known when they were written; not empty, so that it is known that it was noted;
/// - they are not: those that were known when the page took them away on purpose; empty when it did not.
///
/// `text` decodes a cookie's value.
pub fn decide(
    found: Option<Referral>,
    jar: &str,
    first: bool,
    seen: impl Fn(bool) -> String,
    text: impl Fn(&str) -> String,
) -> Decision {
    let own = |names: &[&str; 2]| names.iter().find_map(|name| cookie::find(jar, name)).map(&text);
    let own = Referral {
        partner_key: own(&PARTNER_KEY_COOKIES).filter(|key| !key.is_empty()),
        xid: own(&CLICK_ID_COOKIES).filter(|xid| is_click_id(xid)),
        link_domain: None,
    };
    let known = of_cookies(own, jar, first, seen, text);
    match found {
        Some(referral) if !(first && known.referral.is_some()) => {
            // The same click again, a reload for one, extends nothing.
            let write =
                referral.xid.is_none() || cookie::find(jar, CLICK_ID_COOKIES[1]) != referral.xid.as_deref();
            Decision { referral, named: true, write }
        }
        _ => known,
    }
}

/// The newest click that any cookie knows; the oldest where the first one wins.
fn of_cookies(
    own: Referral,
    jar: &str,
    first: bool,
    seen: impl Fn(bool) -> String,
    text: impl Fn(&str) -> String,
) -> Decision {
    let is_own = own.is_some();
    let time = own.xid.as_deref().map_or("", click_order);
    // Of a click that says when it was, no memory is needed.
    let seen = if time.is_empty() { seen(is_own) } else { String::new() };
    let (mut company, mut newest, mut several) = ("", "", false);
    let mut rest = Some(jar);
    while let Some((name, value)) = pair::next(&mut rest, b';') {
        let (Some(other), Some(xid)) = (name.strip_prefix(HOST_CLICK_ID), value) else { continue };
        if !is_click_id(xid) || seen.as_bytes().windows(xid.len()).any(|part| part == xid.as_bytes()) {
            continue;
        }
        let other = other.get(..COMPANY_KEY).unwrap_or(other);
        several = !newest.is_empty();
        // Browsers list the oldest cookie first.
        if newest.is_empty() || (click_order(xid) >= click_order(newest)) != first {
            (company, newest) = (other, xid);
        }
    }
    let newer = click_order(newest) > time || time.is_empty() && !seen.is_empty();
    if newest.is_empty() || is_own && (first || !newer) {
        return Decision { referral: own, ..Decision::default() };
    }
    // Each click of a company overwrites its partner key, which therefore is the newest one's. The click id says it too.
    let key = if first && several { None } else { pair::find(jar, b';', HOST_PARTNER_KEY, company) };
    let partner_key = key.map(text).filter(|key| !key.is_empty());
    let referral = Referral { partner_key, xid: Some(String::from(newest)), link_domain: None };
    Decision { referral, named: false, write: is_own }
}

/// What a report says of its credit.
#[cfg(feature = "wire")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credit {
    /// The partner's key.
    pub partner_key: Option<String>,
    /// The click's id.
    pub xid: Option<String>,
    /// `page` when the page wrote it itself.
    pub credited_by: Option<String>,
}

/// What a report says of its credit (trust.md section 2, rule 1): `page` reads a member of `growsumo.data`, `filled` is
/// what was filled in. What the page wrote in its place goes alone. The twin of `credit` in `src/browser.js`, against
/// which the browser suite holds it.
#[cfg(feature = "wire")]
pub fn of_page(page: impl Fn(&str) -> Option<String>, filled: &Referral) -> Credit {
    let written = |names: &[&str], ours: &Option<String>| {
        let read = |name: &&str| page(name).filter(|text| !text.is_empty());
        names.iter().filter_map(read).find(|text| Some(text) != ours.as_ref())
    };
    let partner_key = written(&["partnerKey", "partner_key", "ps_partner_key"], &filled.partner_key);
    let xid = if partner_key.is_some() { None } else { written(&["xid", "ps_xid"], &filled.xid) };
    if partner_key.is_some() || xid.is_some() {
        return Credit { partner_key, xid, credited_by: Some(String::from("page")) };
    }
    Credit { partner_key: filled.partner_key.clone(), xid: filled.xid.clone(), credited_by: None }
}
