//! The referral cookies as typed values (browser.md section 4).

use headwater_protocol::cookie::{self, CLICK_ID_COOKIES, LINK_DOMAIN_COOKIE, PARTNER_KEY_COOKIES};
use headwater_protocol::limits::REFERRAL_DAYS;
use headwater_protocol::referral::{Referral, is_click_id};

use crate::browser;

/// What the link host sets on a shared registrable domain: these begin its names of the partner key.
const HOST_PARTNER_KEYS: [&str; 2] = ["_ps_partner_key_", "_grsmpk"];
/// The same for its click ids, of which every click adds a pair.
const HOST_CLICK_IDS: [&str; 2] = ["_ps_xid_", "_gsxid"];

/// The referral the cookies of a jar hold: that of an earlier visit, or the one the link host noted on the way here.
pub(crate) fn read(jar: &str) -> Referral {
    let find = |ours: &[&str; 2], hosts: &[&str; 2]| {
        let own = ours.iter().find_map(|name| cookie::find(jar, name));
        own.or_else(|| hosts.iter().find_map(|start| cookie::find_beginning(jar, start)))
            .map(|value| browser::unescape(value, false))
    };
    let partner_key = find(&PARTNER_KEY_COOKIES, &HOST_PARTNER_KEYS).filter(|key| !key.is_empty());
    let xid = find(&CLICK_ID_COOKIES, &HOST_CLICK_IDS).filter(|xid| is_click_id(xid));
    Referral { partner_key, xid, link_domain: None }
}

/// Whether this very click was written into the jar before.
pub(crate) fn holds(jar: &str, referral: &Referral) -> bool {
    referral.xid.is_some() && cookie::find(jar, CLICK_ID_COOKIES[1]) == referral.xid.as_deref()
}

/// Writes a new click's cookies. What the click does not name is erased: it belonged to another click.
pub(crate) fn write(referral: &Referral) {
    set(PARTNER_KEY_COOKIES[0], referral.partner_key.as_deref());
    set(PARTNER_KEY_COOKIES[1], referral.partner_key.as_deref());
    set(CLICK_ID_COOKIES[0], referral.xid.as_deref());
    set(CLICK_ID_COOKIES[1], referral.xid.as_deref());
    set(LINK_DOMAIN_COOKIE, referral.link_domain.as_deref());
}

#[inline(never)]
fn set(name: &str, value: Option<&str>) {
    browser::set_cookie(name, value.unwrap_or_default(), if value.is_some() { REFERRAL_DAYS } else { 0 });
}

/// Erases every referral cookie, the link host's included.
pub(crate) fn erase() {
    write(&Referral::default());
    for start in HOST_PARTNER_KEYS.iter().chain(&HOST_CLICK_IDS) {
        browser::erase_cookies(start);
    }
}
