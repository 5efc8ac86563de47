//! The referral cookies as typed values (browser.md section 4).

use headwater_protocol::cookie::{CLICK_ID_COOKIES, HOST_COOKIES, LINK_DOMAIN_COOKIE, PARTNER_KEY_COOKIES};
use headwater_protocol::credit::Click;
use headwater_protocol::limits::REFERRAL_DAYS;

use crate::browser;

/// Writes a new click's cookies. What the click does not name is erased: it belonged to another click.
pub(crate) fn write(click: Click) {
    set(PARTNER_KEY_COOKIES, click.partner_key);
    set(CLICK_ID_COOKIES, click.xid);
    set(LINK_DOMAIN_COOKIE, click.link_domain);
    browser::remember();
}

#[inline(never)]
fn set(names: &str, text: usize) {
    browser::set_cookies(names.as_bytes(), text, if text > 0 { REFERRAL_DAYS } else { 0 });
}

/// Erases every referral cookie, the link host's included, and what is remembered of them.
pub(crate) fn erase() {
    browser::erase_cookies(HOST_COOKIES.as_bytes());
    write(Click::default());
}
